import Hashing
import Measurements

/// What to ask whom next.
extension Replicator {
    private enum Step {
        /// There is nothing for us in that log at that peer.
        case nothing
        /// There is, but something else must come first.
        case blocked
        case asked
    }

    /// The newest entries are what somebody watches: they go first and are not paced.
    private static let liveEdge: UInt64 = 2
    /// Positions of a log looked at in one go.
    private static let mostLookedAt = 32
    private static let mostKeysLookedAt = 64

    /// Asks a peer for as much as may be under way to it.
    mutating func plan(_ peer: PeerID, _ now: Int64) {
        guard let count = sessions[peer]?.todo.count, now >= pausedUntil else { return }
        var idle = 0
        while idle < min(count, Replicator.mostKeysLookedAt), let session = sessions[peer],
            session.outgoing.count < configuration.mostRequests, let key = session.todo.first
        {
            switch step(key, at: peer, now) {
            case .nothing:
                sessions[peer]?.forget(key)
                forgetIfEmpty(key)
            case .blocked:
                idle += 1
                rotate(peer)
            case .asked:
                idle = 0
                rotate(peer)
            }
        }
        readOn(peer, now)
    }

    private mutating func rotate(_ peer: PeerID) {
        guard let first = sessions[peer]?.todo.first else { return }
        sessions[peer]?.todo.removeFirst()
        sessions[peer]?.todo.append(first)
    }

    private mutating func step(_ key: LogKey, at peer: PeerID, _ now: Int64) -> Step {
        guard let viewed = sessions[peer]?.view[key], policy.takes(peer, key) else { return .nothing }
        var best = Step.nothing
        for tip in viewed.tips {
            switch step(key, tip, at: peer, now) {
            case .asked: return .asked
            case .blocked: best = .blocked
            case .nothing: break
            }
        }
        return best
    }

    private mutating func step(_ key: LogKey, _ tip: LogSummary.Tip, at peer: PeerID, _ now: Int64) -> Step {
        guard tip.count > 0 else { return .nothing }
        switch place(tip, of: key, at: peer) {
        case .unknown: return .blocked
        case .ignored: return .nothing
        case .chain(let chain):
            let held = catalogue[key].chains[chain]
            var best = Step.nothing
            if held.count < tip.count {
                if askEntries(key, chain, tip, from: peer, now) { return .asked }
                best = .blocked
            }
            if catalogue[key].candidate?.chain == chain { return best }
            switch askAttachments(key, chain, tip, from: peer, now) {
            case .asked: return .asked
            case .blocked: return .blocked
            case .nothing: return best
            }
        }
    }

    // MARK: Which chain a tip is on

    private enum Location {
        case chain(Int)
        /// Being found out.
        case unknown
        case ignored
    }

    private mutating func place(_ tip: LogSummary.Tip, of key: LogKey, at peer: PeerID) -> Location {
        let log = catalogue[key]
        guard let viewed = sessions[peer]?.view[key] else { return .ignored }
        if let same = log.chains.firstIndex(where: { $0.count == tip.count && $0.head == tip.head }) {
            return .chain(same)
        }
        if let candidate = log.candidate, candidate.tip == tip.head {
            return candidate.peer == peer ? .chain(candidate.chain) : .unknown
        }
        if let found = viewed.found[tip.head], found < log.chains.count { return .chain(found) }
        if log.chains.isEmpty {
            catalogue.update(key) { $0.chains.append(Chain()) }
            return .chain(0)
        }
        if !viewed.foreign.contains(tip.head) {
            let believed = log.candidate == nil ? log.chains.count : log.chains.count - 1
            if let shorter = (0..<believed).first(where: { log.chains[$0].count < tip.count }) {
                return .chain(shorter)
            }
            if believed == 1, viewed.tips.count == 1, log.chains[0].count > tip.count { return .chain(0) }
            if log.chains[0].count > tip.count {
                compare(tip, of: key, at: peer)
                return .unknown
            }
        }
        return begin(tip, of: key, at: peer)
    }

    /// Whether the tip is an earlier entry of our chain, or of another: the store knows.
    private mutating func compare(_ tip: LogSummary.Tip, of key: LogKey, at peer: PeerID) {
        guard sessions[peer]?.view[key]?.isComparing == false else { return }
        sessions[peer]?.view[key]?.isComparing = true
        let token = token(.compare(peer, key, tip: tip.head))
        out.append(.open(token, key, chain: 0, position: tip.count - 1))
    }

    /// Gathers a second chain from its first entry on; only its author could have made one.
    private mutating func begin(_ tip: LogSummary.Tip, of key: LogKey, at peer: PeerID) -> Location {
        let log = catalogue[key]
        guard log.candidate == nil, !log.isFetching else { return .unknown }
        guard log.chains.count < LogSummary.mostTips else { return .ignored }
        catalogue.update(key) { log in
            log.candidate = Log.Candidate(chain: log.chains.count, tip: tip.head, count: tip.count, peer: peer)
            log.chains.append(Chain())
        }
        return .chain(log.chains.count)
    }

    mutating func dropCandidate(_ key: LogKey) {
        guard let candidate = catalogue[key].candidate else { return }
        catalogue.update(key) { log in
            log.candidate = nil
            log.chains.removeLast()
        }
        for (token, work) in pending {
            if case .entries(_, key, candidate.chain, _, _, _) = work {
                pending[token] = nil
                catalogue.update(key) { $0.isFetching = false }
            }
        }
        out.append(.dropChain(key, chain: candidate.chain))
    }

    // MARK: Asking

    private mutating func ask(_ peer: PeerID, _ asked: Asked, _ now: Int64, _ message: (UInt64) -> Message) {
        guard let id = sessions[peer]?.nextRequest else { return }
        let outgoing = Session.Outgoing(asked: asked, at: now)
        sessions[peer]?.nextRequest += 1
        sessions[peer]?.outgoing[id] = outgoing
        out.append(.send(peer, message(id)))
    }

    private mutating func askEntries(
        _ key: LogKey, _ chain: Int, _ tip: LogSummary.Tip, from peer: PeerID, _ now: Int64
    ) -> Bool {
        let log = catalogue[key]
        guard !log.isFetching else { return false }
        let first = log.chains[chain].count
        let count = min(tip.count - first, configuration.entriesARequest)
        catalogue.update(key) { $0.isFetching = true }
        ask(peer, .entries(key, chain: chain, tip: tip.head, first: first, count: count), now) {
            .wantEntries(request: $0, key: key, tip: tip.head, first: first, count: count)
        }
        return true
    }

    private mutating func askAttachments(
        _ key: LogKey, _ chain: Int, _ tip: LogSummary.Tip, from peer: PeerID, _ now: Int64
    ) -> Step {
        let held = catalogue[key].chains[chain]
        let there = tip.complete.union(tip.partial).intersection(Ranges(0..<min(tip.count, held.count)))
        let wanted = there.subtracting(held.complete)
        guard !wanted.isEmpty else { return .nothing }
        let edge = held.count - min(held.count, Replicator.liveEdge)
        var looked = 0
        for range in wanted.intersection(Ranges(edge..<held.count)).ranges + wanted.ranges {
            for position in range {
                guard looked < Replicator.mostLookedAt else { return .blocked }
                looked += 1
                let place = OpenEntry.Place(key: key, chain: chain, position: position)
                if askAttachments(place, isLive: position >= edge, from: peer, now) { return .asked }
            }
        }
        return .blocked
    }

    private mutating func askAttachments(
        _ place: OpenEntry.Place, isLive: Bool, from peer: PeerID, _ now: Int64
    ) -> Bool {
        guard let entry = open[place] else {
            guard open.count < configuration.mostOpen else { return false }
            open[place] = OpenEntry(place: place)
            let token = token(.open(place))
            out.append(.open(token, place.key, chain: place.chain, position: place.position))
            return false
        }
        guard let facts = entry.facts else { return false }
        guard entry.leaves != nil else {
            guard !entry.isAskingIndex else { return false }
            open[place]?.isAskingIndex = true
            ask(peer, .index(place), now) {
                .wantIndex(
                    request: $0, key: place.key, position: place.position, entry: facts.hash,
                    from: UInt64(entry.gathered.count))
            }
            return true
        }
        let leaves = entry.wanted.first(configuration.leavesARequest)
        guard !leaves.isEmpty, isLive || mayBackfill(peer, now) else { return false }
        open[place]?.underWay = entry.underWay.union(leaves)
        sessions[peer]?.pace.charge(Int(leaves.count) * 4096)
        ask(peer, .attachments(place, leaves: leaves), now) {
            .wantAttachments(
                request: $0, key: place.key, position: place.position, entry: facts.hash, leaves: leaves)
        }
        return true
    }

    private mutating func mayBackfill(_ peer: PeerID, _ now: Int64) -> Bool {
        guard isWatched else { return true }
        let (share, least) = (configuration.backfillShare, configuration.leastRate)
        return sessions[peer]?.pace.isOpen(share: share, least: least, now: now) ?? false
    }
}

extension Ranges {
    /// The first `count` numbers.
    func first(_ count: UInt64) -> Ranges {
        var (result, left) = (Ranges(), count)
        for range in ranges where left > 0 {
            let end = range.lowerBound + Swift.min(left, range.upperBound - range.lowerBound)
            result.insert(range.lowerBound..<end)
            left -= end - range.lowerBound
        }
        return result
    }
}
