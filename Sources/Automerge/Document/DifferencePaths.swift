/// Where things are on the after side, and what is in objects that appear again.
extension Difference {
    /// Keys from the root to an object; nil if no reader finds it there.
    mutating func path(_ object: Int) -> [Key]? {
        var path: [Key] = []
        var object = object
        while object != 0 {
            let row = store.objects[object].row
            guard isShown(row) else { return nil }
            let operation = store.operations[Int(row)]
            if store.objects[Int(operation.object)].kind.isSequence {
                path.append(.index(index(of: store.element(of: row), Int(operation.object))))
            } else {
                path.append(.name(store.names.string(store.entries[operation.key].name)))
            }
            object = Int(operation.object)
        }
        return path.reversed()
    }

    /// Whether the operation is the one that a reader sees at its key.
    private func isShown(_ row: UInt32) -> Bool {
        let operation = store.operations[Int(row)]
        if store.objects[Int(operation.object)].kind.isSequence {
            return shown(atElement: store.element(of: row)) == row
        }
        return shown(atEntry: operation.key) == row
    }

    /// The number of elements that are visible before this one.
    mutating func index(of element: UInt32, _ object: Int) -> Int {
        let root = store.objects[object].sequence
        if afterIsAll { return store.sequences.rank(store.position(ofElement: element), in: root) }
        if let known = indexes[UInt32(object)] { return known[element] ?? 0 }
        var places: [UInt32: Int] = [:]
        var index = 0
        store.sequences.forEach(in: root) { row, _ in
            places[row] = index
            if shown(atElement: row) != nil { index += 1 }
        }
        indexes[UInt32(object)] = places
        return places[element] ?? 0
    }

    func marks(of object: Int) -> [Mark] {
        var scan = MarkScan()
        store.sequences.forEach(in: store.objects[object].sequence) { row, _ in
            if store.operations[Int(row)].action == Action.mark {
                if !lacks(row, after: true) { scan.pass(row, store) }
            } else if shown(atElement: row) != nil {
                scan.step(store)
            }
        }
        return scan.finish(store)
    }

    /// An object that was there before but not to be seen: its content was not touched, so it is told whole.
    mutating func addContent(of row: UInt32, _ path: [Key], _ author: ActorID) {
        let operation = store.operations[Int(row)]
        guard operation.makesObject, !lacks(row, after: false) else { return }
        let object = operation.valueBits
        if store.objects[Int(object)].kind.isSequence {
            touched[object] = nil
            addElements(of: object, path, author)
        } else {
            touched[object] = nil
            store.forEachEntrySorted(of: Int(object)) { entry in
                guard let winner = shown(atEntry: entry) else { return }
                let key = Key.name(store.names.string(store.entries[entry].name))
                add(object, path, .put(key, value(winner), isConflict: false), author)
                addWhole(winner, path + [key], author)
            }
        }
    }

    private mutating func addWhole(_ row: UInt32, _ path: [Key], _ author: ActorID) {
        guard store.operations[Int(row)].makesObject else { return }
        // What is new in it is told with the object that holds it.
        addContent(of: row, path, author)
    }

    private mutating func addElements(of object: UInt32, _ path: [Key], _ author: ActorID) {
        var rows: [UInt32] = []
        store.sequences.forEach(in: store.objects[Int(object)].sequence) { element, _ in
            if let winner = shown(atElement: element) { rows.append(winner) }
        }
        let isText = store.objects[Int(object)].kind == .text
        for (index, row) in rows.enumerated() {
            if isText, case .scalar(.string(let text)) = value(row) {
                addText(object, path, index, text, author)
            } else {
                addInsert(object, path, index, value(row), author)
            }
            addWhole(row, path + [.index(index)], author)
        }
        if store.objects[Int(object)].marks > 0 { add(object, path, .marks(marks(of: Int(object))), author) }
        markAuthors[object] = nil
    }
}

extension Store {
    func forEachEntrySorted(of object: Int, _ body: (UInt32) -> Void) {
        var all: [UInt32] = []
        forEachEntry(of: object) { all.append($0) }
        for entry in all.sorted(by: { names.precedes(entries[$0].name, entries[$1].name) }) { body(entry) }
    }
}
