/// The operations of a document in the order of the format: object by object, in maps key by key, in sequences element
/// by element. Deletes are left out; they show as successors.
extension Store {
    func writeOperationColumns(_ columns: inout ColumnSet) {
        let order = documentOrder()
        guard !order.isEmpty else { return }
        var rows = OperationColumns(count: order.count)
        order.withUnsafeBufferPointer { rows.gather($0, self) }
        rows.write(to: &columns, self)
        order.withUnsafeBufferPointer { order in
            columns.add(Column.valueRaw) { writer in
                values.withUnsafeBytes { values in
                    operations.withUnsafeBufferPointer { operations in
                        for row in order { writer.appendValue(of: operations[Int(row)], values) }
                    }
                }
            }
            rows.writeSuccessors(order, to: &columns, self)
            rows.writeMarks(order, to: &columns, self)
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
}
