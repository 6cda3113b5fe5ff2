/// The strings of map keys and marks, each kept once.
struct Names {
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    private var table = IndexTable()

    var count: Int { ends.count }
    var byteCount: Int { bytes.capacity + ends.capacity * 4 + table.byteCount }
    /// How long all of them are together.
    var totalLength: Int { bytes.count }

    @inline(__always)
    private func range(_ name: UInt32) -> Range<Int> {
        (name == 0 ? 0 : Int(ends[Int(name) - 1]))..<Int(ends[Int(name)])
    }

    // Swift's hash is seeded in each process, so nobody can choose keys that collide.
    @inline(__always)
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    private func hash(of name: UInt32) -> Int {
        withBytes(name) { Names.hash($0) }
    }

    @inline(__always)
    func withBytes<Result>(_ name: UInt32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let range = range(name)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    func string(_ name: UInt32) -> String {
        withBytes(name) { String(decoding: $0, as: UTF8.self) }
    }

    @inline(__always)
    func find(_ wanted: UnsafeRawBufferPointer) -> UInt32? {
        find(wanted, Names.hash(wanted))
    }

    @inline(__always)
    private func find(_ wanted: UnsafeRawBufferPointer, _ hash: Int) -> UInt32? {
        table.find(hash) { index in
            let range = range(index)
            guard range.count == wanted.count else { return false }
            return bytes.withUnsafeBytes { $0[range].elementsEqual(wanted) }
        }
    }

    mutating func intern(_ wanted: UnsafeRawBufferPointer) -> UInt32 {
        let hash = Names.hash(wanted)
        if let known = find(wanted, hash) { return known }
        bytes.append(contentsOf: wanted)
        ends.append(UInt32(bytes.count))
        let index = UInt32(ends.count - 1)
        table.insert(index, hash: hash) { [bytes, ends] other in
            let start = other == 0 ? 0 : Int(ends[Int(other) - 1])
            let end = Int(ends[Int(other)])
            return bytes.withUnsafeBytes { Names.hash(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
        }
        return index
    }

    /// Forgets all names from `count` on.
    mutating func truncate(to count: Int) {
        while ends.count > count {
            let last = UInt32(ends.count - 1)
            table.removeLast(last, hash: hash(of: last))
            bytes.removeLast(range(last).count)
            ends.removeLast()
        }
    }

    /// Whether one name comes before another, byte by byte.
    func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        withBytes(left) { left in withBytes(right) { right in left.lexicographicallyPrecedes(right) } }
    }
}
