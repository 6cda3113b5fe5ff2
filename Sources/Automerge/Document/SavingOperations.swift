/// The operations of a document in the order of the format: object by object, in maps key by key, in sequences element
/// by element. Deletes are left out; they show as successors.
extension Store {
    func writeOperationColumns(_ columns: inout ColumnSet) {
        let order = documentOrder()
        let count = order.count
        guard count > 0 else { return }
        var first = Scratch<UInt32>(capacity: count)
        var second = Scratch<UInt32>(capacity: count)
        operations.withUnsafeBufferPointer { operations in
            order.withUnsafeBufferPointer { order in
                writeObjects(order, operations, &columns, &first, &second)
                writeKeys(order, operations, &columns, &first, &second)
                writeIdentifiers(order, operations, &columns, &first)
                var flags = Scratch<Bool>(capacity: count)
                for index in 0..<count { flags.base[index] = operations[Int(order[index])].isInsert }
                columns.add(Column.insert) { RunEncoding.booleans(flags.base, count: count, to: &$0) }
                for index in 0..<count { first.base[index] = UInt32(operations[Int(order[index])].action) }
                columns.add(Column.action) { RunEncoding.uints(first.base, count: count, to: &$0) }
                for index in 0..<count { first.base[index] = operations[Int(order[index])].valueMeta }
                columns.add(Column.valueMeta) { RunEncoding.uints(first.base, count: count, to: &$0) }
                columns.add(Column.valueRaw) { writer in
                    values.withUnsafeBytes { values in
                        for row in order { writer.appendValue(of: operations[Int(row)], values) }
                    }
                }
                writeSuccessors(order, operations, &columns, &first, &second)
                writeMarks(order, operations, &columns, &first, &flags)
            }
        }
    }

    private func documentOrder() -> [UInt32] {
        let (entryStarts, entryRows) = rowsByEntry()
        let updates = updatesByElement()
        var order: [UInt32] = []
        order.reserveCapacity(operations.count)
        let sortedObjects = objects.indices.dropFirst().sorted {
            actors.isLess(operations[Int(objects[$0].row)].id, operations[Int(objects[$1].row)].id)
        }
        for object in [0] + sortedObjects {
            if objects[object].kind.isSequence {
                sequences.forEach(in: objects[object].sequence) { element, _ in
                    order.append(element)
                    if !updates.isEmpty, let rows = updates[element] { order += rows }
                }
            } else {
                var all: [UInt32] = []
                forEachEntry(of: object) { all.append($0) }
                all.sort { names.precedes(entries[$0].name, entries[$1].name) }
                for entry in all { order += entryRows[entryStarts[Int(entry)]..<entryStarts[Int(entry) + 1]] }
            }
        }
        return order
    }

    /// The rows of map keys, entry by entry, each in the order of the ids.
    private func rowsByEntry() -> (starts: [Int], rows: [UInt32]) {
        var starts = [Int](repeating: 0, count: entries.count + 2)
        forEachKept { row, operation, isSequence in
            if !isSequence { starts[Int(operation.key) + 2] += 1 }
        }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        var rows = [UInt32](repeating: 0, count: starts[starts.count - 1])
        // While rows are placed, starts[n + 1] is where the next one of entry n goes; afterwards where it ends.
        forEachKept { row, operation, isSequence in
            guard !isSequence else { return }
            rows[starts[Int(operation.key) + 1]] = row
            starts[Int(operation.key) + 1] += 1
        }
        for entry in 0..<entries.count where starts[entry + 1] - starts[entry] > 1 {
            sortByID(&rows, starts[entry]..<starts[entry + 1])
        }
        return (starts, rows)
    }

    private func updatesByElement() -> [UInt32: [UInt32]] {
        var updates: [UInt32: [UInt32]] = [:]
        forEachKept { row, operation, isSequence in
            if isSequence, !operation.isInsert { updates[operation.key, default: []].append(row) }
        }
        for element in updates.keys {
            let range = 0..<updates[element, default: []].count
            sortByID(&updates[element, default: []], range)
        }
        return updates
    }

    @inline(__always)
    private func forEachKept(_ body: (UInt32, Operation, Bool) -> Void) {
        for row in operations.indices where operations[row].action != Action.delete {
            body(UInt32(row), operations[row], objects[Int(operations[row].object)].kind.isSequence)
        }
    }

    private func sortByID(_ rows: inout [UInt32], _ range: Range<Int>) {
        var isSorted = true
        for index in range.dropFirst() where isSorted {
            isSorted = actors.isLess(operations[Int(rows[index - 1])].id, operations[Int(rows[index])].id)
        }
        if !isSorted {
            rows[range].sort { actors.isLess(operations[Int($0)].id, operations[Int($1)].id) }
        }
    }

    @inline(__always)
    private func rank(_ operation: Operation) -> UInt32 { actors.ranks[operation.actor] }

    private func writeObjects(
        _ order: UnsafeBufferPointer<UInt32>, _ operations: UnsafeBufferPointer<Operation>,
        _ columns: inout ColumnSet, _ actor: inout Scratch<UInt32>, _ counter: inout Scratch<UInt32>
    ) {
        for index in order.indices {
            let object = operations[Int(order[index])].object
            let maker = object == 0 ? nil : operations[Int(objects[Int(object)].row)]
            actor.base[index] = maker.map { rank($0) } ?? absent
            counter.base[index] = maker?.counter ?? absent
        }
        columns.add(Column.objectActor) { RunEncoding.uints(actor.base, count: order.count, to: &$0) }
        columns.add(Column.objectCounter) { RunEncoding.uints(counter.base, count: order.count, to: &$0) }
    }

    private func writeKeys(
        _ order: UnsafeBufferPointer<UInt32>, _ operations: UnsafeBufferPointer<Operation>,
        _ columns: inout ColumnSet, _ actor: inout Scratch<UInt32>, _ counter: inout Scratch<UInt32>
    ) {
        let keys = Scratch<UInt32>(capacity: order.count)
        for index in order.indices {
            let operation = operations[Int(order[index])]
            (actor.base[index], counter.base[index], keys.base[index]) = (absent, absent, absent)
            if !objects[Int(operation.object)].kind.isSequence {
                keys.base[index] = entries[operation.key].name
            } else if operation.key == Operation.head {
                counter.base[index] = 0
            } else {
                let element = operations[Int(operation.key)]
                actor.base[index] = rank(element)
                counter.base[index] = element.counter
            }
        }
        columns.add(Column.keyActor) { RunEncoding.uints(actor.base, count: order.count, to: &$0) }
        columns.addDeltas(Column.keyCounter, counter.base, order.count)
        writeNames(Column.keyName, keys.base, order.count, &columns)
    }

    private func writeNames(
        _ spec: UInt32, _ keys: UnsafePointer<UInt32>, _ count: Int, _ columns: inout ColumnSet
    ) {
        columns.add(spec) { writer in
            RunEncoding.runs(keys, count: count, absent: absent, to: &writer) { name, writer in
                names.withBytes(name) { writer.lengthPrefixed($0) }
            }
        }
    }

    private func writeIdentifiers(
        _ order: UnsafeBufferPointer<UInt32>, _ operations: UnsafeBufferPointer<Operation>,
        _ columns: inout ColumnSet, _ values: inout Scratch<UInt32>
    ) {
        for index in order.indices { values.base[index] = rank(operations[Int(order[index])]) }
        columns.add(Column.idActor) { RunEncoding.uints(values.base, count: order.count, to: &$0) }
        for index in order.indices { values.base[index] = operations[Int(order[index])].counter }
        columns.addDeltas(Column.idCounter, values.base, order.count)
    }

    private func writeSuccessors(
        _ order: UnsafeBufferPointer<UInt32>, _ operations: UnsafeBufferPointer<Operation>,
        _ columns: inout ColumnSet, _ counts: inout Scratch<UInt32>, _ counter: inout Scratch<UInt32>
    ) {
        var total = 0
        var actor = Scratch<UInt32>(capacity: order.count)
        for index in order.indices {
            let link = operations[Int(order[index])].successors
            guard let only = links.first(link) else {
                counts.base[index] = 0
                continue
            }
            let before = total
            func add(_ row: UInt32) {
                actor.ensure(total + 1, keeping: total)
                counter.ensure(total + 1, keeping: total)
                actor.base[total] = rank(operations[Int(row)])
                counter.base[total] = operations[Int(row)].counter
                total += 1
            }
            if only == link { add(only) } else { for row in sorted(link) { add(row) } }
            counts.base[index] = UInt32(total - before)
        }
        columns.add(Column.successorGroup) { RunEncoding.uints(counts.base, count: order.count, to: &$0) }
        columns.add(Column.successorActor) { RunEncoding.uints(actor.base, count: total, to: &$0) }
        columns.addDeltas(Column.successorCounter, counter.base, total)
    }

    private func writeMarks(
        _ order: UnsafeBufferPointer<UInt32>, _ operations: UnsafeBufferPointer<Operation>,
        _ columns: inout ColumnSet, _ keys: inout Scratch<UInt32>, _ flags: inout Scratch<Bool>
    ) {
        var anyExpands = false
        for index in order.indices {
            flags.base[index] = operations[Int(order[index])].expands
            anyExpands = anyExpands || flags.base[index]
        }
        if anyExpands {
            columns.add(Column.expand) { RunEncoding.booleans(flags.base, count: order.count, to: &$0) }
        }
        guard !markNames.isEmpty else { return }
        for index in order.indices { keys.base[index] = markNames[order[index]] ?? absent }
        writeNames(Column.markName, keys.base, order.count, &columns)
    }
}
