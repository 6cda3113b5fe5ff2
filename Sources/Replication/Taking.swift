import Hashing
import Measurements

/// Answers of peers: checked, then handed to the store.
extension Replicator {
    /// What a request asked for; nil where it was answered or given up before. An id that was never used is a lie.
    private mutating func answered(_ request: UInt64, by peer: PeerID, _ what: String, _ now: Int64) -> Asked? {
        guard let session = sessions[peer] else { return nil }
        guard request < session.nextRequest else {
            cutOff(peer, .unasked(what))
            return nil
        }
        guard let asked = session.outgoing[request]?.asked else {
            counters.duplicates += 1
            return nil
        }
        sessions[peer]?.timeouts = 0
        sessions[peer]?.answeredAt = now
        sessions[peer]?.newestAnswered = max(session.newestAnswered, request)
        return asked
    }

    private mutating func finish(_ request: UInt64, of peer: PeerID) { sessions[peer]?.outgoing[request] = nil }

    private mutating func forged(_ peer: PeerID, _ forgery: Forgery) {
        counters.forged += 1
        cutOff(peer, .forged(forgery))
    }

    // MARK: Entries

    mutating func came(
        _ entries: [[UInt8]], _ first: UInt64, _ request: UInt64, from peer: PeerID, _ now: Int64
    ) {
        guard let asked = answered(request, by: peer, "entries", now),
            case .entries(let key, let chain, let tip, _, _) = asked
        else { return }
        guard case .entries(_, _, _, first, let count) = asked, !entries.isEmpty, UInt64(entries.count) <= count else {
            cutOff(peer, .unasked("other entries than were asked for"))
            return
        }
        finish(request, of: peer)
        let log = catalogue[key]
        guard chain < log.chains.count, log.chains[chain].count == first else {
            release(asked)
            return
        }
        var head = log.chains[chain].head
        var bare = Ranges()
        do throws(Forgery) {
            for (index, entry) in entries.enumerated() {
                let position = first + UInt64(index)
                let facts = try reading.read(entry, of: key, at: position, isNew: true)
                guard position == 0 || facts.previous == head else {
                    // Signed by its author, and yet it does not follow what we have: another chain.
                    guard index == 0, catalogue[key].candidate?.chain != chain else { throw Forgery.chain(position) }
                    sessions[peer]?.view[key]?.foreign.insert(tip)
                    release(asked)
                    return
                }
                guard facts.count <= configuration.mostLeaves else { throw Forgery.index(position) }
                head = facts.hash
                if facts.count == 0 { bare.insert(position..<position + 1) }
                lose(facts.losses, author: key.author)
            }
        } catch {
            release(asked)
            forged(peer, error)
            return
        }
        counters.entriesReceived += entries.count
        let token = token(
            .entries(peer, key, chain: chain, count: first + UInt64(entries.count), head: head, bare: bare))
        out.append(.storeEntries(token, key, chain: chain, first: first, entries))
    }

    /// Takes what an author lost off the lists of what is to be had.
    private mutating func lose(_ losses: [EntryFacts.Loss], author: Bytes32) {
        guard !losses.isEmpty else { return }
        for place in open.keys where place.key.author == author && place.key.kind == .run {
            for loss in losses where loss.log == place.key.log {
                for (number, leaf) in (open[place]?.leaves ?? []).enumerated()
                where leaf.stream == loss.stream && loss.numbers.contains(leaf.numbers) {
                    open[place]?.held.insert(UInt64(number)..<UInt64(number) + 1)
                }
            }
            settle(place)
        }
    }

    // MARK: Indexes

    mutating func came(
        _ leaves: [Leaf], from: UInt64, total: UInt64, _ request: UInt64, from peer: PeerID, _ now: Int64
    ) {
        guard let asked = answered(request, by: peer, "an index", now), case .index(let place) = asked else { return }
        finish(request, of: peer)
        release(asked)
        guard let entry = open[place], let facts = entry.facts, entry.leaves == nil, !entry.isAskingIndex,
            from == UInt64(entry.gathered.count)
        else { return }
        guard case .tree(let count, let root) = facts.attachments, UInt64(count) == total, !leaves.isEmpty,
            entry.gathered.count + leaves.count <= count
        else {
            forged(peer, .index(place.position))
            return
        }
        let gathered = entry.gathered + leaves
        guard gathered.count == count else {
            open[place]?.gathered = gathered
            return
        }
        guard MerkleTree.root(gathered.map(\.address)) == root else {
            // Perhaps an earlier peer's part was wrong; whoever gave all of it is to blame.
            open[place]?.gathered = []
            if from == 0 { forged(peer, .index(place.position)) }
            return
        }
        open[place]?.gathered = []
        open[place]?.isAskingIndex = true
        out.append(.storeIndex(place.key, chain: place.chain, position: place.position, gathered))
        // Now that it is known what belongs there, the store can say what of it is here.
        let token = token(.open(place))
        out.append(.open(token, place.key, chain: place.chain, position: place.position))
    }

    // MARK: Attachments

    mutating func came(
        _ attachments: [Attachment], notHeld: Ranges, _ request: UInt64, from peer: PeerID, _ now: Int64
    ) {
        guard let asked = answered(request, by: peer, "attachments", now),
            case .attachments(let place, let awaited) = asked
        else { return }
        guard let leaves = open[place]?.leaves else {
            finish(request, of: peer)
            return
        }
        var received: [Received] = []
        var left = awaited
        for attachment in attachments {
            guard left.contains(attachment.leaf) else {
                counters.duplicates += 1
                continue
            }
            let leaf = leaves[Int(attachment.leaf)]
            do throws(Forgery) {
                guard try reading.address(of: attachment.bytes, at: leaf, in: place.key) == leaf.address else {
                    throw Forgery.address(leaf)
                }
            } catch {
                forged(peer, error)
                return
            }
            left.remove(attachment.leaf..<attachment.leaf + 1)
            received.append(Received(leaf: leaf, number: attachment.leaf, bytes: attachment.bytes))
        }
        let missed = left.intersection(notHeld)
        left = left.subtracting(missed)
        if left.isEmpty {
            finish(request, of: peer)
        } else {
            let rest = Session.Outgoing(asked: .attachments(place, leaves: left), at: now)
            sessions[peer]?.outgoing[request] = rest
        }
        if !missed.isEmpty {
            let underWay = open[place]?.underWay.subtracting(missed) ?? Ranges()
            open[place]?.underWay = underWay
            isMissed(place, by: peer)
        }
        guard !received.isEmpty else { return }
        counters.attachmentsReceived += received.count
        var numbers = Ranges()
        for attachment in received { numbers.insert(attachment.number..<attachment.number + 1) }
        let token = token(.attachments(place, numbers))
        out.append(
            .storeAttachments(token, place.key, chain: place.chain, position: place.position, received))
    }

    // MARK: Not held

    mutating func missed(_ request: UInt64, from peer: PeerID, _ now: Int64) {
        guard let asked = answered(request, by: peer, "an answer", now) else { return }
        finish(request, of: peer)
        release(asked)
        switch asked {
        case .entries(let key, _, _, _, _):
            // Its chain has grown or gone since it was told of; the feed will say.
            dropCandidate(key, of: peer)
            sessions[peer]?.forget(key)
            forgetIfEmpty(key)
            breakClaim(peer)
        case .index(let place), .attachments(let place, _): isMissed(place, by: peer)
        case .heads: break
        }
    }

    private mutating func dropCandidate(_ key: LogKey, of peer: PeerID) {
        if catalogue[key].candidate?.peer == peer { dropCandidate(key) }
    }

    /// A peer said it had attachments of an entry and has them not: it is not asked for that entry again.
    private mutating func isMissed(_ place: OpenEntry.Place, by peer: PeerID) {
        guard var viewed = sessions[peer]?.view[place.key] else { return }
        let range = place.position..<place.position + 1
        for index in viewed.tips.indices {
            if viewed.tips[index].complete.contains(place.position) { breakClaim(peer) }
            viewed.tips[index].complete.remove(range)
            viewed.tips[index].partial.remove(range)
        }
        if sessions[peer] != nil { sessions[peer]?.view[place.key] = viewed }
        closeUnlessWanted(place)
    }

    /// An open entry takes one of few places; it gives it back where nobody here has more of it.
    private mutating func closeUnlessWanted(_ place: OpenEntry.Place) {
        guard let entry = open[place], entry.underWay.isEmpty, !entry.isAskingIndex, entry.facts != nil else { return }
        let isThere = peers.contains { peer in
            sessions[peer]?.view[place.key]?.tips.contains {
                $0.complete.contains(place.position) || $0.partial.contains(place.position)
            } ?? false
        }
        if !isThere { open[place] = nil }
    }

    mutating func closeAbandoned() {
        for place in open.keys { closeUnlessWanted(place) }
    }

    private mutating func breakClaim(_ peer: PeerID) {
        counters.brokenClaims += 1
        sessions[peer]?.brokenClaims += 1
        if let broken = sessions[peer]?.brokenClaims, broken > configuration.mostBrokenClaims {
            cutOff(peer, .brokenClaims)
        }
    }
}

extension Range<SampleNumber> {
    fileprivate func contains(_ other: Range<SampleNumber>) -> Bool {
        lowerBound <= other.lowerBound && other.upperBound <= upperBound
    }
}
