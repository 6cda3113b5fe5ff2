/// Reads the operations of changes into columns of plain numbers. It keeps its buffers, so that many are read quickly.
struct ChangeReader: ~Copyable {
    var table = ColumnTable()
    /// Per actor index of the change: the document's.
    var actors: [Int] = []
    var objectActor = Scratch<UInt32>()
    var objectCounter = Scratch<UInt32>()
    var keyActor = Scratch<UInt32>()
    var keyCounter = Scratch<UInt32>()
    var keyName = Scratch<TextRange>()
    var insert = Scratch<Bool>()
    var action = Scratch<UInt32>()
    var valueMeta = Scratch<UInt32>()
    var predecessorCount = Scratch<UInt32>()
    var predecessorActor = Scratch<UInt32>()
    var predecessorCounter = Scratch<UInt32>()
    var expand = Scratch<Bool>()
    var markName = Scratch<TextRange>()
    var predecessors = Scratch<UInt32>()

    var extra: UnsafeRawBufferPointer = .init(start: nil, count: 0)

    /// Decodes all columns of a change whose other actors begin where `reader` stands.
    mutating func readColumns(
        _ reader: inout ByteReader, count: Int, _ limits: Limits
    ) throws(AutomergeError) {
        try table.read(&reader, deflateAllowed: false)
        try table.locate(&reader)
        extra = try reader.take(reader.remaining)
        guard count > 0 else { return }
        try RunDecoding.uints(table[Column.objectActor], into: &objectActor, count: count)
        try RunDecoding.uints(table[Column.objectCounter], into: &objectCounter, count: count)
        try RunDecoding.uints(table[Column.keyActor], into: &keyActor, count: count)
        try RunDecoding.deltas(table[Column.keyCounter], into: &keyCounter, count: count)
        try RunDecoding.strings(table[Column.keyName], into: &keyName, count: count)
        try RunDecoding.booleans(table[Column.insert], into: &insert, count: count)
        try RunDecoding.uints(table[Column.action], into: &action, count: count)
        try RunDecoding.uints(table[Column.valueMeta], into: &valueMeta, count: count)
        try RunDecoding.uints(table[Column.predecessorGroup], into: &predecessorCount, count: count)
        var total = 0
        for index in 0..<count where predecessorCount.base[index] != absent {
            total += Int(predecessorCount.base[index])
        }
        let column = table[Column.predecessorActor]
        guard total <= limits.operations else {
            throw column.failure(.tooLarge, "\(total) predecessors are more than the limit of \(limits.operations)")
        }
        try RunDecoding.uints(column, into: &predecessorActor, count: total)
        try RunDecoding.deltas(table[Column.predecessorCounter], into: &predecessorCounter, count: total)
        try RunDecoding.booleans(table[Column.expand], into: &expand, count: count)
        try RunDecoding.strings(table[Column.markName], into: &markName, count: count)
    }
}
