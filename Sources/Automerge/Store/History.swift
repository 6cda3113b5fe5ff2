/// The changes, in an order in which each comes after what it depends on.
struct History {
    struct Record {
        var hash: ChangeHash
        var time: Int64
        var actor: UInt32
        var sequence: UInt32
        var startOp: UInt32
        var firstRow: UInt32
        /// The changes it depends on, in the order of their hashes; see `Links`.
        var dependencies: UInt32
    }

    /// Operations of one actor whose counters and rows go on without a gap.
    private struct Run {
        var counter: UInt32
        var row: UInt32
        var count: UInt32
    }

    private(set) var records: [Record] = []
    private(set) var links = Links()
    private var table = IndexTable()
    /// The changes of each actor, by sequence number from 1.
    private(set) var byActor: [[UInt32]] = []
    private var runs: [[Run]] = []
    /// The changes on which none depends.
    private(set) var heads: [UInt32] = []
    private(set) var messages: [UInt32: String] = [:]
    private(set) var extras: [UInt32: [UInt8]] = [:]
    /// Changes that we would not write byte for byte as they came: kept as they came.
    private(set) var verbatim: [UInt32: [UInt8]] = [:]
    private(set) var greatestOp: UInt32 = 0

    var count: Int { records.count }
    var byteCount: Int {
        records.capacity * MemoryLayout<Record>.stride + table.byteCount + links.byteCount
            + byActor.reduce(0) { $0 + $1.capacity * 4 } + runs.reduce(0) { $0 + $1.capacity * 12 }
    }

    @inline(__always)
    private static func tableHash(_ hash: ChangeHash) -> Int {
        withUnsafeBytes(of: hash) { $0.load(fromByteOffset: 8, as: Int.self) }
    }

    @inline(__always)
    func find(_ hash: ChangeHash) -> UInt32? {
        table.find(History.tableHash(hash)) { records[Int($0)].hash == hash }
    }

    func lastSequence(of actor: Int) -> Int { actor < byActor.count ? byActor[actor].count : 0 }

    func hashes(_ indexes: [UInt32]) -> [ChangeHash] { indexes.map { records[Int($0)].hash } }

    func rows(of change: UInt32, total: Int) -> Range<Int> {
        let next = Int(change) + 1
        return Int(records[Int(change)].firstRow)..<(next < records.count ? Int(records[next].firstRow) : total)
    }

    func dependencies(of change: UInt32) -> [UInt32] { links.rows(records[Int(change)].dependencies) }

    /// The change to which a row belongs.
    func change(ofRow row: UInt32) -> UInt32 {
        var (low, high) = (0, records.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if records[middle].firstRow <= row { low = middle } else { high = middle }
        }
        return UInt32(low)
    }

    /// The row of an operation that some change brought.
    @inline(__always)
    func row(counter: UInt32, actor: Int) -> UInt32? {
        guard actor < runs.count else { return nil }
        let runs = runs[actor]
        // The newest run first: it is the one that is worked on.
        guard let last = runs.last else { return nil }
        if counter >= last.counter {
            return counter - last.counter < last.count ? last.row + (counter - last.counter) : nil
        }
        var (low, high) = (0, runs.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if runs[middle].counter <= counter { low = middle } else { high = middle }
        }
        let run = runs[low]
        guard counter >= run.counter, counter - run.counter < run.count else { return nil }
        return run.row + (counter - run.counter)
    }

    struct Details {
        var message: String?
        var extra: [UInt8] = []
        var verbatim: [UInt8]?
    }

    /// Adds a change whose `rowCount` operations are in place. `dependencies` are in the order of their hashes.
    mutating func append(_ record: Record, dependencies: [UInt32], rowCount: Int, _ details: Details) {
        var record = record
        record.dependencies = Links.none
        for index in dependencies.reversed() { record.dependencies = links.push(index, on: record.dependencies) }
        let index = UInt32(records.count)
        records.append(record)
        table.insert(index, hash: History.tableHash(record.hash)) { [records] in
            History.tableHash(records[Int($0)].hash)
        }
        addToActor(index, record, rowCount)
        dependencies.withUnsafeBufferPointer { addHead(index, $0) }
        if rowCount > 0 { greatestOp = max(greatestOp, record.startOp + UInt32(rowCount) - 1) }
        if let message = details.message { messages[index] = message }
        if !details.extra.isEmpty { extras[index] = details.extra }
        if let bytes = details.verbatim { verbatim[index] = bytes }
    }

    /// Adds a change of a document whose hash is not known yet; `setHash` must follow for each in turn.
    mutating func appendUnhashed(_ record: Record, rowCount: Int) {
        records.append(record)
        addToActor(UInt32(records.count - 1), record, rowCount)
        if rowCount > 0 { greatestOp = max(greatestOp, record.startOp + UInt32(rowCount) - 1) }
    }

    /// Completes the change at `index`, all before it being complete.
    mutating func setHash(
        _ hash: ChangeHash, of index: UInt32, dependencies: UnsafeBufferPointer<UInt32>, _ details: Details
    ) {
        var link = Links.none
        for dependency in dependencies.reversed() { link = links.push(dependency, on: link) }
        records[Int(index)].dependencies = link
        records[Int(index)].hash = hash
        table.insert(index, hash: History.tableHash(hash)) { [records] in History.tableHash(records[Int($0)].hash) }
        addHead(index, dependencies)
        if let message = details.message { messages[index] = message }
        if !details.extra.isEmpty { extras[index] = details.extra }
    }

    private mutating func addHead(_ index: UInt32, _ dependencies: UnsafeBufferPointer<UInt32>) {
        if heads.count == 1, dependencies.count == 1, heads[0] == dependencies[0] {
            heads[0] = index
        } else {
            heads.removeAll { dependencies.contains($0) }
            heads.append(index)
        }
    }

    private mutating func addToActor(_ index: UInt32, _ record: Record, _ rowCount: Int) {
        let actor = Int(record.actor)
        while byActor.count <= actor {
            byActor.append([])
            runs.append([])
        }
        byActor[actor].append(index)
        guard rowCount > 0 else { return }
        let end = runs[actor].count - 1
        if end >= 0, runs[actor][end].counter + runs[actor][end].count == record.startOp,
            runs[actor][end].row + runs[actor][end].count == record.firstRow
        {
            runs[actor][end].count += UInt32(rowCount)
        } else {
            runs[actor].append(Run(counter: record.startOp, row: record.firstRow, count: UInt32(rowCount)))
        }
    }

    /// Takes out the change added last, which had `rowCount` operations.
    mutating func removeLast(rowCount: Int, heads: [UInt32], greatestOp: UInt32) {
        guard let record = records.popLast() else { return }
        let index = UInt32(records.count)
        table.removeLast(index, hash: History.tableHash(record.hash))
        byActor[Int(record.actor)].removeLast()
        if rowCount > 0 {
            let end = runs[Int(record.actor)].count - 1
            runs[Int(record.actor)][end].count -= UInt32(rowCount)
            if runs[Int(record.actor)][end].count == 0 { runs[Int(record.actor)].removeLast() }
        }
        var rest = record.dependencies
        while rest != Links.none { rest = links.pop(rest) }
        messages[index] = nil
        extras[index] = nil
        verbatim[index] = nil
        self.heads = heads
        self.greatestOp = greatestOp
    }

    /// Makes room for a history whose size is known.
    mutating func reserve(_ changes: Int) {
        records.reserveCapacity(changes)
        table.reserve(changes) { _ in 0 }
    }

    /// The changes that are neither among `have` nor before them, in order.
    func since(_ have: [UInt32]) -> [UInt32] {
        if have.count == heads.count, Set(have) == Set(heads) { return [] }
        // Per change: 1 if wanted, 2 if the other side has it. What a change depends on has a lower index.
        var marks = [UInt8](repeating: 0, count: records.count)
        var open = 0
        for head in heads {
            marks[Int(head)] = 1
            open += 1
        }
        for index in have {
            if marks[Int(index)] == 1 { open -= 1 }
            marks[Int(index)] = 2
        }
        var result: [UInt32] = []
        var index = records.count - 1
        while index >= 0, open > 0 {
            let mark = marks[index]
            if mark != 0 {
                if mark == 1 {
                    open -= 1
                    result.append(UInt32(index))
                }
                links.forEach(records[index].dependencies) { dependency in
                    let old = marks[Int(dependency)]
                    guard mark > old else { return }
                    if old == 0, mark == 1 { open += 1 }
                    if old == 1 { open -= 1 }
                    marks[Int(dependency)] = mark
                }
            }
            index -= 1
        }
        return result.reversed()
    }
}
