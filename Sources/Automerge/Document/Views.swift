import Hashing

extension Document {
    /// The document as it was when these were its heads, to be read, or edited by another author.
    public func at(_ heads: [ChangeHash]) throws(AutomergeError) -> Document {
        let later = store.history.since(try store.indexes(of: heads))
        guard !later.isEmpty else { return self }
        var view = Document(actor: actor, limits: limits)
        if later.count == changeCount { return view }
        if Int(later[0]) == changeCount - later.count {
            // All that came later is at the end: take it back.
            view.store = store
            view.store.takeBack(later.count)
            view.store.foreign = nil
            return view
        }
        let excluded = Set(later)
        var reader = ChangeReader()
        var writer = ChangeWriter()
        for index in 0..<UInt32(changeCount) where !excluded.contains(index) {
            try view.store.apply(store.change(index, &writer), &reader, &writer)
        }
        return view
    }

    /// A copy as of these heads, for another author.
    public func fork(at heads: [ChangeHash], actor: ActorID) throws(AutomergeError) -> Document {
        try at(heads).fork(actor: actor)
    }
}

extension Store {
    /// Undoes the last changes.
    fileprivate mutating func takeBack(_ count: Int) {
        let kept = history.count - count
        var isHead = [Bool](repeating: true, count: kept)
        var greatest: UInt32 = 0
        for index in 0..<kept {
            history.links.forEach(history.records[index].dependencies) { isHead[Int($0)] = false }
            let rows = history.rows(of: UInt32(index), total: operations.count).count
            if rows > 0 { greatest = max(greatest, history.startOp(of: UInt32(index)) + UInt32(rows) - 1) }
        }
        let heads = isHead.indices.filter { isHead[$0] }.map { UInt32($0) }
        // Names, keys and actors that nothing uses any more do no harm; but a saved document must not name the actors.
        var actorCount = actors.count
        while actorCount > 0, !history.records[..<kept].contains(where: { Int($0.actor) == actorCount - 1 }) {
            actorCount -= 1
        }
        rewind(
            to: Mark(
                rows: Int(history.records[kept].firstRow), values: values.count, names: names.count,
                entries: entries.count, actors: actorCount, changes: kept, heads: heads, greatestOp: greatest))
    }
}
