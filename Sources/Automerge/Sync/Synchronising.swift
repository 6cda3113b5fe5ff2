import Hashing

extension Document {
    /// What to tell the other side next; nil if there is nothing to say until it says something or this document changes.
    public func generateSyncMessage(for state: inout SyncState) -> [UInt8]? {
        let heads = heads
        let theirHeads = state.theirHeads ?? []
        let need = missingDependencies(of: theirHeads)
        // Once we know exactly what to ask for, a summary of what we have says nothing new.
        let have = need.allSatisfy(Set(theirHeads).contains) ? [summary(since: state.sharedHeads)] : []
        if let first = state.theirHave?.first, !first.lastSync.allSatisfy({ contains($0) }) {
            // The other side believes in a common past that we have lost: begin from nothing.
            return SyncMessage(heads: heads, need: [], have: [SyncMessage.Have()], payload: .changes([])).encoded
        }
        let changes = changesToSend(state)
        if state.haveResponded, state.lastSentHeads == heads {
            if state.theirHeads == heads, changes.isEmpty { return nil }
            if state.inFlight { return nil }
        }
        state.haveResponded = true
        state.lastSentHeads = heads
        state.inFlight = true
        for index in changes { state.sent.insert(store.history.hash(of: index)) }
        let message = SyncMessage(heads: heads, need: need, have: have, payload: payload(changes, state))
        return message.encoded
    }

    private func summary(since shared: [ChangeHash]) -> SyncMessage.Have {
        // A past that was shared but is lost here cannot be built on.
        let known = shared.allSatisfy { contains($0) } ? shared : []
        let indexes = known.compactMap { store.history.find($0) }
        return SyncMessage.Have(
            lastSync: known, filter: BloomFilter(store.history.hashes(store.history.since(indexes))))
    }

    /// A whole document is far smaller than its changes: it goes to who has nothing, or lacks more than a third.
    private func payload(_ changes: [UInt32], _ state: SyncState) -> SyncMessage.Payload {
        let hasNothing = state.theirHeads?.isEmpty == true
        if state.abilities.documents, !changes.isEmpty, hasNothing || changes.count > changeCount / 3 {
            return .chunks(save())
        }
        var writer = ChangeWriter()
        return .changes(changes.map { store.change($0, &writer) })
    }

    /// What the other side seems to lack, with all that builds on it, and what it asks for by name.
    private func changesToSend(_ state: SyncState) -> [UInt32] {
        guard let have = state.theirHave, let need = state.theirNeed, !state.abilities.isReadOnly else { return [] }
        let needed = need.compactMap { store.history.find($0) }
        var chosen = Set<UInt32>()
        var result: [UInt32] = []
        if !have.isEmpty {
            let shared = Set(have.flatMap(\.lastSync)).compactMap { store.history.find($0) }
            // Each change comes after what it depends on, so one pass finds what builds on what is sent.
            for index in store.history.since(shared) {
                let hash = store.history.hash(of: index)
                if have.allSatisfy({ !$0.filter.contains(hash) })
                    || store.history.dependencies(of: index).contains(where: chosen.contains)
                {
                    chosen.insert(index)
                    result.append(index)
                }
            }
        }
        result = needed.filter { !chosen.contains($0) } + result
        return result.filter { !state.sent.contains(store.history.hash(of: $0)) }
    }

    /// Takes in what the other side sent. A message that is wrong leaves the document as it was, and so does a side that
    /// has said nothing new for too long; end the connection then.
    @discardableResult
    public mutating func receiveSyncMessage(
        _ bytes: [UInt8], from state: inout SyncState
    ) throws(AutomergeError) -> Applied {
        guard state.idleMessages < SyncState.idleLimit else {
            throw AutomergeError(
                .protocolViolation, "\(state.idleMessages) sync messages in a row brought no progress")
        }
        let message = try SyncMessage(bytes, limits)
        let before = heads
        var applied = Applied()
        var isEmpty = false
        switch message.payload {
        case .changes(let changes):
            isEmpty = changes.isEmpty
            applied = try apply(changes)
        case .chunks(let bytes):
            isEmpty = bytes.isEmpty
            applied = try load(bytes)
        }
        if !applied.applied.isEmpty { state.advance(from: before, to: heads) }
        note(message, isEmpty, before, &state)
        countIdle(applied, &state)
        return applied
    }

    private func note(
        _ message: SyncMessage, _ isEmpty: Bool, _ before: [ChangeHash], _ state: inout SyncState
    ) {
        state.abilities = message.abilities
        if message.abilities.wantsReset {
            (state.sharedHeads, state.lastSentHeads, state.sent) = ([], [], [])
        }
        forgetSent(upTo: message.heads, &state)
        if isEmpty, message.heads == before { state.lastSentHeads = message.heads }
        state.inFlight = false
        let known = message.heads.filter { contains($0) }
        if known.count == message.heads.count {
            state.sharedHeads = message.heads
            // The other side has lost everything: whatever was sent is to be sent again.
            if message.heads.isEmpty { (state.lastSentHeads, state.sent) = ([], []) }
        } else {
            state.sharedHeads = Set(state.sharedHeads + known).sorted()
        }
        state.theirHave = message.have
        state.theirHeads = message.heads
        state.theirNeed = message.need
    }

    /// What the other side has now need not be remembered as sent.
    private func forgetSent(upTo heads: [ChangeHash], _ state: inout SyncState) {
        guard !state.sent.isEmpty else { return }
        let indexes = heads.compactMap { store.history.find($0) }
        let lacking = Set(store.history.hashes(store.history.since(indexes)))
        state.sent.formIntersection(lacking)
    }

    private func countIdle(_ applied: Applied, _ state: inout SyncState) {
        let greatest = (state.theirHeads ?? []).compactMap { store.history.find($0) }.max().map { Int($0) } ?? -1
        if !applied.applied.isEmpty || state.theirHeads == heads || greatest > state.greatestKnown {
            state.idleMessages = 0
        } else {
            state.idleMessages += 1
        }
        state.greatestKnown = max(greatest, state.greatestKnown)
    }
}

extension SyncState {
    /// What is new here came from the other side, so it is shared; of what was shared, what is still a head stays.
    mutating func advance(from before: [ChangeHash], to after: [ChangeHash]) {
        let new = after.filter { !before.contains($0) }
        let kept = sharedHeads.filter { after.contains($0) }
        sharedHeads = Set(new + kept).sorted()
    }
}
