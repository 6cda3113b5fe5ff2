import Hashing
import Measurements

/// What the store answers.
extension Replicator {
    mutating func hold(_ key: LogKey, _ chains: [Chain], _ receipts: [Signed<Receipt>]) {
        if catalogue[key].chains.allSatisfy({ $0.count == 0 }) { logsByAuthor[key.author, default: 0] += 1 }
        catalogue.change(key) { log in
            // A candidate is ours alone until its head is reached.
            let candidate = log.candidate.map { log.chains[$0.chain] }
            log.chains = chains + [candidate].compactMap { $0 }
            log.candidate?.chain = chains.count
            for receipt in receipts where !log.receipts.contains(where: { $0.record.hub == receipt.record.hub }) {
                log.receipts.append(receipt)
            }
        }
        acknowledgeLater(key, at: lastTick)
    }

    mutating func opened(_ token: Token, _ opened: Opened?, _ now: Int64) {
        switch pending.removeValue(forKey: token) {
        case .open(let place):
            let position = place.position
            guard open[place] != nil else { return }
            guard let opened,
                let facts = try? reading.read(opened.entry, of: place.key, at: position, isNew: false)
            else {
                open[place] = nil
                return
            }
            open[place]?.facts = facts
            open[place]?.held = opened.held
            open[place]?.leaves = opened.leaves
            open[place]?.isAskingIndex = false
            switch facts.attachments {
            case .one(let leaf): open[place]?.leaves = [leaf]
            case .tree(0, _): open[place]?.leaves = []
            case .tree: break
            }
            settle(place)
            planAll(now)
        case .compare(let peer, let key, let tip):
            sessions[peer]?.view[key]?.isComparing = false
            let position = sessions[peer]?.view[key]?.tips.first { $0.head == tip }.map { $0.count - 1 }
            guard let opened, let position,
                let facts = try? reading.read(opened.entry, of: key, at: position, isNew: false)
            else { return }
            if facts.hash == tip {
                sessions[peer]?.view[key]?.found[tip] = 0
            } else {
                sessions[peer]?.view[key]?.foreign.insert(tip)
            }
            plan(peer, now)
        default: return
        }
    }

    mutating func stored(_ token: Token, _ now: Int64) {
        switch pending.removeValue(forKey: token) {
        case .entries(let peer, let key, let chain, let count, let head, let bare):
            storedEntries(peer, key, chain, count, head, bare)
        case .attachments(let place, let numbers):
            guard var entry = open[place] else { return }
            let isFirst = entry.held.isEmpty
            entry.held = entry.held.union(numbers)
            entry.underWay = entry.underWay.subtracting(numbers)
            open[place] = entry
            if isFirst, !entry.isComplete {
                catalogue.change(place.key) { log in
                    guard place.chain < log.chains.count else { return }
                    log.chains[place.chain].partial.insert(place.position..<place.position + 1)
                }
            }
            settle(place)
        default: return
        }
        planAll(now)
    }

    private mutating func storedEntries(
        _ peer: PeerID, _ key: LogKey, _ chain: Int, _ count: UInt64, _ head: Bytes32, _ bare: Ranges
    ) {
        catalogue.update(key) { $0.isFetching = false }
        guard chain < catalogue[key].chains.count else { return }
        if catalogue[key].chains[0].count == 0 { logsByAuthor[key.author, default: 0] += 1 }
        catalogue.change(key) { log in
            log.chains[chain].count = count
            log.chains[chain].head = head
            log.chains[chain].complete = log.chains[chain].complete.union(bare)
        }
        acknowledgeLater(key, at: lastTick)
        guard let candidate = catalogue[key].candidate, candidate.chain == chain, count >= candidate.count else {
            return
        }
        guard head == candidate.tip else {
            dropCandidate(key)
            cutOff(candidate.peer, .forged(.chain(count)))
            return
        }
        counters.forks += 1
        catalogue.change(key) { $0.candidate = nil }
        out.append(.forked(key, chain: chain))
    }

    mutating func storeFailed(_ token: Token, _ now: Int64) {
        pausedUntil = now + configuration.storePause
        switch pending.removeValue(forKey: token) {
        case .entries(_, let key, _, _, _, _): catalogue.update(key) { $0.isFetching = false }
        case .attachments(let place, let numbers):
            if let underWay = open[place]?.underWay.subtracting(numbers) { open[place]?.underWay = underWay }
        case .open(let place): open[place] = nil
        case .compare(let peer, let key, _): sessions[peer]?.view[key]?.isComparing = false
        case .serving(let peer, _): sessions[peer]?.isServing = false
        case nil: break
        }
    }

    /// Ends an open entry of which all is here.
    mutating func settle(_ place: OpenEntry.Place) {
        guard let entry = open[place], entry.isComplete else { return }
        open[place] = nil
        guard place.chain < catalogue[place.key].chains.count else { return }
        catalogue.change(place.key) { log in
            log.chains[place.chain].complete.insert(place.position..<place.position + 1)
            log.chains[place.chain].partial.remove(place.position..<place.position + 1)
        }
        out.append(.complete(place.key, chain: place.chain, position: place.position))
        acknowledgeLater(place.key, at: lastTick)
    }

    /// What one peer brought may be what another waited for; a few are looked at each time, in turn.
    mutating func planAll(_ now: Int64) {
        for _ in 0..<min(peers.count, 4) {
            nextPlanned = (nextPlanned + 1) % max(1, peers.count)
            guard nextPlanned < peers.count else { return }
            plan(peers[nextPlanned], now)
        }
    }

    // MARK: Receipts

    private mutating func acknowledgeLater(_ key: LogKey, at now: Int64) {
        guard configuration.isHub, key.kind == .run, let chain = catalogue[key].chains.first,
            chain.unbroken > max(1, catalogue[key].acknowledged), !due.contains(where: { $0.key == key })
        else { return }
        due.append((key, now + configuration.acknowledgeAfter))
    }

    mutating func acknowledgeDue(_ now: Int64) {
        let ready = due.filter { $0.at <= now }.map(\.key)
        due.removeAll { $0.at <= now }
        for key in ready {
            guard let unbroken = catalogue[key].chains.first?.unbroken else { continue }
            catalogue.update(key) { $0.acknowledged = unbroken }
            out.append(.acknowledge(key, position: unbroken - 1))
        }
    }
}
