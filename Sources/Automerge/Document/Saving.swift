import Hashing

extension Document {
    /// The whole document with its history, and the changes that wait for others. Equal documents need not save to equal
    /// bytes: compare heads.
    public func save() -> [UInt8] {
        var bytes: [UInt8] = []
        var writer = ChangeWriter()
        if let foreign = store.foreign, let rest = try? save(since: foreign.heads) {
            bytes = foreign.chunk + rest
        } else if store.history.verbatim.isEmpty {
            if store.history.count > 0 || queue.isEmpty { bytes = store.documentChunk() }
        } else {
            let (plain, rest) = store.withoutVerbatim()
            if plain.history.count > 0 { bytes = plain.documentChunk() }
            for index in rest { bytes += store.change(index, &writer).bytes }
        }
        for change in queue.all { bytes += change.bytes }
        return bytes
    }

    /// What came since `heads`, to be put behind what was saved then.
    public func save(since heads: [ChangeHash]) throws(AutomergeError) -> [UInt8] {
        try changes(since: heads).flatMap(\.bytes)
    }
}

extension Store {
    /// The part of the document that one document chunk can hold, and the changes that it cannot: those that are written
    /// differently from how we would, and what depends on them.
    fileprivate func withoutVerbatim() -> (plain: Store, rest: [UInt32]) {
        var plain = Store()
        plain.limits = limits
        var excluded = Set<UInt32>()
        var rest: [UInt32] = []
        var reader = ChangeReader()
        var writer = ChangeWriter()
        for index in 0..<UInt32(history.count) {
            let dependsOnExcluded = history.dependencies(of: index).contains { excluded.contains($0) }
            if history.verbatim[index] == nil, !dependsOnExcluded,
                (try? plain.apply(change(index, &writer), &reader, &writer)) != nil
            {
                continue
            }
            excluded.insert(index)
            rest.append(index)
        }
        return (plain, rest)
    }

    func documentChunk() -> [UInt8] {
        var body = ByteWriter(capacity: 4_096)
        body.uleb(UInt64(actors.count))
        for index in actors.order { body.lengthPrefixed(actors.ids[Int(index)].bytes) }
        let heads = history.heads.sorted { history.hash(of: $0) < history.hash(of: $1) }
        body.uleb(UInt64(heads.count))
        for head in heads { withUnsafeBytes(of: history.hash(of: head)) { body.append($0) } }
        var changes = ColumnSet()
        writeChangeColumns(&changes)
        var operations = ColumnSet()
        writeOperationColumns(&operations)
        changes.writeTable(to: &body)
        operations.writeTable(to: &body)
        body.append(changes.bytes)
        body.append(operations.bytes)
        for head in heads { body.uleb(UInt64(head)) }
        var chunk = ByteWriter(capacity: body.count + 32)
        _ = Chunk.write(.document, body: body.bytes, to: &chunk)
        return chunk.array
    }

    private func writeChangeColumns(_ columns: inout ColumnSet) {
        let count = history.count
        var small = Scratch<UInt32>(capacity: count + 1)
        let wide = Scratch<Int64>(capacity: count + 1)
        let records = history.records
        for index in 0..<count { small.base[index] = actors.ranks[Int(records[index].actor)] }
        columns.add(Column.changeActor) { RunEncoding.uints(small.base, count: count, to: &$0) }
        for index in 0..<count { small.base[index] = history.sequence(of: UInt32(index)) }
        columns.addDeltas(Column.changeSequence, small.base, count)
        for index in 0..<count {
            let rows = history.rows(of: UInt32(index), total: operations.count).count
            small.base[index] = history.startOp(of: UInt32(index)) + UInt32(rows) - 1
        }
        columns.addDeltas(Column.changeMaxOp, small.base, count)
        for index in 0..<count { wide.base[index] = history.time(of: UInt32(index)) }
        columns.addWideDeltas(Column.changeTime, wide.base, count)
        if !history.messages.isEmpty {
            let messages = (0..<count).map { history.messages[UInt32($0)] }
            columns.add(Column.changeMessage) { writer in
                messages.withUnsafeBufferPointer { messages in
                    RunEncoding.runs(messages.baseAddress!, count: count, absent: nil, to: &writer) { text, writer in
                        writer.lengthPrefixed(Array((text ?? "").utf8))
                    }
                }
            }
        }
        writeDependencies(&columns, &small)
        for index in 0..<count {
            small.base[index] = UInt32(history.extras[UInt32(index)]?.count ?? 0) << 4 | ValueType.bytes
        }
        columns.add(Column.changeExtraMeta) { RunEncoding.uints(small.base, count: count, to: &$0) }
        columns.add(Column.changeExtraRaw) { writer in
            guard !history.extras.isEmpty else { return }
            for index in 0..<count { writer.append(history.extras[UInt32(index)] ?? []) }
        }
    }

    private func writeDependencies(_ columns: inout ColumnSet, _ small: inout Scratch<UInt32>) {
        let count = history.count
        var flat: [UInt32] = []
        flat.reserveCapacity(count)
        for index in 0..<count {
            let before = flat.count
            history.links.forEach(history.records[index].dependencies) { flat.append($0) }
            small.base[index] = UInt32(flat.count - before)
        }
        columns.add(Column.changeDependencyGroup) { RunEncoding.uints(small.base, count: count, to: &$0) }
        flat.withUnsafeBufferPointer { flat in
            guard let base = flat.baseAddress else { return }
            columns.addDeltas(Column.changeDependency, base, flat.count)
        }
    }
}

/// Columns under construction, the large ones deflated.
struct ColumnSet: ~Copyable {
    private var writer = ByteWriter(capacity: 4_096)
    private var table: [(spec: UInt32, length: Int)] = []
    private var differences = Scratch<Int64>()

    var bytes: UnsafeRawBufferPointer { writer.bytes }

    mutating func add(_ spec: UInt32, _ write: (inout ByteWriter) -> Void) {
        let start = writer.count
        write(&writer)
        end(spec, from: start)
    }

    mutating func addDeltas(_ spec: UInt32, _ values: UnsafePointer<UInt32>, _ count: Int) {
        let start = writer.count
        RunEncoding.deltas(values, count: count, through: &differences, to: &writer)
        end(spec, from: start)
    }

    mutating func addWideDeltas(_ spec: UInt32, _ values: UnsafePointer<Int64>, _ count: Int) {
        let start = writer.count
        RunEncoding.wideDeltas(values, count: count, through: &differences, to: &writer)
        end(spec, from: start)
    }

    private mutating func end(_ spec: UInt32, from start: Int) {
        let length = writer.count - start
        guard length > 0 else { return }
        guard length >= Chunk.deflateThreshold else { return table.append((spec, length)) }
        let deflated = Deflate.compress(UnsafeRawBufferPointer(rebasing: writer.bytes[start...]))
        guard let deflated, deflated.count < length else { return table.append((spec, length)) }
        writer.truncate(to: start)
        writer.append(deflated)
        table.append((spec | Column.deflated, deflated.count))
    }

    borrowing func writeTable(to body: inout ByteWriter) {
        body.uleb(UInt64(table.count))
        for column in table {
            body.uleb(UInt64(column.spec))
            body.uleb(UInt64(column.length))
        }
    }
}
