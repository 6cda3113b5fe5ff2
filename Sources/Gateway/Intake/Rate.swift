/// Things a second over the last ten, in slots of one second.
struct Rate: Sendable {
    private var slots = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    private var second: Int64 = 0
    private var begun: Int64?

    mutating func add(_ count: Int, now: Int64) {
        advance(to: now / 1_000_000_000)
        if begun == nil { begun = second }
        withUnsafeMutableBytes(of: &slots) { $0.assumingMemoryBound(to: Int.self)[Int(second % 10)] += count }
    }

    /// The running second is not counted: it is not over.
    mutating func perSecond(now: Int64) -> Double {
        advance(to: now / 1_000_000_000)
        guard let begun else { return 0 }
        let running = Int(second % 10)
        let (sum, last) = withUnsafeMutableBytes(of: &slots) { bytes in
            let slots = bytes.assumingMemoryBound(to: Int.self)
            return (slots.reduce(0, +), slots[running])
        }
        let seconds = min(9, second - begun)
        return seconds < 1 ? Double(sum) : Double(sum - last) / Double(seconds)
    }

    private mutating func advance(to now: Int64) {
        guard now > second else { return }
        let from = max(second + 1, now - 9)
        withUnsafeMutableBytes(of: &slots) { bytes in
            let slots = bytes.assumingMemoryBound(to: Int.self)
            for passed in from...now { slots[Int(passed % 10)] = 0 }
        }
        second = now
    }
}
