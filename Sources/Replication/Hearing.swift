import Hashing
import Measurements

/// What comes from peers.
extension Replicator {
    mutating func receive(_ bytes: [UInt8], from peer: PeerID, _ now: Int64) {
        guard sessions[peer] != nil else { return }
        counters.bytesReceived += bytes.count
        let message: Message?
        do { message = try Message.read(bytes) } catch {
            counters.malformed += 1
            cutOff(peer, .malformed(error.description))
            return
        }
        switch message {
        case .mark(let feed, let change, let store): heard(peer, feed, change, store, now)
        case .heads(let heads): heard(peer, heads, now)
        case .entries(let request, let first, let entries): came(entries, first, request, from: peer, now)
        case .index(let request, let total, let from, let leaves):
            came(leaves, from: from, total: total, request, from: peer, now)
        case .attachments(let request, let notHeld, let attachments):
            sessions[peer]?.pace.arrived(bytes.count, now: now)
            came(attachments, notHeld: notHeld, request, from: peer, now)
        case .notHeld(let request): missed(request, from: peer, now)
        case .wantSeal(let key):
            if key.author == me, policy.offers(peer, key) { out.append(.seal(key)) }
        case .since, .wantEntries, .wantIndex, .wantAttachments: wanted(message, by: peer)
        case nil: break
        }
        plan(peer, now)
    }

    // MARK: The feed

    private mutating func heard(
        _ peer: PeerID, _ feed: FeedID, _ change: UInt64, _ store: StoreEpoch, _ now: Int64
    ) {
        guard var session = sessions[peer] else { return }
        if session.feed != feed {
            session.feed = feed
            session.cursor = 0
            session.announced = 0
            session.stopAskingHeads()
            for key in session.todo where catalogue[key].candidate?.peer == peer { dropCandidate(key) }
            session.view = [:]
            session.todo = []
            if policy.isHub(peer) { void(hub: peer, except: store) }
        }
        session.announced = max(session.announced, change)
        sessions[peer] = session
        readOn(peer, now)
    }

    /// Asks for the next page, unless there is enough to do.
    mutating func readOn(_ peer: PeerID, _ now: Int64) {
        guard var session = sessions[peer], let feed = session.feed, session.cursor < session.announced,
            !session.isAskingHeads, session.view.count < configuration.mostViewed
        else { return }
        session.isAskingHeads = true
        session.outgoing[session.nextRequest] = Session.Outgoing(asked: .heads, at: now)
        session.nextRequest += 1
        out.append(.send(peer, .since(feed: feed, change: session.cursor)))
        sessions[peer] = session
    }

    private mutating func heard(_ peer: PeerID, _ heads: Heads, _ now: Int64) {
        guard var session = sessions[peer] else { return }
        // A late answer to what was asked again, or to what was asked of another life of that peer.
        guard session.isAskingHeads, heads.feed == session.feed, heads.after == session.cursor,
            heads.upTo >= heads.after
        else { return }
        session.stopAskingHeads()
        session.cursor = heads.upTo
        session.survey?.append(contentsOf: heads.summaries)
        // Whoever has nothing more has no more changes either, whatever it announced.
        session.announced = heads.upTo == heads.after ? heads.upTo : max(session.announced, heads.upTo)
        sessions[peer] = session
        for summary in heads.summaries {
            for receipt in summary.receipts where receipt.record.isAbout(summary.key) { check(receipt) }
            if policy.takes(peer, summary.key) { learn(summary, from: peer) }
        }
        readOn(peer, now)
        guard let session = sessions[peer], let survey = session.survey, session.cursor >= session.announced else {
            return
        }
        sessions[peer]?.survey = nil
        out.append(.surveyed(peer, survey))
    }

    /// Reads a peer's feed from its beginning: what it has that we have too was not kept.
    mutating func survey(_ peer: PeerID, _ now: Int64) {
        guard sessions[peer]?.feed != nil else { return }
        sessions[peer]?.stopAskingHeads()
        sessions[peer]?.cursor = 0
        sessions[peer]?.survey = []
        readOn(peer, now)
    }

    private mutating func learn(_ summary: LogSummary, from peer: PeerID) {
        if !catalogue.contains(summary.key),
            logsByAuthor[summary.key.author, default: 0] >= configuration.mostLogsAnAuthor
        {
            counters.refusedLogs += 1
            return
        }
        let old = sessions[peer]?.view[summary.key]
        var viewed = Viewed(tips: summary.tips)
        // What was found out about tips that are still there still holds.
        let heads = Set(summary.tips.map(\.head))
        viewed.foreign = old?.foreign.intersection(heads) ?? []
        viewed.found = old?.found.filter { heads.contains($0.key) } ?? [:]
        viewed.isComparing = old?.isComparing ?? false
        sessions[peer]?.view[summary.key] = viewed
        if old == nil { sessions[peer]?.todo.append(summary.key) }
    }

    // MARK: Receipts

    private mutating func check(_ receipt: Signed<Receipt>) {
        let key = LogKey(RunKey(gateway: receipt.record.gateway, run: receipt.record.run))
        guard policy.isHub(receipt.record.hub), catalogue.contains(key), isNews(receipt, in: catalogue[key].receipts),
            receipt.isSigned({ policy.verify($0, $1, $2) })
        else { return }
        out.append(.keepReceipt(receipt))
        keep(receipt)
    }

    private func isNews(_ receipt: Signed<Receipt>, in known: [Signed<Receipt>]) -> Bool {
        guard let old = known.first(where: { $0.record.hub == receipt.record.hub })?.record else {
            return known.count < LogSummary.mostReceipts
        }
        let new = receipt.record
        return old.epoch == new.epoch ? new.seal > old.seal : new.time > old.time
    }

    mutating func keep(_ receipt: Signed<Receipt>) {
        let key = LogKey(RunKey(gateway: receipt.record.gateway, run: receipt.record.run))
        guard catalogue.contains(key), isNews(receipt, in: catalogue[key].receipts) else { return }
        catalogue.change(key) { log in
            log.receipts.removeAll { $0.record.hub == receipt.record.hub }
            log.receipts.append(receipt)
        }
    }

    private mutating func void(hub: Bytes32, except store: StoreEpoch) {
        var isVoid = false
        for key in catalogue.logs.keys.sorted()
        where catalogue[key].receipts.contains(where: { $0.record.hub == hub && $0.record.epoch != store }) {
            isVoid = true
            catalogue.change(key) { log in
                log.receipts.removeAll { $0.record.hub == hub && $0.record.epoch != store }
            }
        }
        if isVoid { out.append(.voidReceipts(hub: hub, except: store)) }
    }
}

extension Receipt {
    fileprivate func isAbout(_ key: LogKey) -> Bool { key == LogKey(RunKey(gateway: gateway, run: run)) }
}
