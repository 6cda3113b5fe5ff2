/// Compares two states of a document within a store that has the changes of both.
///
/// Only the keys and elements are looked at that a change touched which is not on both sides: what was visible there is
/// still visible, or was replaced by one of those changes.
struct Difference {
    let store: Store
    /// Per change, whether it lacks on the one side or the other.
    var lacksBefore: [Bool]
    var lacksAfter: [Bool]
    let afterIsAll: Bool
    /// What may have been or may be visible at each touched key or element.
    var entryCandidates: [UInt32: [UInt32]] = [:]
    var elementCandidates: [UInt32: [UInt32]] = [:]
    var touched: [UInt32: Set<UInt32>] = [:]
    var markAuthors: [UInt32: Int] = [:]
    /// Per sequence, the index of each element on the after side, where that is not the whole store.
    var indexes: [UInt32: [UInt32: Int]] = [:]
    private var result: [Patch] = []

    init(_ store: Store, before: [UInt32], after: [UInt32]) {
        self.store = store
        lacksBefore = [Bool](repeating: false, count: store.history.count)
        lacksAfter = lacksBefore
        let (later, missing) = (store.history.since(before), store.history.since(after))
        for index in later { lacksBefore[Int(index)] = true }
        for index in missing { lacksAfter[Int(index)] = true }
        afterIsAll = missing.isEmpty
        for index in Set(later + missing) {
            for row in store.history.rows(of: index, total: store.operations.count) { touch(UInt32(row)) }
        }
    }

    private mutating func touch(_ row: UInt32) {
        let operation = store.operations[Int(row)]
        if operation.action == Action.mark {
            markAuthors[operation.object] = operation.actor
            return
        }
        var candidates = store.links.rows(operation.predecessors)
        if operation.isValue { candidates.append(row) }
        if store.objects[Int(operation.object)].kind.isSequence {
            let element = store.element(of: row)
            touched[operation.object, default: []].insert(element)
            elementCandidates[element, default: []] += candidates
        } else {
            touched[operation.object, default: []].insert(operation.key)
            entryCandidates[operation.key, default: []] += candidates
        }
    }

    // MARK: What is visible on which side

    func lacks(_ row: UInt32, after: Bool) -> Bool {
        let change = Int(store.history.change(ofRow: row))
        return after ? lacksAfter[change] : lacksBefore[change]
    }

    private func isVisible(_ row: UInt32, after: Bool) -> Bool {
        let operation = store.operations[Int(row)]
        guard operation.isValue, !lacks(row, after: after) else { return false }
        var visible = true
        store.links.forEach(operation.successors) { next in
            let increments = operation.isCounter && store.operations[Int(next)].action == Action.increment
            if !increments, !lacks(next, after: after) { visible = false }
        }
        return visible
    }

    private struct State: Equatable {
        var winner: UInt32?
        var isConflict = false
        /// What increments had added, for a counter.
        var sum: Int64 = 0
    }

    /// What a reader sees at an element or key on the after side.
    func shown(atElement element: UInt32) -> UInt32? {
        let visible = store.visible(atElement: element, store.position(ofElement: element))
        guard !afterIsAll, let candidates = elementCandidates[element] else { return store.winner(visible) }
        return state(candidates, visible, after: true).winner
    }

    func shown(atEntry entry: UInt32) -> UInt32? {
        let visible = store.entries[entry].visible
        guard !afterIsAll, let candidates = entryCandidates[entry] else { return store.winner(visible) }
        return state(candidates, visible, after: true).winner
    }

    private func state(_ candidates: [UInt32], _ visible: UInt32, after: Bool) -> State {
        var rows = Set(candidates)
        store.links.forEach(visible) { rows.insert($0) }
        let seen = rows.filter { isVisible($0, after: after) }
        let winner = seen.max { store.actors.isLess(store.operations[Int($0)].id, store.operations[Int($1)].id) }
        return State(
            winner: winner, isConflict: seen.count > 1, sum: winner.map { sum($0, after: after) } ?? 0)
    }

    private func sum(_ row: UInt32, after: Bool) -> Int64 {
        guard store.operations[Int(row)].isCounter else { return 0 }
        var sum: Int64 = 0
        store.links.forEach(store.operations[Int(row)].successors) { next in
            if !lacks(next, after: after) { sum &+= store.integer(next) ?? 0 }
        }
        return sum
    }

    func value(_ row: UInt32) -> Value {
        guard store.operations[Int(row)].isCounter, case .scalar(.counter(let total)) = store.value(row) else {
            return store.value(row)
        }
        return .scalar(.counter(total &- (store.counterSums[row] ?? 0) &+ sum(row, after: true)))
    }

    /// Who made a key or element what it is now.
    private func author(_ candidates: [UInt32], _ now: State) -> ActorID {
        var actor = now.winner.map { store.operations[Int($0)].actor }
        var greatest: UInt64 = 0
        for candidate in candidates {
            store.links.forEach(store.operations[Int(candidate)].successors) { next in
                guard !lacks(next, after: true), lacks(next, after: false) else { return }
                let operation = store.operations[Int(next)]
                guard now.winner == nil || operation.action == Action.increment, operation.id > greatest else { return }
                (greatest, actor) = (operation.id, operation.actor)
            }
        }
        return store.actors.ids[actor ?? 0]
    }

    // MARK: Patches

    mutating func patches() -> [Patch] {
        let objects = Set(touched.keys).union(markAuthors.keys)
        let order = objects.sorted {
            (store.objects[Int($0)].depth, $0) < (store.objects[Int($1)].depth, $1)
        }
        for object in order {
            guard let path = path(Int(object)) else { continue }
            if store.objects[Int(object)].kind.isSequence {
                comparePlaces(object, path)
            } else {
                compareKeys(object, path)
            }
        }
        return result
    }

    private mutating func compareKeys(_ object: UInt32, _ path: [Key]) {
        let entries = (touched[object] ?? []).sorted {
            store.names.precedes(store.entries[$0].name, store.entries[$1].name)
        }
        for entry in entries {
            let candidates = entryCandidates[entry] ?? []
            let visible = store.entries[entry].visible
            let old = state(candidates, visible, after: false)
            let new = state(candidates, visible, after: true)
            guard old != new else { continue }
            let key = Key.name(store.names.string(store.entries[entry].name))
            let author = author(candidates, new)
            if let winner = new.winner {
                addPut(object, path, key, winner, old, new, author)
            } else {
                add(object, path, .delete(key, count: 1), author)
            }
        }
    }

    private mutating func comparePlaces(_ object: UInt32, _ path: [Key]) {
        let isText = store.objects[Int(object)].kind == .text
        let elements = (touched[object] ?? []).map { ($0, store.sequences.order(store.position(ofElement: $0))) }
        for (element, _) in elements.sorted(by: { $0.1 < $1.1 }) {
            let candidates = elementCandidates[element] ?? []
            let visible = store.visible(atElement: element, store.position(ofElement: element))
            let old = state(candidates, visible, after: false)
            let new = state(candidates, visible, after: true)
            guard old != new else { continue }
            let index = index(of: element, Int(object))
            let author = author(candidates, new)
            guard let winner = new.winner else {
                addDelete(object, path, index, author)
                continue
            }
            if old.winner != nil {
                addPut(object, path, .index(index), winner, old, new, author)
                continue
            }
            if isText, case .scalar(.string(let text)) = value(winner) {
                addText(object, path, index, text, author)
            } else {
                addInsert(object, path, index, value(winner), author)
            }
            addContent(of: winner, path + [.index(index)], author)
        }
        // Where a marked text changes, its marks move.
        if let actor = markAuthors[object].map({ store.actors.ids[$0] }) ?? lastAuthor(object),
            store.objects[Int(object)].marks > 0
        {
            add(object, path, .marks(marks(of: Int(object))), actor)
        }
    }

    private mutating func addPut(
        _ object: UInt32, _ path: [Key], _ key: Key, _ winner: UInt32, _ old: State, _ new: State, _ author: ActorID
    ) {
        guard old.winner != winner || old.sum != new.sum else {
            return add(object, path, .conflict(key, new.isConflict), author)
        }
        add(object, path, .put(key, value(winner), isConflict: new.isConflict), author)
        if old.winner != winner { addContent(of: winner, path + [key], author) }
    }

    mutating func add(_ object: UInt32, _ path: [Key], _ action: Patch.Action, _ author: ActorID) {
        result.append(Patch(object: store.objectID(Int(object)), path: path, action: action, author: author))
    }

    /// Who caused the last patch, if it was one of this object.
    private func lastAuthor(_ object: UInt32) -> ActorID? {
        result.last.flatMap { $0.object == store.objectID(Int(object)) ? $0.author : nil }
    }

    /// Neighbours that one author deletes or inserts become one patch.
    private mutating func addDelete(_ object: UInt32, _ path: [Key], _ index: Int, _ author: ActorID) {
        let id = store.objectID(Int(object))
        if let last = result.last, last.object == id, last.author == author,
            case .delete(.index(index), let count) = last.action
        {
            result[result.count - 1].action = .delete(.index(index), count: count + 1)
        } else {
            add(object, path, .delete(.index(index), count: 1), author)
        }
    }

    mutating func addText(
        _ object: UInt32, _ path: [Key], _ index: Int, _ text: String, _ author: ActorID
    ) {
        let id = store.objectID(Int(object))
        if textEnd == index, let last = result.last, last.object == id, last.author == author,
            case .insertText(let start, let before) = last.action
        {
            result[result.count - 1].action = .insertText(index: start, before + text)
        } else {
            add(object, path, .insertText(index: index, text), author)
        }
        textEnd = index + 1
    }

    /// Where the text that was inserted last ends.
    private var textEnd = 0

    mutating func addInsert(
        _ object: UInt32, _ path: [Key], _ index: Int, _ value: Value, _ author: ActorID
    ) {
        let id = store.objectID(Int(object))
        if let last = result.last, last.object == id, last.author == author,
            case .insert(let start, let values) = last.action, start + values.count == index
        {
            result[result.count - 1].action = .insert(index: start, values + [value])
        } else {
            add(object, path, .insert(index: index, [value]), author)
        }
    }
}
