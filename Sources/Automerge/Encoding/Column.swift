/// The numbers by which the format knows its columns: identifier, bit for "deflated", type.
enum Column {
    static let objectActor: UInt32 = 1
    static let objectCounter: UInt32 = 2
    static let keyActor: UInt32 = 17
    static let keyCounter: UInt32 = 19
    static let keyName: UInt32 = 21
    static let idActor: UInt32 = 33
    static let idCounter: UInt32 = 35
    static let insert: UInt32 = 52
    static let action: UInt32 = 66
    static let valueMeta: UInt32 = 86
    static let valueRaw: UInt32 = 87
    static let predecessorGroup: UInt32 = 112
    static let predecessorActor: UInt32 = 113
    static let predecessorCounter: UInt32 = 115
    static let successorGroup: UInt32 = 128
    static let successorActor: UInt32 = 129
    static let successorCounter: UInt32 = 131
    static let expand: UInt32 = 148
    static let markName: UInt32 = 165

    static let changeActor: UInt32 = 1
    static let changeSequence: UInt32 = 3
    static let changeMaxOp: UInt32 = 19
    static let changeTime: UInt32 = 35
    static let changeMessage: UInt32 = 53
    static let changeDependencyGroup: UInt32 = 64
    static let changeDependency: UInt32 = 67
    static let changeExtraMeta: UInt32 = 86
    static let changeExtraRaw: UInt32 = 87

    static let deflated: UInt32 = 8

    static let ofOperations: Set<UInt32> = [
        objectActor, objectCounter, keyActor, keyCounter, keyName, insert, action, valueMeta, valueRaw,
        expand, markName,
    ]
    static let ofChange = ofOperations.union([predecessorGroup, predecessorActor, predecessorCounter])
    static let ofDocument = ofOperations.union([
        idActor, idCounter, successorGroup, successorActor, successorCounter,
    ])
    static let ofChanges: Set<UInt32> = [
        changeActor, changeSequence, changeMaxOp, changeTime, changeMessage, changeDependencyGroup,
        changeDependency, changeExtraMeta, changeExtraRaw,
    ]
}

/// Which columns there are, and where their bytes lie.
struct ColumnTable {
    struct Entry {
        var spec: UInt32
        var length: Int
        var reader = ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private(set) var entries: [Entry] = []
    /// Columns are looked up in ascending order, mostly.
    private static let maximum = 4_096

    /// Reads specs and lengths only; `locate` then finds the bytes.
    mutating func read(_ reader: inout ByteReader, deflateAllowed: Bool) throws(AutomergeError) {
        entries.removeAll(keepingCapacity: true)
        let count = try reader.length("columns", limit: ColumnTable.maximum)
        var previous = -1
        for _ in 0..<count {
            let spec = try reader.uleb()
            guard spec <= UInt64(UInt32.max) else { throw reader.failure(.malformed, "a column number is too large") }
            let plain = Int(spec) & ~Int(Column.deflated)
            guard plain > previous else { throw reader.failure(.malformed, "columns are not in their order") }
            guard deflateAllowed || spec & UInt64(Column.deflated) == 0 else {
                throw reader.failure(.malformed, "a change has a deflated column")
            }
            previous = plain
            let length = try reader.length("a column", limit: reader.count)
            entries.append(Entry(spec: UInt32(spec), length: length))
        }
    }

    /// The columns' bytes follow each other from where `reader` stands.
    mutating func locate(_ reader: inout ByteReader) throws(AutomergeError) {
        for index in entries.indices { entries[index].reader = try reader.slice(entries[index].length) }
    }

    /// Replaces the bytes of a deflated column by what they stand for.
    mutating func inflated(_ index: Int, to bytes: UnsafeRawBufferPointer) {
        entries[index].reader = ByteReader(bytes, origin: entries[index].reader.origin)
        entries[index].spec &= ~Column.deflated
    }

    /// The column, or an empty one.
    @inline(__always)
    subscript(spec: UInt32) -> ByteReader {
        for entry in entries where entry.spec == spec { return entry.reader }
        return ByteReader(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    func has(other known: Set<UInt32>) -> Bool {
        entries.contains { !known.contains($0.spec) }
    }
}
