/// How often something may be restarted, and how long to wait before the next time. A value, so that it is tested in
/// virtual time.
struct RestartBudget: Sendable {
    /// `5/10` is five restarts in ten seconds.
    let restarts: Int
    let seconds: Int64

    private var recent: [Int64] = []
    private var delayMs: Int64 = 0

    static let firstDelayMs: Int64 = 100
    static let longestDelayMs: Int64 = 60_000

    init(restarts: Int, seconds: Int64) {
        self.restarts = restarts
        self.seconds = seconds
    }

    enum Decision: Hashable {
        case restart(afterMs: Int64)
        /// More often than allowed: whoever supervises decides.
        case exhausted
    }

    /// Notes a failure at `now` (boot time in ns).
    mutating func failed(at now: Int64) -> Decision {
        let window = seconds * 1_000_000_000
        // Quiet for a whole window since the last failure: what was before is forgiven.
        if let last = recent.last, now - last > max(window, 2 * delayMs * 1_000_000) { delayMs = 0 }
        recent.removeAll { now - $0 > window }
        recent.append(now)
        if recent.count > restarts { return .exhausted }
        delayMs = min(max(RestartBudget.firstDelayMs, delayMs * 2), RestartBudget.longestDelayMs)
        return .restart(afterMs: delayMs)
    }

    /// The wait after exhaustion, where resting is the policy: the longest there is, and a clean budget after it.
    mutating func rest() -> Int64 {
        recent = []
        delayMs = RestartBudget.longestDelayMs
        return RestartBudget.longestDelayMs
    }
}
