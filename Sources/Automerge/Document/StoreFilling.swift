import Hashing

/// Making the content of a document from its sorted columns.
extension Store {
    mutating func fill(from loader: inout DocumentLoader) throws(AutomergeError) {
        addChanges(loader)
        try addRows(&loader)
        var filler = SectionFiller()
        for index in 0..<loader.count { try fillRow(index, loader, &filler) }
        filler.endSection()
        try linkSuccessors(loader)
        showValues(loader)
        let visible = filler.elements.map { isElementVisible($0) }
        for (object, range) in filler.sequences {
            objects[object].sequence = sequences.build(filler.elements[range], visible: visible[range], &operations)
        }
    }

    private mutating func addChanges(_ loader: borrowing DocumentLoader) {
        history.reserve(loader.changeCount)
        for index in 0..<loader.changeCount {
            let count = loader.changeOperations[index]
            history.appendUnhashed(
                History.Record(
                    hash: .zero, time: loader.changeTime.base[index], actor: loader.changeActor.base[index],
                    sequence: loader.changeSequence.base[index], startOp: loader.changeMaxOp.base[index] - count + 1,
                    firstRow: loader.changeFirstRow[index], dependencies: Links.none), rowCount: Int(count))
        }
    }

    /// All rows with their ids, as deletes; then what stands in the document.
    private mutating func addRows(_ loader: inout DocumentLoader) throws(AutomergeError) {
        guard loader.rowCount <= limits.operations else {
            throw AutomergeError(.tooLarge, "more than the limit of \(limits.operations) operations", at: loader.origin)
        }
        let blank = Operation(
            id: 0, object: absent, key: 0, valueMeta: 0, valueBits: 0, predecessors: Links.none,
            successors: Links.none, leaf: 0, action: Action.delete, flags: 0)
        operations = [Operation](repeating: blank, count: loader.rowCount)
        for record in history.records.indices {
            let (first, actor) = (history.records[record].firstRow, Int(history.records[record].actor))
            let start = history.startOp(of: UInt32(record))
            for offset in 0..<loader.changeOperations[record] {
                operations[Int(first + offset)].id = Operation.pack(start + offset, actor)
            }
        }
        for index in 0..<loader.count {
            let row = Int(loader.row.base[index])
            let action = loader.action.base[index]
            guard action < UInt32(Action.count), action != UInt32(Action.delete) else {
                throw loader.malformed("action \(action) cannot stand in a document")
            }
            operations[row].action = UInt8(action)
            if loader.insert.base[index] { operations[row].flags |= Operation.insertFlag }
            if loader.expand.base[index] { operations[row].flags |= Operation.expandFlag }
            if let kind = Action.kind(madeBy: UInt8(action)) {
                operations[row].valueBits = UInt32(objects.count)
                objects.append(Object(row: UInt32(row), kind: kind, depth: 0))
            }
        }
    }

    private mutating func fillRow(
        _ index: Int, _ loader: borrowing DocumentLoader, _ filler: inout SectionFiller
    ) throws(AutomergeError) {
        let row = loader.row.base[index]
        let (actor, counter) = (loader.objectActor.base[index], loader.objectCounter.base[index])
        if actor != filler.objectActor || counter != filler.objectCounter || index == 0 {
            try beginSection(actor, counter, loader, &filler)
        }
        let object = filler.object
        var operation = operations[Int(row)]
        operation.object = UInt32(object)
        let kind = objects[object].kind
        let name = loader.markName.base[index]
        if let fault = operation.fault(inSequence: kind.isSequence, isNamed: !name.isAbsent) {
            throw loader.malformed(fault)
        }
        let meta = loader.valueMeta.base[index] == absent ? 0 : loader.valueMeta.base[index]
        if filler.values == nil { filler.values = loader.valueBytes }
        let offset = filler.values?.offset ?? 0
        let bytes = try filler.take(Int(meta >> 4))
        if meta != 0 { try Scalars.check(type: meta & 15, bytes, at: offset) }
        operation.valueMeta = meta
        if let fault = operation.valueFault { throw loader.malformed(fault) }
        if operation.makesObject {
            guard Int(objects[object].depth) < limits.depth else {
                throw AutomergeError(.tooLarge, "objects are nested deeper than \(limits.depth)", at: loader.origin)
            }
            objects[Int(operation.valueBits)].depth = objects[object].depth + 1
        } else {
            try checkRoom(for: bytes.count)
            operation.valueBits = keep(bytes)
        }
        if operation.action == Action.mark {
            objects[object].marks += 1
            if !name.isAbsent { markNames[row] = names.intern(name.bytes) }
        }
        if kind.isSequence {
            operation.key = try element(index, row, operation, loader, &filler)
        } else {
            operation.key = try entry(index, object, loader, &filler)
        }
        operations[Int(row)] = operation
    }

    /// The operations of one object stand together, the objects in the order of their ids.
    private mutating func beginSection(
        _ actor: UInt32, _ counter: UInt32, _ loader: borrowing DocumentLoader, _ filler: inout SectionFiller
    ) throws(AutomergeError) {
        filler.endSection()
        var object = 0
        if actor != absent || counter != absent {
            guard actor < UInt32(actors.count), let row = row(counter: counter, actor: Int(actor)),
                operations[Int(row)].makesObject
            else { throw loader.malformed("an operation's object is not here") }
            object = Int(operations[Int(row)].valueBits)
            let id = operations[Int(row)].id
            guard filler.objectID == 0 || actors.isLess(filler.objectID, id), operations[Int(row)].object != absent
            else { throw loader.malformed("the objects are not in their order") }
            filler.objectID = id
        } else if filler.object != -1 {
            throw loader.malformed("the objects are not in their order")
        }
        filler.beginSection(object, actor, counter)
    }

    private mutating func entry(
        _ index: Int, _ object: Int, _ loader: borrowing DocumentLoader, _ filler: inout SectionFiller
    ) throws(AutomergeError) -> UInt32 {
        let name = loader.keyName.base[index]
        guard !name.isAbsent, loader.keyActor.base[index] == absent, loader.keyCounter.base[index] == absent else {
            throw loader.malformed("an operation has no key in a map")
        }
        if let entry = filler.entry, name.start == filler.name.start || name.bytes.elementsEqual(filler.name.bytes) {
            return entry
        }
        try checkRoom(for: name.count + names.totalLength)
        let entry = entry(UInt32(object), names.intern(name.bytes))
        (filler.entry, filler.name) = (entry, name)
        return entry
    }

    private func element(
        _ index: Int, _ row: UInt32, _ operation: Operation, _ loader: borrowing DocumentLoader,
        _ filler: inout SectionFiller
    ) throws(AutomergeError) -> UInt32 {
        let (actor, counter) = (loader.keyActor.base[index], loader.keyCounter.base[index])
        guard loader.keyName.base[index].isAbsent else { throw loader.malformed("a key is named in a sequence") }
        var key = Operation.head
        if actor != absent || counter != 0 {
            guard actor < UInt32(actors.count), counter != absent else {
                throw loader.malformed("an operation has no element in a sequence")
            }
            if filler.lastID == Operation.pack(counter, Int(actor)) {
                key = filler.lastElement
            } else if let found = self.row(counter: counter, actor: Int(actor)) {
                key = found
            } else {
                throw loader.malformed("an operation's element is not here")
            }
        }
        if operation.isInsert {
            guard filler.insert(row, after: key, operations, actors) else {
                throw loader.malformed("the elements of a sequence are not in their order")
            }
            filler.lastID = operation.id
        } else if key == Operation.head || key != filler.lastElement || operations[Int(key)].action == Action.mark {
            throw loader.malformed("an operation does not stand behind its element")
        }
        return key
    }
}

/// What is going on while the rows of a document are read in its order.
struct SectionFiller {
    var object = -1
    var objectActor = absent
    var objectCounter = absent
    var objectID: UInt64 = 0
    var entry: UInt32?
    var name = TextRange.absent
    var values: ByteReader?
    var lastID: UInt64 = 0
    var lastElement = Operation.head
    /// The elements of all sequences, and which are whose.
    var elements: [UInt32] = []
    var sequences: [(object: Int, elements: Range<Int>)] = []
    private var start = 0
    /// The element before, the one it was inserted after, and so on up; with the last that was inserted after each.
    private var path: [(row: UInt32, child: UInt32)] = []

    mutating func take(_ count: Int) throws(AutomergeError) -> UnsafeRawBufferPointer {
        if count == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return try values!.take(count)
    }

    mutating func endSection() {
        if elements.count > start { sequences.append((object, start..<elements.count)) }
        start = elements.count
    }

    mutating func beginSection(_ object: Int, _ actor: UInt32, _ counter: UInt32) {
        (self.object, objectActor, objectCounter) = (object, actor, counter)
        (entry, lastElement, lastID) = (nil, Operation.head, 0)
        path.removeAll(keepingCapacity: true)
        path.append((Operation.head, Operation.head))
    }

    /// Whether the element may stand here: behind the one it was inserted after and all that were inserted there with
    /// greater ids, with what was inserted after those.
    mutating func insert(
        _ row: UInt32, after key: UInt32, _ operations: [Operation], _ actors: Actors
    ) -> Bool {
        while let last = path.last, last.row != key { path.removeLast() }
        guard let parent = path.last else { return false }
        let id = operations[Int(row)].id
        if parent.child != Operation.head, !actors.isLess(id, operations[Int(parent.child)].id) { return false }
        if key != Operation.head, operations[Int(key)].id >> 32 >= id >> 32 { return false }
        path[path.count - 1].child = row
        path.append((row, Operation.head))
        lastElement = row
        elements.append(row)
        return true
    }
}
