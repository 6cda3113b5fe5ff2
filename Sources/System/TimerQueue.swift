/// Names a timer, to cancel it.
public struct TimerToken: Hashable, Sendable { fileprivate let id: UInt64 }

/// Timers, the next one first. Cancelled ones stay in the heap until their time and are then passed over.
public struct TimerQueue {
    private struct Timer {
        var deadline: Int64
        var id: UInt64
        var period: Int64
        var action: () -> Void
    }

    private var heap: [Timer] = []
    private var live: Set<UInt64> = []
    private var lastID: UInt64 = 0

    public init() {}

    public mutating func insert(at deadline: Int64, every period: Int64 = 0, _ action: @escaping () -> Void)
        -> TimerToken
    {
        lastID += 1
        live.insert(lastID)
        push(Timer(deadline: deadline, id: lastID, period: period, action: action))
        return TimerToken(id: lastID)
    }

    public mutating func cancel(_ token: TimerToken) {
        live.remove(token.id)
        // Cancelled timers must not pile up where somebody re-arms a time-out for every frame.
        if heap.count > 64, live.count < heap.count / 2 {
            let kept = heap.filter { live.contains($0.id) }
            heap = []
            for timer in kept { push(timer) }
        }
    }

    mutating func removeAll() {
        heap = []
        live = []
    }

    public var nextDeadline: Int64? {
        mutating get {
            while let first = heap.first, !live.contains(first.id) { _ = pop() }
            return heap.first?.deadline
        }
    }

    /// Milliseconds until the next timer, rounded up; -1 where there is none.
    mutating func timeoutMs(now: Int64) -> Int32 {
        guard let deadline = nextDeadline else { return -1 }
        return Int32(clamping: max(0, (deadline - now + 999_999) / 1_000_000))
    }

    /// Takes out the next timer whose time has come.
    public mutating func due(now: Int64) -> (() -> Void)? {
        while let first = heap.first, first.deadline <= now {
            var timer = pop()
            guard live.contains(timer.id) else { continue }
            if timer.period > 0 {
                timer.deadline = max(timer.deadline + timer.period, now + 1)
                push(timer)
            } else {
                live.remove(timer.id)
            }
            return timer.action
        }
        return nil
    }

    private mutating func push(_ timer: Timer) {
        heap.append(timer)
        var child = heap.count - 1
        while child > 0, before(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Timer {
        let first = heap[0]
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if before(heap[child], heap[least]) { least = child }
            }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func before(_ left: Timer, _ right: Timer) -> Bool {
        (left.deadline, left.id) < (right.deadline, right.id)
    }
}
