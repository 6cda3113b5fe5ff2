/// The columns of a document's operations as plain numbers: gathered in one walk over the rows, then written one by one.
struct OperationColumns: ~Copyable {
    private let count: Int
    private let objectActor: Scratch<UInt32>
    private let objectCounter: Scratch<UInt32>
    private let keyActor: Scratch<UInt32>
    private let keyCounter: Scratch<UInt32>
    private let keyName: Scratch<UInt32>
    private let idActor: Scratch<UInt32>
    private let idCounter: Scratch<UInt32>
    private let action: Scratch<UInt32>
    private let valueMeta: Scratch<UInt32>
    private let flags: Scratch<Bool>

    init(count: Int) {
        self.count = count
        objectActor = Scratch(capacity: count)
        objectCounter = Scratch(capacity: count)
        keyActor = Scratch(capacity: count)
        keyCounter = Scratch(capacity: count)
        keyName = Scratch(capacity: count)
        idActor = Scratch(capacity: count)
        idCounter = Scratch(capacity: count)
        action = Scratch(capacity: count)
        valueMeta = Scratch(capacity: count)
        flags = Scratch(capacity: count)
    }

    mutating func gather(_ order: UnsafeBufferPointer<UInt32>, _ store: borrowing Store) {
        store.operations.withUnsafeBufferPointer { operations in
            store.actors.ranks.withUnsafeBufferPointer { ranks in
                var object = absent
                var makerActor = absent
                var makerCounter = absent
                var isSequence = false
                for index in order.indices {
                    let operation = operations[Int(order[index])]
                    if operation.object != object {
                        object = operation.object
                        isSequence = store.objects[Int(object)].kind.isSequence
                        (makerActor, makerCounter) = (absent, absent)
                        if object != 0 {
                            let maker = operations[Int(store.objects[Int(object)].row)]
                            (makerActor, makerCounter) = (ranks[maker.actor], maker.counter)
                        }
                    }
                    objectActor.base[index] = makerActor
                    objectCounter.base[index] = makerCounter
                    (keyActor.base[index], keyCounter.base[index], keyName.base[index]) = (absent, absent, absent)
                    if !isSequence {
                        keyName.base[index] = store.entries[operation.key].name
                    } else if operation.key == Operation.head {
                        keyCounter.base[index] = 0
                    } else {
                        let element = operations[Int(operation.key)].id
                        keyActor.base[index] = ranks[Int(UInt32(truncatingIfNeeded: element))]
                        keyCounter.base[index] = UInt32(truncatingIfNeeded: element >> 32)
                    }
                    idActor.base[index] = ranks[operation.actor]
                    idCounter.base[index] = operation.counter
                    action.base[index] = UInt32(operation.action)
                    valueMeta.base[index] = operation.valueMeta
                    flags.base[index] = operation.isInsert
                }
            }
        }
    }

    borrowing func write(to columns: inout ColumnSet, _ store: borrowing Store) {
        columns.add(Column.objectActor) { RunEncoding.uints(objectActor.base, count: count, to: &$0) }
        columns.add(Column.objectCounter) { RunEncoding.uints(objectCounter.base, count: count, to: &$0) }
        columns.add(Column.keyActor) { RunEncoding.uints(keyActor.base, count: count, to: &$0) }
        columns.addDeltas(Column.keyCounter, keyCounter.base, count)
        writeNames(Column.keyName, to: &columns, store)
        columns.add(Column.idActor) { RunEncoding.uints(idActor.base, count: count, to: &$0) }
        columns.addDeltas(Column.idCounter, idCounter.base, count)
        columns.add(Column.insert) { RunEncoding.booleans(flags.base, count: count, to: &$0) }
        columns.add(Column.action) { RunEncoding.uints(action.base, count: count, to: &$0) }
        columns.add(Column.valueMeta) { RunEncoding.uints(valueMeta.base, count: count, to: &$0) }
    }

    private borrowing func writeNames(_ spec: UInt32, to columns: inout ColumnSet, _ store: borrowing Store) {
        columns.add(spec) { writer in
            RunEncoding.runs(keyName.base, count: count, absent: absent, to: &writer) { name, writer in
                store.names.withBytes(name) { writer.lengthPrefixed($0) }
            }
        }
    }

    /// The ids of what replaced each operation, in their order; deletes among them.
    mutating func writeSuccessors(
        _ order: UnsafeBufferPointer<UInt32>, to columns: inout ColumnSet, _ store: borrowing Store
    ) {
        var total = 0
        var actor = Scratch<UInt32>(capacity: count)
        var counter = Scratch<UInt32>(capacity: count)
        for index in order.indices {
            let link = store.operations[Int(order[index])].successors
            guard let only = store.links.first(link) else {
                action.base[index] = 0
                continue
            }
            let rows = only == link ? nil : store.sorted(link)
            let number = rows?.count ?? 1
            actor.ensure(total + number, keeping: total)
            counter.ensure(total + number, keeping: total)
            for place in 0..<number {
                let next = store.operations[Int(rows?[place] ?? only)]
                actor.base[total + place] = store.actors.ranks[next.actor]
                counter.base[total + place] = next.counter
            }
            total += number
            action.base[index] = UInt32(number)
        }
        columns.add(Column.successorGroup) { RunEncoding.uints(action.base, count: count, to: &$0) }
        columns.add(Column.successorActor) { RunEncoding.uints(actor.base, count: total, to: &$0) }
        columns.addDeltas(Column.successorCounter, counter.base, total)
    }

    mutating func writeMarks(
        _ order: UnsafeBufferPointer<UInt32>, to columns: inout ColumnSet, _ store: borrowing Store
    ) {
        guard store.objects.contains(where: { $0.marks > 0 }) else { return }
        var anyExpands = false
        for index in order.indices {
            flags.base[index] = store.operations[Int(order[index])].expands
            anyExpands = anyExpands || flags.base[index]
            keyName.base[index] = store.markNames[order[index]] ?? absent
        }
        if anyExpands { columns.add(Column.expand) { RunEncoding.booleans(flags.base, count: count, to: &$0) } }
        writeNames(Column.markName, to: &columns, store)
    }
}
