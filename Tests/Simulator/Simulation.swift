import Hashing

/// A virtual clock and what is to happen, in an order that the seed alone decides. `Happening` is whatever a test's world
/// is made of: a message arriving, a timer, a crash.
public struct Simulation<Happening> {
    public let seed: UInt64
    public private(set) var now: Int64 = 0
    public var random: SeededGenerator
    public private(set) var steps = 0
    /// Happenings stay where they are put; the heap moves small entries only.
    private struct Entry {
        var at: Int64
        var order: Int
        var slot: Int
    }
    private var heap: [Entry] = []
    private var slots: [Happening?] = []
    private var free: [Int] = []
    private var scheduled = 0

    public init(seed: UInt64) {
        self.seed = seed
        random = SeededGenerator(seed: seed)
    }

    public var isEmpty: Bool { heap.isEmpty }

    public mutating func schedule(_ happening: Happening, at time: Int64) {
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(happening) } else { slots[slot] = happening }
        heap.append(Entry(at: max(time, now), order: scheduled, slot: slot))
        scheduled += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    public mutating func schedule(_ happening: Happening, after delay: Int64) { schedule(happening, at: now + delay) }

    /// The next happening not later than `end`; the clock goes with it, or on to `end` where there is none.
    public mutating func next(until end: Int64 = .max) -> Happening? {
        guard let first = heap.first, first.at <= end else {
            if end != .max { now = max(now, end) }
            return nil
        }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                if 2 * parent + 1 < heap.count, isBefore(2 * parent + 1, least) { least = 2 * parent + 1 }
                if 2 * parent + 2 < heap.count, isBefore(2 * parent + 2, least) { least = 2 * parent + 2 }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        now = first.at
        steps += 1
        free.append(first.slot)
        defer { slots[first.slot] = nil }
        return slots[first.slot]
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at, heap[left].order) < (heap[right].at, heap[right].order)
    }
}
