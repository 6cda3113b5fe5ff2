/// From the columns of a change to operations of the document: every reference is looked up and checked here.
extension Store {
    mutating func appendOperations(
        _ change: Change, _ author: Int, _ reader: inout ChangeReader
    ) throws(AutomergeError) {
        var raw = reader.table[Column.valueRaw]
        var predecessorAt = 0
        for index in 0..<change.operationCount {
            var operation = Operation(
                id: Operation.pack(change.startOp + UInt32(index), author), object: 0, key: 0, valueMeta: 0,
                valueBits: 0, predecessors: Links.none, successors: Links.none, leaf: 0, action: 0, flags: 0)
            operation.object = try resolveObject(index, reader)
            let isSequence = objects[Int(operation.object)].kind.isSequence
            try readAction(index, &operation, isSequence, reader)
            try readValue(index, &operation, reader, &raw)
            operation.key =
                isSequence ? try resolveElement(index, operation, reader) : try resolveName(index, operation, reader)
            let count = Int(reader.predecessorCount.base[index] == absent ? 0 : reader.predecessorCount.base[index])
            try resolvePredecessors(predecessorAt..<(predecessorAt + count), operation, &reader)
            predecessorAt += count
            if operation.action == Action.mark, !reader.markName.base[index].isAbsent {
                markNames[UInt32(operations.count)] = names.intern(reader.markName.base[index].bytes)
            }
            append(operation, predecessors: UnsafeBufferPointer(start: reader.predecessors.base, count: count))
        }
        guard raw.isAtEnd else { throw raw.failure(.malformed, "there are more value bytes than values") }
    }

    @inline(never)
    func failure(_ index: Int, _ detail: String, _ reader: borrowing ChangeReader) -> AutomergeError {
        AutomergeError(.unknownReference, "operation \(index + 1): \(detail)", at: reader.table[Column.action].origin)
    }

    @inline(__always)
    private func resolve(_ actor: UInt32, _ counter: UInt32, _ reader: borrowing ChangeReader) -> UInt32? {
        guard actor < UInt32(reader.actors.count) else { return nil }
        return row(counter: counter, actor: reader.actors[Int(actor)])
    }

    @inline(__always)
    private func resolveObject(_ index: Int, _ reader: borrowing ChangeReader) throws(AutomergeError) -> UInt32 {
        let (actor, counter) = (reader.objectActor.base[index], reader.objectCounter.base[index])
        if actor == absent, counter == absent { return 0 }
        guard let row = resolve(actor, counter, reader), operations[Int(row)].makesObject else {
            throw failure(index, "its object is not here", reader)
        }
        return operations[Int(row)].valueBits
    }

    private func readAction(
        _ index: Int, _ operation: inout Operation, _ isSequence: Bool, _ reader: borrowing ChangeReader
    ) throws(AutomergeError) {
        let action = reader.action.base[index]
        guard action < UInt32(Action.count) else {
            throw AutomergeError(
                .malformed, "action \(action) is unknown", at: reader.table[Column.action].origin)
        }
        operation.action = UInt8(action)
        if reader.insert.base[index] { operation.flags |= Operation.insertFlag }
        if reader.expand.base[index] { operation.flags |= Operation.expandFlag }
        let hasName = !reader.markName.base[index].isAbsent
        if let fault = operation.fault(inSequence: isSequence, isNamed: hasName) {
            throw failure(index, fault, reader)
        }
        guard !operation.makesObject || Int(objects[Int(operation.object)].depth) < limits.depth else {
            throw AutomergeError(.tooLarge, "objects are nested deeper than the limit of \(limits.depth)")
        }
    }

    @inline(__always)
    private mutating func readValue(
        _ index: Int, _ operation: inout Operation, _ reader: borrowing ChangeReader, _ raw: inout ByteReader
    ) throws(AutomergeError) {
        let meta = reader.valueMeta.base[index] == absent ? 0 : reader.valueMeta.base[index]
        let offset = raw.offset
        let bytes = try raw.take(Int(meta >> 4))
        if meta != 0 { try Scalars.check(type: meta & 15, bytes, at: offset) }
        try checkRoom(for: bytes.count)
        operation.valueMeta = meta
        if let fault = operation.valueFault { throw failure(index, fault, reader) }
        operation.valueBits = keep(bytes)
    }

    @inline(__always)
    private func resolveElement(
        _ index: Int, _ operation: Operation, _ reader: borrowing ChangeReader
    ) throws(AutomergeError) -> UInt32 {
        let (actor, counter) = (reader.keyActor.base[index], reader.keyCounter.base[index])
        guard reader.keyName.base[index].isAbsent else {
            throw failure(index, "it names a key in a sequence", reader)
        }
        if actor == absent, counter == 0, operation.isInsert { return Operation.head }
        guard let row = resolve(actor, counter, reader), operations[Int(row)].isInsert,
            operations[Int(row)].object == operation.object
        else { throw failure(index, "its element is not here", reader) }
        guard operation.isInsert || operations[Int(row)].action != Action.mark else {
            throw failure(index, "it sets a mark, which has no value", reader)
        }
        return row
    }

    private mutating func resolveName(
        _ index: Int, _ operation: Operation, _ reader: borrowing ChangeReader
    ) throws(AutomergeError) -> UInt32 {
        let name = reader.keyName.base[index]
        guard !name.isAbsent, reader.keyActor.base[index] == absent, reader.keyCounter.base[index] == absent else {
            throw failure(index, "it has no key in a map", reader)
        }
        try checkRoom(for: name.count + names.totalLength)
        return entry(operation.object, names.intern(name.bytes))
    }

    /// The entry of a map's key, made if there is none yet.
    @inline(__always)
    mutating func entry(_ object: UInt32, _ name: UInt32) -> UInt32 {
        if let known = entries.find(object, name) { return known }
        return entries.add(object, name, first: &objects[Int(object)].firstEntry)
    }

    private func resolvePredecessors(
        _ range: Range<Int>, _ operation: Operation, _ reader: inout ChangeReader
    ) throws(AutomergeError) {
        guard !range.isEmpty else { return }
        let index = operations.count - openRow
        guard !operation.isInsert else { throw failure(index, "it inserts and replaces at once", reader) }
        reader.predecessors.ensure(range.count)
        for (place, entry) in range.enumerated() {
            let (actor, counter) = (reader.predecessorActor.base[entry], reader.predecessorCounter.base[entry])
            guard let row = resolve(actor, counter, reader), operations[Int(row)].object == operation.object else {
                throw failure(index, "what it replaces is not here", reader)
            }
            let other = operations[Int(row)]
            let key = other.isInsert ? row : other.key
            guard key == operation.key, other.isValue || other.action == Action.increment else {
                throw failure(index, "it replaces what stands elsewhere", reader)
            }
            if place > 0 {
                let previous = operations[Int(reader.predecessors.base[place - 1])]
                guard actors.isLess(previous.id, other.id) else {
                    throw failure(index, "what it replaces is not in order", reader)
                }
            }
            reader.predecessors.base[place] = row
        }
    }
}
