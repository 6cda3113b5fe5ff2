/// Stops trying what keeps failing. Failures fade: half of them are forgotten every `halfLife`, so a peer that fails once
/// an hour never trips it. Times are boot time in nanoseconds.
public struct Breaker: Hashable, Sendable {
    public struct Settings: Hashable, Sendable {
        public var threshold = 5.0
        public var openFor: Int64 = 30_000_000_000
        public var halfLife: Int64 = 60_000_000_000

        public init() {}
    }

    public enum State: Hashable, Sendable {
        case closed
        /// Nothing is tried before `until`.
        case open(until: Int64)
        /// One attempt is out; its end decides.
        case probing
    }

    public let settings: Settings
    public private(set) var state: State = .closed
    private var failures = 0.0
    private var fadedAt: Int64 = 0

    public init(_ settings: Settings = Settings()) { self.settings = settings }

    /// Whether an attempt may be made now. A yes after a pause is for one attempt only.
    public mutating func allows(now: Int64) -> Bool {
        switch state {
        case .closed: return true
        case .probing: return false
        case .open(let until):
            guard now >= until else { return false }
            state = .probing
            return true
        }
    }

    /// There is a reason to believe that the next attempt goes well, or the one that is out was abandoned: the pause ends
    /// now.
    public mutating func expectBetter(now: Int64) {
        if state != .closed { state = .open(until: now) }
    }

    public mutating func succeeded() {
        failures = 0
        state = .closed
    }

    public mutating func failed(now: Int64) {
        fade(now: now)
        failures += 1
        if state == .probing || failures >= settings.threshold { state = .open(until: now + settings.openFor) }
    }

    /// The failures that still count at `now`.
    public func failures(now: Int64) -> Double {
        var copy = self
        copy.fade(now: now)
        return copy.failures
    }

    /// In whole steps, so that asking often or seldom gives the same.
    private mutating func fade(now: Int64) {
        guard failures > 0 else {
            fadedAt = now
            return
        }
        let steps = max(0, (now - fadedAt) / settings.halfLife)
        guard steps > 0 else { return }
        failures = steps > 20 ? 0 : failures / Double(1 << steps)
        fadedAt += steps * settings.halfLife
    }
}
