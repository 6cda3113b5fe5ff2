/// The columns of a document chunk, and which of its operations belongs to which change.
struct DocumentLoader: ~Copyable {
    /// Where the chunk's body lies, for errors.
    let origin: Int
    private var inflated: [UnsafeMutableRawBufferPointer] = []
    private var inflatedBytes = 0

    // Of each change.
    var changeCount = 0
    var changeActor = Scratch<UInt32>()
    var changeSequence = Scratch<UInt32>()
    var changeMaxOp = Scratch<UInt32>()
    var changeTime = Scratch<Int64>()
    var changeMessage = Scratch<TextRange>()
    var changeDependencyCount = Scratch<UInt32>()
    var changeDependency = Scratch<UInt32>()
    var changeExtra = Scratch<UInt32>()
    var extraBytes: ByteReader
    /// How many operations, deletes included, and where they begin.
    var changeOperations: [UInt32] = []
    var changeFirstRow: [UInt32] = []

    // Of each operation, in the order of the document.
    var count = 0
    var objectActor = Scratch<UInt32>()
    var objectCounter = Scratch<UInt32>()
    var keyActor = Scratch<UInt32>()
    var keyCounter = Scratch<UInt32>()
    var keyName = Scratch<TextRange>()
    var idActor = Scratch<UInt32>()
    var idCounter = Scratch<UInt32>()
    var insert = Scratch<Bool>()
    var action = Scratch<UInt32>()
    var valueMeta = Scratch<UInt32>()
    var valueBytes: ByteReader
    var successorCount = Scratch<UInt32>()
    var successorActor = Scratch<UInt32>()
    var successorCounter = Scratch<UInt32>()
    var successorTotal = 0
    var expand = Scratch<Bool>()
    var markName = Scratch<TextRange>()

    /// The row of each operation, and of each successor.
    var row = Scratch<UInt32>()
    var successorRow = Scratch<UInt32>()
    /// All operations, deletes included.
    var rowCount = 0

    init(origin: Int) {
        self.origin = origin
        extraBytes = ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
        valueBytes = extraBytes
    }

    deinit { for buffer in inflated { buffer.deallocate() } }

    func malformed(_ detail: String) -> AutomergeError { AutomergeError(.malformed, detail, at: origin) }

    /// Inflates the deflated columns; all of a document together must keep to the limit.
    mutating func inflate(_ table: inout ColumnTable, _ limits: Limits) throws(AutomergeError) {
        for index in table.entries.indices where table.entries[index].spec & Column.deflated != 0 {
            let reader = table.entries[index].reader
            let bytes = try Deflate.expand(
                UnsafeRawBufferPointer(start: reader.base, count: reader.count),
                limit: limits.inflatedBytes - inflatedBytes, at: reader.origin)
            inflatedBytes += bytes.count
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            buffer.copyBytes(from: bytes)
            inflated.append(buffer)
            table.inflated(index, to: UnsafeRawBufferPointer(buffer))
        }
    }

    mutating func readChanges(_ table: ColumnTable, actors: Int, _ limits: Limits) throws(AutomergeError) {
        changeCount = try RunDecoding.count(table[Column.changeActor], limit: limits.changes)
        try RunDecoding.uints(table[Column.changeActor], into: &changeActor, count: changeCount)
        try RunDecoding.deltas(table[Column.changeSequence], into: &changeSequence, count: changeCount)
        try RunDecoding.deltas(table[Column.changeMaxOp], into: &changeMaxOp, count: changeCount)
        try RunDecoding.wideDeltas(table[Column.changeTime], into: &changeTime, count: changeCount)
        try RunDecoding.strings(table[Column.changeMessage], into: &changeMessage, count: changeCount)
        try RunDecoding.uints(
            table[Column.changeDependencyGroup], into: &changeDependencyCount, count: changeCount)
        var total = 0
        for index in 0..<changeCount {
            if changeDependencyCount.base[index] == absent { changeDependencyCount.base[index] = 0 }
            total += Int(changeDependencyCount.base[index])
            guard changeDependencyCount.base[index] <= limits.heads, total <= 4 * limits.changes else {
                throw malformed("a change has too many dependencies")
            }
            guard changeActor.base[index] < actors, changeMaxOp.base[index] != absent else {
                throw malformed("a change has no known actor or no greatest operation")
            }
        }
        try RunDecoding.deltas(table[Column.changeDependency], into: &changeDependency, count: total)
        try RunDecoding.uints(table[Column.changeExtraMeta], into: &changeExtra, count: changeCount)
        extraBytes = table[Column.changeExtraRaw]
    }

    mutating func readOperations(_ table: ColumnTable, _ limits: Limits) throws(AutomergeError) {
        count = try RunDecoding.count(table[Column.action], limit: limits.operations)
        try RunDecoding.uints(table[Column.objectActor], into: &objectActor, count: count)
        try RunDecoding.uints(table[Column.objectCounter], into: &objectCounter, count: count)
        try RunDecoding.uints(table[Column.keyActor], into: &keyActor, count: count)
        try RunDecoding.deltas(table[Column.keyCounter], into: &keyCounter, count: count)
        try RunDecoding.strings(table[Column.keyName], into: &keyName, count: count)
        try RunDecoding.uints(table[Column.idActor], into: &idActor, count: count)
        try RunDecoding.deltas(table[Column.idCounter], into: &idCounter, count: count)
        try RunDecoding.booleans(table[Column.insert], into: &insert, count: count)
        try RunDecoding.uints(table[Column.action], into: &action, count: count)
        try RunDecoding.uints(table[Column.valueMeta], into: &valueMeta, count: count)
        valueBytes = table[Column.valueRaw]
        try RunDecoding.uints(table[Column.successorGroup], into: &successorCount, count: count)
        for index in 0..<count {
            if successorCount.base[index] == absent { successorCount.base[index] = 0 }
            successorTotal += Int(successorCount.base[index])
        }
        guard count + successorTotal <= 2 * limits.operations else {
            throw AutomergeError(.tooLarge, "more than the limit of \(limits.operations) operations", at: origin)
        }
        try RunDecoding.uints(table[Column.successorActor], into: &successorActor, count: successorTotal)
        try RunDecoding.deltas(table[Column.successorCounter], into: &successorCounter, count: successorTotal)
        try RunDecoding.booleans(table[Column.expand], into: &expand, count: count)
        try RunDecoding.strings(table[Column.markName], into: &markName, count: count)
    }
}
