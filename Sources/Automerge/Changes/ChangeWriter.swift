import Hashing

/// Writes changes as the format has them. It keeps its buffers, so that many are written quickly one after another.
struct ChangeWriter: ~Copyable {
    /// What is not in the operations.
    struct Header {
        var actor: Int
        var sequence: UInt32
        var startOp: UInt32
        var time: Int64
        var message: String?
        var dependencies: [ChangeHash]
        var extra: [UInt8]
    }

    // Magic bytes, checksum, type and length go in front of the body once its length is known.
    private static let room = 4 + 4 + 1 + 10

    private var writer = ByteWriter(capacity: 1_024)
    private var columns = ByteWriter(capacity: 1_024)
    private var table: [(spec: UInt32, length: Int)] = []
    private var first = Scratch<UInt32>()
    private var second = Scratch<UInt32>()
    private var names = Scratch<UInt32>()
    private var flags = Scratch<Bool>()
    private var differences = Scratch<Int64>()
    /// Per actor of the document: its index within the change.
    private var local: [UInt32] = []
    private var others: [UInt32] = []
    private var author = -1

    /// From the magic bytes to the end; what `write` wrote last.
    private var start = 0
    private(set) var hash = ChangeHash.zero
    var chunk: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: writer.bytes[start...]) }

    /// Writes the operations in `rows` as one change.
    mutating func write(_ header: Header, rows: Range<Int>, of store: borrowing Store) {
        collectActors(header.actor, rows, store)
        writer.removeAll()
        writer.reserve(ChangeWriter.room)
        for _ in 0..<ChangeWriter.room { writer.byte(0) }
        writer.uleb(UInt64(header.dependencies.count))
        for hash in header.dependencies { withUnsafeBytes(of: hash) { writer.append($0) } }
        writer.lengthPrefixed(store.actors.ids[header.actor].bytes)
        writer.uleb(UInt64(header.sequence))
        writer.uleb(UInt64(header.startOp))
        writer.leb(header.time)
        if var message = header.message {
            message.withUTF8 { writer.lengthPrefixed(UnsafeRawBufferPointer($0)) }
        } else {
            writer.byte(0)
        }
        writer.uleb(UInt64(others.count))
        for other in others { writer.lengthPrefixed(store.actors.ids[Int(other)].bytes) }
        columns.removeAll()
        table.removeAll(keepingCapacity: true)
        store.operations.withUnsafeBufferPointer { operations in
            writeColumns(UnsafeBufferPointer(rebasing: operations[rows]), operations, store)
        }
        writer.uleb(UInt64(table.count))
        for column in table {
            writer.uleb(UInt64(column.spec))
            writer.uleb(UInt64(column.length))
        }
        writer.append(columns.bytes)
        writer.append(header.extra)
        close()
    }

    private mutating func close() {
        let body = writer.count - ChangeWriter.room
        var digits = 1
        while body >> (7 * digits) != 0 { digits += 1 }
        start = ChangeWriter.room - digits - 9
        for index in 0..<4 { writer.base[start + index] = Chunk.magic[index] }
        writer.base[start + 8] = Chunk.Kind.change.rawValue
        for index in 0..<digits {
            let more: UInt8 = index + 1 < digits ? 0x80 : 0
            writer.base[start + 9 + index] = UInt8(truncatingIfNeeded: body >> (7 * index)) & 0x7f | more
        }
        hash = SHA256.hash(UnsafeRawBufferPointer(rebasing: writer.bytes[(start + 8)...]))
        writer.overwrite(at: start + 4, with: Chunk.checksum(of: hash))
    }

    /// The actors named besides the author, in the order of their bytes, and everybody's index within the change.
    private mutating func collectActors(_ author: Int, _ rows: Range<Int>, _ store: borrowing Store) {
        for other in others { local[Int(other)] = absent }
        if self.author >= 0 { local[self.author] = absent }
        self.author = author
        others.removeAll(keepingCapacity: true)
        while local.count < store.actors.count { local.append(absent) }
        local[author] = 0
        for row in rows {
            let operation = store.operations[row]
            if operation.object != 0 {
                note(store.operations[Int(store.objects[Int(operation.object)].row)].actor)
            }
            if operation.key != Operation.head, store.objects[Int(operation.object)].kind.isSequence {
                note(store.operations[Int(operation.key)].actor)
            }
            if operation.predecessors != Links.none {
                store.links.forEach(operation.predecessors) { note(store.operations[Int($0)].actor) }
            }
        }
        if others.count > 1 { others.sort { store.actors.ranks[Int($0)] < store.actors.ranks[Int($1)] } }
        for (index, other) in others.enumerated() { local[Int(other)] = UInt32(index + 1) }
    }

    @inline(__always)
    private mutating func note(_ actor: Int) {
        guard local[actor] == absent else { return }
        local[actor] = absent - 1
        others.append(UInt32(actor))
    }

    /// Ends a column: lists it unless it is empty.
    @inline(__always)
    private mutating func end(_ spec: UInt32, from start: Int) {
        if columns.count > start { table.append((spec, columns.count - start)) }
    }

    private mutating func writeColumns(
        _ slice: UnsafeBufferPointer<Operation>, _ all: UnsafeBufferPointer<Operation>, _ store: borrowing Store
    ) {
        let count = slice.count
        first.ensure(count)
        second.ensure(count)
        names.ensure(count)
        flags.ensure(count)
        guard count > 0 else { return }
        writeObjects(slice, all, store)
        writeKeys(slice, all, store)
        for index in 0..<count { flags.base[index] = slice[index].isInsert }
        var start = columns.count
        RunEncoding.booleans(flags.base, count: count, to: &columns)
        end(Column.insert, from: start)
        for index in 0..<count { first.base[index] = UInt32(slice[index].action) }
        start = columns.count
        RunEncoding.uints(first.base, count: count, to: &columns)
        end(Column.action, from: start)
        writeValues(slice, store)
        writePredecessors(slice, all, store)
        if slice.contains(where: { $0.action == Action.mark }) { writeMarks(slice, all, store) }
    }

    private mutating func writeObjects(
        _ slice: UnsafeBufferPointer<Operation>, _ all: UnsafeBufferPointer<Operation>, _ store: borrowing Store
    ) {
        var anyObject = false
        for index in slice.indices {
            let object = slice[index].object
            if object == 0 {
                first.base[index] = absent
                second.base[index] = absent
            } else {
                let maker = all[Int(store.objects[Int(object)].row)]
                first.base[index] = local[maker.actor]
                second.base[index] = maker.counter
                anyObject = true
            }
        }
        guard anyObject else { return }
        var start = columns.count
        RunEncoding.uints(first.base, count: slice.count, to: &columns)
        end(Column.objectActor, from: start)
        start = columns.count
        RunEncoding.uints(second.base, count: slice.count, to: &columns)
        end(Column.objectCounter, from: start)
    }

    private mutating func writeKeys(
        _ slice: UnsafeBufferPointer<Operation>, _ all: UnsafeBufferPointer<Operation>, _ store: borrowing Store
    ) {
        var (anyName, anyElement) = (false, false)
        for index in slice.indices {
            let operation = slice[index]
            (first.base[index], second.base[index], names.base[index]) = (absent, absent, absent)
            if !store.objects[Int(operation.object)].kind.isSequence {
                names.base[index] = store.entries[operation.key].name
                anyName = true
            } else {
                anyElement = true
                if operation.key == Operation.head {
                    second.base[index] = 0
                } else {
                    let element = all[Int(operation.key)]
                    first.base[index] = local[element.actor]
                    second.base[index] = element.counter
                }
            }
        }
        if anyElement {
            var start = columns.count
            RunEncoding.uints(first.base, count: slice.count, to: &columns)
            end(Column.keyActor, from: start)
            start = columns.count
            RunEncoding.deltas(second.base, count: slice.count, through: &differences, to: &columns)
            end(Column.keyCounter, from: start)
        }
        if anyName { writeNames(count: slice.count, Column.keyName, store) }
    }

    private mutating func writeNames(count: Int, _ spec: UInt32, _ store: borrowing Store) {
        let start = columns.count
        RunEncoding.runs(names.base, count: count, absent: absent, to: &columns) { name, columns in
            store.names.withBytes(name) { columns.lengthPrefixed($0) }
        }
        end(spec, from: start)
    }

    private mutating func writeValues(_ slice: UnsafeBufferPointer<Operation>, _ store: borrowing Store) {
        for index in slice.indices { first.base[index] = slice[index].valueMeta }
        var start = columns.count
        RunEncoding.uints(first.base, count: slice.count, to: &columns)
        end(Column.valueMeta, from: start)
        start = columns.count
        store.values.withUnsafeBytes { values in
            for operation in slice { columns.appendValue(of: operation, values) }
        }
        end(Column.valueRaw, from: start)
    }

    private mutating func writePredecessors(
        _ slice: UnsafeBufferPointer<Operation>, _ all: UnsafeBufferPointer<Operation>, _ store: borrowing Store
    ) {
        var total = 0
        for index in slice.indices {
            let before = total
            let link = slice[index].predecessors
            if link != Links.none {
                store.links.forEach(link) { row in
                    names.ensure(total + 1, keeping: total)
                    second.ensure(total + 1, keeping: total)
                    names.base[total] = local[all[Int(row)].actor]
                    second.base[total] = all[Int(row)].counter
                    total += 1
                }
            }
            first.base[index] = UInt32(total - before)
        }
        var start = columns.count
        RunEncoding.uints(first.base, count: slice.count, to: &columns)
        end(Column.predecessorGroup, from: start)
        start = columns.count
        RunEncoding.uints(names.base, count: total, to: &columns)
        end(Column.predecessorActor, from: start)
        start = columns.count
        RunEncoding.deltas(second.base, count: total, through: &differences, to: &columns)
        end(Column.predecessorCounter, from: start)
    }

    private mutating func writeMarks(
        _ slice: UnsafeBufferPointer<Operation>, _ all: UnsafeBufferPointer<Operation>, _ store: borrowing Store
    ) {
        var anyExpands = false
        for index in slice.indices {
            flags.base[index] = slice[index].expands
            anyExpands = anyExpands || slice[index].expands
        }
        if anyExpands {
            let start = columns.count
            RunEncoding.booleans(flags.base, count: slice.count, to: &columns)
            end(Column.expand, from: start)
        }
        let rowBase = slice.baseAddress! - all.baseAddress!
        names.ensure(slice.count)
        for index in slice.indices { names.base[index] = store.markNames[UInt32(rowBase + index)] ?? absent }
        writeNames(count: slice.count, Column.markName, store)
    }
}

extension ByteWriter {
    /// The bytes of an operation's value, which lie in it or in `values`.
    @inline(__always)
    mutating func appendValue(of operation: Operation, _ values: UnsafeRawBufferPointer) {
        let length = operation.valueLength
        if length == 0 { return }
        if length <= 4 {
            reserve(4)
            for index in 0..<length { byte(UInt8(truncatingIfNeeded: operation.valueBits >> (8 * UInt32(index)))) }
        } else {
            let start = Int(operation.valueBits)
            append(UnsafeRawBufferPointer(rebasing: values[start..<(start + length)]))
        }
    }
}
