extension Document {
    public func kind(of object: ObjectID) throws(AutomergeError) -> ObjectKind {
        store.objects[try store.objectIndex(object)].kind
    }

    /// What a map has at a key; of conflicting values the one that every replica shows.
    public func value(in object: ObjectID, at name: String) throws(AutomergeError) -> Value? {
        let index = try map(object)
        return store.winner(store.visible(in: index, at: name)).map { store.value($0) }
    }

    /// What a list or text has at an index; nil outside it. Indexes count elements, of a text its Unicode scalars.
    public func value(in object: ObjectID, at index: Int) throws(AutomergeError) -> Value? {
        let object = try sequence(object)
        guard index >= 0, index < store.objects[object].sequence.length else { return nil }
        return store.winner(store.visible(in: object, at: index)).map { store.value($0) }
    }

    public func value(in object: ObjectID, at key: Key) throws(AutomergeError) -> Value? {
        switch key {
        case .name(let name): try value(in: object, at: name)
        case .index(let index): try value(in: object, at: index)
        }
    }

    /// All values that were set at one key at the same time, the one that `value` tells first.
    public func conflicts(
        in object: ObjectID, at key: Key
    ) throws(AutomergeError) -> [(id: OperationID, value: Value)] {
        let visible: UInt32
        switch key {
        case .name(let name): visible = store.visible(in: try map(object), at: name)
        case .index(let index):
            let object = try sequence(object)
            guard index >= 0, index < store.objects[object].sequence.length else { return [] }
            visible = store.visible(in: object, at: index)
        }
        return store.sorted(visible).reversed().map { (store.operationID($0), store.value($0)) }
    }

    /// The keys of a map, in the order of their bytes.
    public func keys(of object: ObjectID) throws(AutomergeError) -> [String] {
        store.visibleEntries(of: try map(object)).map { store.names.string(store.entries[$0].name) }
    }

    /// How many keys a map has, or elements a list or text.
    public func count(of object: ObjectID) throws(AutomergeError) -> Int {
        let index = try store.objectIndex(object)
        if store.objects[index].kind.isSequence { return Int(store.objects[index].sequence.length) }
        var count = 0
        store.forEachEntry(of: index) { if store.entries[$0].visible != Links.none { count += 1 } }
        return count
    }

    /// A text as a string. An object within the text stands as U+FFFC.
    public func text(of object: ObjectID) throws(AutomergeError) -> String {
        let index = try sequence(object)
        var writer = ByteWriter(capacity: Int(store.objects[index].sequence.length) + 16)
        store.forEachVisible(in: index) { store.appendText($0, to: &writer) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The elements of a list or text.
    public func values(of object: ObjectID) throws(AutomergeError) -> [Value] {
        let index = try sequence(object)
        var values: [Value] = []
        values.reserveCapacity(Int(store.objects[index].sequence.length))
        store.forEachVisible(in: index) { values.append(store.value($0)) }
        return values
    }

    /// Follows keys from the root; nil where the path ends early.
    public subscript(path: Key...) -> Value? {
        var value = Value.object(.map, .root)
        for key in path {
            guard let object = value.object, let next = try? self.value(in: object, at: key) else { return nil }
            value = next
        }
        return value
    }

    func map(_ object: ObjectID) throws(AutomergeError) -> Int {
        let index = try store.objectIndex(object)
        guard !store.objects[index].kind.isSequence else {
            throw AutomergeError(.wrongType, "object \(object) is a \(store.objects[index].kind), not a map")
        }
        return index
    }

    func sequence(_ object: ObjectID) throws(AutomergeError) -> Int {
        let index = try store.objectIndex(object)
        guard store.objects[index].kind.isSequence else {
            throw AutomergeError(.wrongType, "object \(object) is a \(store.objects[index].kind), not a list or text")
        }
        return index
    }
}

extension Store {
    /// What an operation put where it stands.
    func value(_ row: UInt32) -> Value {
        let operation = operations[Int(row)]
        guard let kind = Action.kind(madeBy: operation.action) else { return .scalar(scalar(row)) }
        return .object(kind, objectID(Int(operation.valueBits)))
    }

    func visible(in object: Int, at name: String) -> UInt32 {
        var name = name
        return name.withUTF8 { bytes in
            guard let known = names.find(UnsafeRawBufferPointer(bytes)),
                let entry = entries.find(UInt32(object), known)
            else { return Links.none }
            return entries[entry].visible
        }
    }

    /// The index must be within the sequence.
    func visible(in object: Int, at index: Int) -> UInt32 {
        let position = sequences.find(index, in: objects[object].sequence)
        return visible(atElement: sequences.row(at: position), position)
    }

    /// The rows of a link by their ids, the winner last.
    func sorted(_ link: UInt32) -> [UInt32] {
        links.rows(link).sorted { actors.isLess(operations[Int($0)].id, operations[Int($1)].id) }
    }

    func forEachEntry(of object: Int, _ body: (UInt32) -> Void) {
        var entry = objects[object].firstEntry
        while entry != MapEntries.none {
            body(entry)
            entry = entries[entry].next
        }
    }

    /// The entries with a value, by their keys.
    func visibleEntries(of object: Int) -> [UInt32] {
        var result: [UInt32] = []
        forEachEntry(of: object) { if entries[$0].visible != Links.none { result.append($0) } }
        return result.sorted { names.precedes(entries[$0].name, entries[$1].name) }
    }

    /// The winner of each visible element, in order.
    func forEachVisible(in object: Int, _ body: (UInt32) -> Void) {
        sequences.forEach(in: objects[object].sequence) { element, isVisible in
            guard isVisible else { return }
            if elementValues.isEmpty { return body(element) }
            if let row = winner(elementValues[element] ?? element) { body(row) }
        }
    }

    func appendText(_ row: UInt32, to writer: inout ByteWriter) {
        let operation = operations[Int(row)]
        if operation.makesObject {
            writer.append([0xef, 0xbf, 0xbc])
        } else if operation.valueType == ValueType.string {
            values.withUnsafeBytes { writer.appendValue(of: operation, $0) }
        } else {
            writer.append([0xef, 0xbf, 0xbc])
        }
    }
}
