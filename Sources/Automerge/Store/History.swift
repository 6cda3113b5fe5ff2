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

    /// What is kept of a record beside its hash. The rest follows from the runs, or stands in dictionaries of rare things.
    struct Compact {
        var actor: UInt32
        var firstRow: UInt32
        var dependencies: UInt32
    }

    /// Changes of one actor that follow each other here, too.
    private struct Stretch {
        var sequence: UInt32
        var index: UInt32
        var count: UInt32
    }

    private var allHashes: [ChangeHash] = []
    private(set) var records: [Compact] = []
    /// None as long as all are 0.
    private var times: [Int64] = []
    /// The first counters of changes without operations.
    private var emptyStarts: [UInt32: UInt32] = [:]
    private(set) var links = Links()
    private var table = IndexTable()
    private var stretches: [[Stretch]] = []
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
        records.capacity * MemoryLayout<Compact>.stride + allHashes.capacity * ChangeHash.count + times.capacity * 8
            + table.byteCount + links.byteCount + emptyStarts.capacity * 12
            + stretches.reduce(0) { $0 + $1.capacity * 12 } + runs.reduce(0) { $0 + $1.capacity * 12 }
    }

    @inline(__always)
    private static func tableHash(_ hash: ChangeHash) -> Int {
        withUnsafeBytes(of: hash) { $0.load(fromByteOffset: 8, as: Int.self) }
    }

    @inline(__always)
    func find(_ hash: ChangeHash) -> UInt32? {
        table.find(History.tableHash(hash)) { allHashes[Int($0)] == hash }
    }

    func lastSequence(of actor: Int) -> Int {
        guard actor < stretches.count, let last = stretches[actor].last else { return 0 }
        return Int(last.sequence + last.count) - 1
    }

    /// An actor's newest change.
    func lastChange(of actor: Int) -> UInt32? {
        guard actor < stretches.count, let last = stretches[actor].last else { return nil }
        return last.index + last.count - 1
    }

    @inline(__always)
    func hash(of index: UInt32) -> ChangeHash { allHashes[Int(index)] }

    func hashes(_ indexes: [UInt32]) -> [ChangeHash] { indexes.map { allHashes[Int($0)] } }

    func time(of index: UInt32) -> Int64 { times.isEmpty ? 0 : times[Int(index)] }

    func sequence(of index: UInt32) -> UInt32 {
        let stretches = stretches[Int(records[Int(index)].actor)]
        let stretch = stretches[History.last(stretches.count) { stretches[$0].index <= index }]
        return stretch.sequence + (index - stretch.index)
    }

    func startOp(of index: UInt32) -> UInt32 {
        if !emptyStarts.isEmpty, let start = emptyStarts[index] { return start }
        let record = records[Int(index)]
        let runs = runs[Int(record.actor)]
        let run = runs[History.last(runs.count) { runs[$0].row <= record.firstRow }]
        return run.counter + (record.firstRow - run.row)
    }

    /// The last of `count` ascending things that is not yet too far; the first if all are.
    @inline(__always)
    private static func last(_ count: Int, _ reaches: (Int) -> Bool) -> Int {
        if count == 0 || reaches(count - 1) { return max(count - 1, 0) }
        var (low, high) = (0, count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if reaches(middle) { low = middle } else { high = middle }
        }
        return low
    }

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
        let index = UInt32(records.count)
        appendUnhashed(record, rowCount: rowCount)
        var link = Links.none
        for dependency in dependencies.reversed() { link = links.push(dependency, on: link) }
        records[Int(index)].dependencies = link
        allHashes[Int(index)] = record.hash
        table.insert(index, hash: History.tableHash(record.hash)) { [allHashes] in
            History.tableHash(allHashes[Int($0)])
        }
        dependencies.withUnsafeBufferPointer { addHead(index, $0) }
        if let message = details.message { messages[index] = message }
        if !details.extra.isEmpty { extras[index] = details.extra }
        if let bytes = details.verbatim { verbatim[index] = bytes }
    }

    /// Adds a change of a document whose hash is not known yet; `setHash` must follow for each in turn.
    mutating func appendUnhashed(_ record: Record, rowCount: Int) {
        let index = UInt32(records.count)
        records.append(Compact(actor: record.actor, firstRow: record.firstRow, dependencies: Links.none))
        allHashes.append(.zero)
        if record.time != 0, times.isEmpty { times = [Int64](repeating: 0, count: Int(index)) }
        if record.time != 0 || !times.isEmpty { times.append(record.time) }
        addToActor(index, record, rowCount)
        if rowCount > 0 {
            greatestOp = max(greatestOp, record.startOp + UInt32(rowCount) - 1)
        } else {
            emptyStarts[index] = record.startOp
        }
    }

    /// Completes the change at `index`, all before it being complete.
    mutating func setHash(
        _ hash: ChangeHash, of index: UInt32, dependencies: UnsafeBufferPointer<UInt32>, _ details: Details
    ) {
        var link = Links.none
        for dependency in dependencies.reversed() { link = links.push(dependency, on: link) }
        records[Int(index)].dependencies = link
        allHashes[Int(index)] = hash
        table.insert(index, hash: History.tableHash(hash)) { [allHashes] in
            History.tableHash(allHashes[Int($0)])
        }
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
        while stretches.count <= actor {
            stretches.append([])
            runs.append([])
        }
        let last = stretches[actor].count - 1
        if last >= 0, stretches[actor][last].index + stretches[actor][last].count == index {
            stretches[actor][last].count += 1
        } else {
            stretches[actor].append(Stretch(sequence: record.sequence, index: index, count: 1))
        }
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
        guard let record = records.popLast(), let hash = allHashes.popLast() else { return }
        let index = UInt32(records.count)
        table.removeLast(index, hash: History.tableHash(hash))
        if !times.isEmpty { times.removeLast() }
        emptyStarts[index] = nil
        let last = stretches[Int(record.actor)].count - 1
        stretches[Int(record.actor)][last].count -= 1
        if stretches[Int(record.actor)][last].count == 0 { stretches[Int(record.actor)].removeLast() }
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
        allHashes.reserveCapacity(changes)
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
