/// A hash table that holds indexes of things kept elsewhere. What was put in last can be taken out again.
struct IndexTable {
    private var slots = [UInt32](repeating: .max, count: 16)
    private(set) var count = 0

    var byteCount: Int { slots.capacity * 4 }

    @inline(__always)
    func find(_ hash: Int, _ matches: (UInt32) -> Bool) -> UInt32? {
        let mask = slots.count - 1
        var slot = hash & mask
        while true {
            let index = slots[slot]
            if index == .max { return nil }
            if matches(index) { return index }
            slot = (slot + 1) & mask
        }
    }

    /// `hash(of:)` is asked again for the earlier ones when the table grows.
    @inline(__always)
    mutating func insert(_ index: UInt32, hash: Int, hashOf: (UInt32) -> Int) {
        if (count + 1) * 4 > slots.count * 3 { grow(to: slots.count * 2, hashOf) }
        place(index, hash)
        count += 1
    }

    /// Makes room at once for `total` members.
    mutating func reserve(_ total: Int, hashOf: (UInt32) -> Int) {
        var size = slots.count
        while total * 4 > size * 3 { size *= 2 }
        if size > slots.count { grow(to: size, hashOf) }
    }

    @inline(__always)
    private mutating func place(_ index: UInt32, _ hash: Int) {
        let mask = slots.count - 1
        var slot = hash & mask
        while slots[slot] != .max { slot = (slot + 1) & mask }
        slots[slot] = index
    }

    /// Members are numbered in the order in which they came, so placing them again in that order keeps
    /// "the last one out first" true.
    private mutating func grow(to size: Int, _ hashOf: (UInt32) -> Int) {
        slots = [UInt32](repeating: .max, count: size)
        for index in 0..<UInt32(count) { place(index, hashOf(index)) }
    }

    /// Takes out the member that was inserted last.
    mutating func removeLast(_ index: UInt32, hash: Int) {
        let mask = slots.count - 1
        var slot = hash & mask
        while slots[slot] != index { slot = (slot + 1) & mask }
        slots[slot] = .max
        count -= 1
    }
}
