/// A reused array of plain values that is filled through its pointer.
struct Scratch<Element>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var capacity: Int

    init(capacity: Int = 64) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    /// Makes room for `count` elements; what was there is kept when `keeping` of them are wanted.
    mutating func ensure(_ count: Int, keeping: Int = 0) {
        guard count > capacity else { return }
        capacity = max(count, capacity * 2)
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        larger.update(from: base, count: keeping)
        base.deallocate()
        base = larger
    }
}

/// What stands for "no value" in a decoded column of small numbers; no counter, index or length reaches it.
let absent = UInt32.max
