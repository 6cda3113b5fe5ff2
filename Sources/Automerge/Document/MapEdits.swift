extension Transaction {
    /// Sets a key of a map. Nothing happens if it has that value already.
    public mutating func put(_ value: ScalarValue, in object: ObjectID, at name: String) throws(AutomergeError) {
        let map = try map(object)
        let (meta, bits) = try target.pointee.store.keep(value)
        let entry = try target.pointee.store.entry(map, name)
        let visible = target.pointee.store.entries[entry].visible
        if target.pointee.store.isUnchanged(visible, meta, bits) { return }
        try target.pointee.store.write(
            Action.set, object: map, key: entry, meta: meta, bits: bits, replacing: visible)
    }

    /// Puts a new, empty object at a key of a map.
    @discardableResult
    public mutating func putObject(
        _ kind: ObjectKind, in object: ObjectID, at name: String
    ) throws(AutomergeError) -> ObjectID {
        let map = try map(object)
        try target.pointee.store.checkDepth(of: map)
        let entry = try target.pointee.store.entry(map, name)
        try target.pointee.store.write(
            Action.making(kind), object: map, key: entry, meta: 0, bits: 0,
            replacing: target.pointee.store.entries[entry].visible)
        return target.pointee.store.lastMadeObject
    }

    /// Takes a key out of a map. Nothing happens if it is not there.
    public mutating func delete(in object: ObjectID, at name: String) throws(AutomergeError) {
        let map = try map(object)
        guard target.pointee.store.visible(in: map, at: name) != Links.none else { return }
        let entry = try target.pointee.store.entry(map, name)
        try target.pointee.store.write(
            Action.delete, object: map, key: entry, meta: 0, bits: 0,
            replacing: target.pointee.store.entries[entry].visible)
    }

    /// Adds to the counter at a key of a map.
    public mutating func increment(
        in object: ObjectID, at name: String, by amount: Int64
    ) throws(AutomergeError) {
        let map = try map(object)
        let counters = try target.pointee.store.counters(target.pointee.store.visible(in: map, at: name), name)
        let entry = try target.pointee.store.entry(map, name)
        try target.pointee.store.writeIncrement(amount, object: map, key: entry, counters)
    }
}

extension Store {
    /// The entry of a key, made if there is none yet.
    @inline(__always)
    mutating func entry(_ object: Int, _ name: String) throws(AutomergeError) -> UInt32 {
        var name = name
        let length = name.utf8.count
        try checkRoom(for: names.totalLength + length)
        let index = name.withUTF8 { names.intern(UnsafeRawBufferPointer($0)) }
        return entry(UInt32(object), index)
    }

    var lastMadeObject: ObjectID { objectID(objects.count - 1) }

    /// Those of the visible values that are counters.
    func counters(_ visible: UInt32, _ key: some CustomStringConvertible) throws(AutomergeError) -> [UInt32] {
        let counters = sorted(visible).filter { operations[Int($0)].isCounter }
        guard !counters.isEmpty else { throw AutomergeError(.wrongType, "there is no counter at \(key)") }
        return counters
    }

    mutating func writeIncrement(
        _ amount: Int64, object: Int, key: UInt32, _ counters: [UInt32], at position: Sequences.Position? = nil
    ) throws(AutomergeError) {
        let (meta, bits) = try keep(.int(amount))
        let operation = Operation(
            id: try nextID(), object: UInt32(object), key: key, valueMeta: meta, valueBits: bits,
            predecessors: Links.none, successors: Links.none, leaf: 0, action: Action.increment, flags: 0)
        counters.withUnsafeBufferPointer { append(operation, predecessors: $0, position: position) }
    }
}
