extension Transaction {
    /// Replaces the element at an index of a list.
    public mutating func put(_ value: ScalarValue, in object: ObjectID, at index: Int) throws(AutomergeError) {
        let sequence = try sequence(object)
        let (position, element, visible) = try target.pointee.store.element(in: sequence, at: index)
        let (meta, bits) = try target.pointee.store.keep(value)
        if target.pointee.store.isUnchanged(visible, meta, bits) { return }
        try target.pointee.store.write(
            Action.set, object: sequence, key: element, meta: meta, bits: bits, replacing: visible, at: position)
    }

    /// Replaces the element at an index of a list by a new, empty object.
    @discardableResult
    public mutating func putObject(
        _ kind: ObjectKind, in object: ObjectID, at index: Int
    ) throws(AutomergeError) -> ObjectID {
        let sequence = try sequence(object)
        try target.pointee.store.checkDepth(of: sequence)
        let (position, element, visible) = try target.pointee.store.element(in: sequence, at: index)
        try target.pointee.store.write(
            Action.making(kind), object: sequence, key: element, meta: 0, bits: 0, replacing: visible, at: position)
        return target.pointee.store.lastMadeObject
    }

    /// Inserts before the element at an index; at the end if the index is the count.
    public mutating func insert(_ value: ScalarValue, in object: ObjectID, at index: Int) throws(AutomergeError) {
        let sequence = try sequence(object)
        let place = try target.pointee.store.insertion(in: sequence, at: index)
        let (meta, bits) = try target.pointee.store.keep(value)
        try target.pointee.store.writeInsert(Action.set, object: sequence, meta: meta, bits: bits, at: place)
    }

    public mutating func append(_ value: ScalarValue, to object: ObjectID) throws(AutomergeError) {
        let sequence = try sequence(object)
        try insert(value, in: object, at: Int(target.pointee.store.objects[sequence].sequence.length))
    }

    /// Inserts a new, empty object.
    @discardableResult
    public mutating func insertObject(
        _ kind: ObjectKind, in object: ObjectID, at index: Int
    ) throws(AutomergeError) -> ObjectID {
        let sequence = try sequence(object)
        try target.pointee.store.checkDepth(of: sequence)
        let place = try target.pointee.store.insertion(in: sequence, at: index)
        try target.pointee.store.writeInsert(Action.making(kind), object: sequence, meta: 0, bits: 0, at: place)
        return target.pointee.store.lastMadeObject
    }

    /// Takes elements out of a list or text.
    public mutating func delete(in object: ObjectID, at index: Int, count: Int = 1) throws(AutomergeError) {
        let sequence = try sequence(object)
        try target.pointee.store.checkRange(index, count, in: sequence)
        for _ in 0..<count {
            let (position, element, visible) = try target.pointee.store.element(in: sequence, at: index)
            try target.pointee.store.write(
                Action.delete, object: sequence, key: element, meta: 0, bits: 0, replacing: visible, at: position)
        }
    }

    /// Adds to the counter at an index of a list.
    public mutating func increment(
        in object: ObjectID, at index: Int, by amount: Int64
    ) throws(AutomergeError) {
        let sequence = try sequence(object)
        let (position, element, visible) = try target.pointee.store.element(in: sequence, at: index)
        let counters = try target.pointee.store.counters(visible, index)
        try target.pointee.store.writeIncrement(amount, object: sequence, key: element, counters, at: position)
    }

    /// Replaces a part of a text. Indexes count Unicode scalars, each of which is an element.
    public mutating func splice(
        _ text: ObjectID, at index: Int, deleting count: Int = 0, inserting string: String = ""
    ) throws(AutomergeError) {
        let sequence = try sequence(text)
        if count != 0 { try delete(in: text, at: index, count: count) }
        guard !string.isEmpty else { return }
        var place = try target.pointee.store.insertion(in: sequence, at: index)
        for scalar in string.unicodeScalars {
            let (meta, bits) = Store.encode(scalar)
            place = try target.pointee.store.writeInsert(
                Action.set, object: sequence, meta: meta, bits: bits, at: place)
        }
    }
}

extension Store {
    /// Where to insert: behind which element, and where in the tree that is.
    struct Insertion {
        var after: UInt32
        var position: Sequences.Position
    }

    /// The element at an index, where it lies, and what is visible there.
    @inline(__always)
    mutating func element(
        in object: Int, at index: Int
    ) throws(AutomergeError) -> (Sequences.Position, UInt32, UInt32) {
        guard index >= 0, index < Int(objects[object].sequence.length) else {
            throw AutomergeError(
                .notFound, "index \(index) is not within the \(objects[object].sequence.length) elements")
        }
        let position = sequences.locate(index, in: objects[object].sequence)
        let element = sequences.row(at: position)
        return (position, element, visible(atElement: element, position))
    }

    func checkRange(_ index: Int, _ count: Int, in object: Int) throws(AutomergeError) {
        let length = Int(objects[object].sequence.length)
        guard index >= 0, count >= 0, index <= length, count <= length - index else {
            throw AutomergeError(.notFound, "\(count) elements from \(index) are not within the \(length) elements")
        }
    }

    @inline(__always)
    mutating func insertion(in object: Int, at index: Int) throws(AutomergeError) -> Insertion {
        guard index >= 0, index <= Int(objects[object].sequence.length) else {
            throw AutomergeError(
                .notFound, "index \(index) is not within the \(objects[object].sequence.length) elements")
        }
        var place: Insertion
        if index == 0 {
            place = Insertion(after: Operation.head, position: sequences.begin(&objects[object].sequence))
        } else {
            var position = sequences.locate(index - 1, in: objects[object].sequence)
            let element = sequences.row(at: position)
            position.index += 1
            place = Insertion(after: element, position: position)
        }
        if objects[object].marks > 0 { passMarks(&place) }
        return place
    }

    /// Text that is inserted where a mark begins or ends goes to the side that the mark's expansion asks for.
    private func passMarks(_ place: inout Insertion) {
        var next = sequences.next(
            Sequences.Position(leaf: place.position.leaf, index: place.position.index - 1))
        while let position = next, !sequences.isVisible(position) {
            let row = sequences.row(at: position)
            let operation = operations[Int(row)]
            if operation.action == Action.mark, operation.expands == (markNames[row] != nil) {
                place.after = row
                place.position = Sequences.Position(leaf: position.leaf, index: position.index + 1)
            }
            next = sequences.next(position)
        }
    }

    /// The place behind what was inserted is the result.
    @inline(__always)
    @discardableResult
    mutating func writeInsert(
        _ action: UInt8, object: Int, meta: UInt32, bits: UInt32, flags: UInt8 = 0, at place: Insertion
    ) throws(AutomergeError) -> Insertion {
        let row = UInt32(operations.count)
        append(
            Operation(
                id: try nextID(), object: UInt32(object), key: place.after, valueMeta: meta, valueBits: bits,
                predecessors: Links.none, successors: Links.none, leaf: 0, action: action,
                flags: flags | Operation.insertFlag),
            predecessors: UnsafeBufferPointer(start: nil, count: 0), position: place.position)
        var position = position(ofElement: row)
        position.index += 1
        return Insertion(after: row, position: position)
    }

    /// A scalar of a text as the bytes of a string.
    @inline(__always)
    static func encode(_ scalar: Unicode.Scalar) -> (meta: UInt32, bits: UInt32) {
        if scalar.value < 0x80 { return (1 << 4 | ValueType.string, scalar.value) }
        var bits: UInt32 = 0
        var length: UInt32 = 0
        for byte in UTF8.encode(scalar)! {
            bits |= UInt32(byte) << (8 * length)
            length += 1
        }
        return (length << 4 | ValueType.string, bits)
    }
}
