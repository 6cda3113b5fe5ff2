extension Store {
    /// Adds an operation whose fields are checked, and shows its effect. `predecessors` are in the order of their ids.
    /// An insert goes behind the element `operation.key`, at `position` if the caller knows that nothing greater is there.
    @inline(__always)
    mutating func append(
        _ operation: Operation, predecessors: UnsafeBufferPointer<UInt32>, position known: Sequences.Position? = nil
    ) {
        let row = UInt32(operations.count)
        var operation = operation
        if operation.makesObject {
            operation.valueBits = UInt32(objects.count)
            objects.append(
                Object(
                    row: row, kind: Action.kind(madeBy: operation.action) ?? .map,
                    depth: objects[Int(operation.object)].depth + 1))
        }
        var index = predecessors.count
        while index > 0 {
            index -= 1
            operation.predecessors = links.push(predecessors[index], on: operation.predecessors)
        }
        operations.append(operation)
        let object = Int(operation.object)
        if operation.isInsert {
            insert(row, operation, object, known)
        } else if objects[object].kind.isSequence {
            let position = known ?? position(ofElement: operation.key)
            let old = visible(atElement: operation.key, position)
            let new = replace(old, by: row, operation, predecessors)
            if new != old { setVisible(new, atElement: operation.key, position, object) }
        } else {
            let old = entries[operation.key].visible
            entries[operation.key].visible = replace(old, by: row, operation, predecessors)
        }
    }

    @inline(__always)
    private mutating func insert(
        _ row: UInt32, _ operation: Operation, _ object: Int, _ known: Sequences.Position?
    ) {
        if operation.action == Action.mark { objects[object].marks += 1 }
        let position = known ?? place(for: operation, object)
        sequences.insert(
            row, at: position, visible: operation.isValue, into: &objects[object].sequence, &operations)
    }

    /// Behind the element to insert after, and behind what others put there with a greater id.
    private mutating func place(for operation: Operation, _ object: Int) -> Sequences.Position {
        var position: Sequences.Position
        if operation.key == Operation.head {
            position = sequences.begin(&objects[object].sequence)
        } else {
            position = self.position(ofElement: operation.key)
            position.index += 1
        }
        while true {
            if position.index >= Int(sequences.leaves[position.leaf].count) {
                var next = sequences.leaves[position.leaf].next
                while next != Sequences.none, sequences.leaves[Int(next)].count == 0 {
                    next = sequences.leaves[Int(next)].next
                }
                guard next != Sequences.none else { return position }
                let other = sequences.rows[Int(next) * Sequences.leafSize]
                guard actors.isLess(operation.id, operations[Int(other)].id) else { return position }
                position = Sequences.Position(leaf: Int(next), index: 1)
            } else {
                guard actors.isLess(operation.id, operations[Int(sequences.row(at: position))].id) else {
                    return position
                }
                position.index += 1
            }
        }
    }

    /// What is visible at a key once `row` has replaced its predecessors there.
    @inline(__always)
    private mutating func replace(
        _ old: UInt32, by row: UInt32, _ operation: Operation, _ predecessors: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var visible = old
        let amount = operation.action == Action.increment ? integer(row) : nil
        for predecessor in predecessors {
            let index = Int(predecessor)
            operations[index].successors = links.push(row, on: operations[index].successors)
            if let amount, operations[index].isCounter {
                counterSums[predecessor, default: 0] &+= amount
            } else {
                visible = links.remove(predecessor, from: visible)
            }
        }
        return operation.isValue ? links.push(row, on: visible) : visible
    }

    private mutating func setVisible(
        _ visible: UInt32, atElement element: UInt32, _ position: Sequences.Position, _ object: Int
    ) {
        if visible == element || visible == Links.none {
            if !elementValues.isEmpty { elementValues[element] = nil }
        } else {
            elementValues[element] = visible
        }
        sequences.setVisible(visible != Links.none, at: position, in: &objects[object].sequence)
    }

    /// The amount of an increment.
    func integer(_ row: UInt32) -> Int64? {
        switch scalar(row) {
        case .int(let value): value
        case .uint(let value): Int64(truncatingIfNeeded: value)
        default: nil
        }
    }

    // MARK: Taking back

    /// How far everything reached at some moment.
    struct Mark {
        var rows: Int
        var values: Int
        var names: Int
        var entries: Int
        var actors: Int
        var changes: Int
        var heads: [UInt32]
        var greatestOp: UInt32
    }

    var mark: Mark {
        Mark(
            rows: operations.count, values: values.count, names: names.count, entries: entries.count,
            actors: actors.count, changes: history.count, heads: history.heads, greatestOp: history.greatestOp)
    }

    /// Makes the document what it was at `mark`.
    mutating func rewind(to mark: Mark) {
        while operations.count > openRow, openActor >= 0 { removeLastOperation() }
        openActor = -1
        while history.count > mark.changes {
            let rows = history.rows(of: UInt32(history.count - 1), total: operations.count)
            while operations.count > rows.lowerBound { removeLastOperation() }
            history.removeLast(rowCount: rows.count, heads: mark.heads, greatestOp: mark.greatestOp)
        }
        values.removeLast(values.count - mark.values)
        while entries.count > mark.entries {
            // The object itself may be gone already.
            entries.removeLast { entry in
                if Int(entry.object) < objects.count { objects[Int(entry.object)].firstEntry = entry.next }
            }
        }
        names.truncate(to: mark.names)
        actors.truncate(to: mark.actors)
    }

    private mutating func removeLastOperation() {
        let row = UInt32(operations.count - 1)
        let operation = operations[Int(row)]
        let object = Int(operation.object)
        if operation.isInsert {
            if operation.action == Action.mark {
                objects[object].marks -= 1
                markNames[row] = nil
            }
            sequences.remove(at: position(ofElement: row), from: &objects[object].sequence)
        } else if objects[object].kind.isSequence {
            let position = position(ofElement: operation.key)
            let old = visible(atElement: operation.key, position)
            let new = restore(old, without: row, operation)
            if new != old { setVisible(new, atElement: operation.key, position, object) }
        } else {
            entries[operation.key].visible = restore(entries[operation.key].visible, without: row, operation)
        }
        if operation.makesObject { objects.removeLast() }
        var rest = operation.predecessors
        while rest != Links.none { rest = links.pop(rest) }
        operations.removeLast()
    }

    private mutating func restore(_ visible: UInt32, without row: UInt32, _ operation: Operation) -> UInt32 {
        var visible = operation.isValue ? links.remove(row, from: visible) : visible
        let amount = operation.action == Action.increment ? integer(row) : nil
        for predecessor in links.rows(operation.predecessors) {
            let index = Int(predecessor)
            operations[index].successors = links.pop(operations[index].successors)
            if let amount, operations[index].isCounter {
                counterSums[predecessor, default: 0] &-= amount
            } else if operations[index].isValue, !isHidden(predecessor) {
                visible = links.push(predecessor, on: visible)
            }
        }
        return visible
    }
}
