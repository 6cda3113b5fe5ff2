/// When to dial a peer, when to ask whether it is still there, when to give a connection up. Knows no socket and no
/// clock: it is told what happened and says what to do.
public struct PeerLife: Sendable {
    /// How a connection runs: decides how often the peer is asked for a sign of life.
    public enum Reach: Hashable, Sendable, CaseIterable {
        case local, wide, metered

        public var heartbeat: Int64 {
            switch self {
            case .local: 2_000_000_000
            case .wide: 5_000_000_000
            case .metered: 25_000_000_000
            }
        }
    }

    public enum Phase: Hashable, Sendable {
        /// Nothing to do: no address is known, or the peer is the one that dials.
        case idle
        case waiting(until: Int64)
        case connecting(since: Int64)
        case connected(since: Int64)
    }

    public enum Event: Hashable, Sendable {
        /// An address became known, or the peer was wanted again.
        case addressKnown
        /// The peer was heard on the local network just now.
        case discovered
        /// A network interface went up or down, or changed its address.
        case linkChanged
        case connected(Reach)
        case connectFailed
        case reachChanged(Reach)
        /// The connection is gone. An orderly farewell is no failure.
        case closed(orderly: Bool)
        /// Any frame came.
        case heard
        /// No wish to be connected any more.
        case unwanted
        case timer
    }

    public enum Directive: Hashable, Sendable {
        case connect
        case cancelConnect
        case ping
        /// The peer is silent.
        case giveUp
    }

    public static let connectTimeout: Int64 = 5_000_000_000
    /// For the first two attempts: just after a network changed one may hang where the next one goes through.
    public static let firstConnectTimeout: Int64 = 2_000_000_000
    /// Heartbeats that may stay unanswered.
    public static let silentHeartbeats: Int64 = 3
    /// How long an answer may take after a link changed: nearby, and elsewhere.
    public static let doubtfulNearby: Int64 = 1_000_000_000
    public static let doubtfulElsewhere: Int64 = 2_000_000_000
    /// Signs that a peer is near do not make more attempts than this allows.
    public static let leastPause: Int64 = 1_000_000_000

    public private(set) var phase: Phase = .idle
    public private(set) var breaker: Breaker
    private var backoff = Backoff()
    private var reach = Reach.wide
    private var pingAt: Int64 = 0
    private var silentAt: Int64 = 0
    private var triedAt = Int64.min / 2

    public init(breaker: Breaker = Breaker()) { self.breaker = breaker }

    /// How long the attempt that is out may take.
    var patience: Int64 { backoff.attempts < 2 ? PeerLife.firstConnectTimeout : PeerLife.connectTimeout }

    /// When `timer` is due; nil when nothing is waited for.
    public var wakeAt: Int64? {
        switch phase {
        case .idle: nil
        case .waiting(let until): until
        case .connecting(let since): since + patience
        case .connected: min(pingAt, silentAt)
        }
    }

    public mutating func handle(_ event: Event, now: Int64, random: UInt64) -> [Directive] {
        switch event {
        case .addressKnown:
            if phase == .idle { return attempt(now: now) }
        case .discovered, .linkChanged: return hint(event, now: now)
        case .connected(let reach):
            phase = .connected(since: now)
            self.reach = reach
            hear(now: now)
            pingAt = now
        case .reachChanged(let reach):
            self.reach = reach
            if case .connected = phase { hear(now: now) }
        case .connectFailed:
            guard case .connecting = phase else { return [] }
            failed(now: now, random: random)
        case .closed(let orderly):
            guard case .connected(let since) = phase else { return [] }
            // One that was cut at once counts as a failed attempt, or a peer that refuses is dialled without a pause.
            let lasted = now - since >= PeerLife.connectTimeout
            if lasted { backoff.reset() }
            if !lasted && !orderly { return failed(now: now, random: random) }
            breaker.succeeded()
            phase = .waiting(until: now + backoff.next(random: random))
        case .heard:
            if case .connected = phase { hear(now: now) }
        case .unwanted:
            let before = phase
            phase = .idle
            breaker.expectBetter(now: now)
            if case .connecting = before { return [.cancelConnect] }
        case .timer: return timer(now: now, random: random)
        }
        return []
    }

    private mutating func hear(now: Int64) {
        silentAt = now + reach.heartbeat * PeerLife.silentHeartbeats
        pingAt = min(pingAt, now + reach.heartbeat)
    }

    private mutating func hint(_ event: Event, now: Int64) -> [Directive] {
        switch phase {
        case .idle:
            return event == .discovered ? attempt(now: now) : []
        case .waiting(let until):
            breaker.expectBetter(now: now)
            // Not more often than this: announcements may come in a flood.
            let next = max(now, triedAt + PeerLife.leastPause)
            if next <= now { return attempt(now: now) }
            phase = .waiting(until: min(until, next))
            return []
        case .connecting: return []
        case .connected:
            guard event == .linkChanged else { return [] }
            // It may be gone without a word: ask, and do not wait long.
            let patience = reach == .local ? PeerLife.doubtfulNearby : PeerLife.doubtfulElsewhere
            silentAt = min(silentAt, now + patience)
            pingAt = now + reach.heartbeat
            return [.ping]
        }
    }

    private mutating func attempt(now: Int64) -> [Directive] {
        guard breaker.allows(now: now) else {
            if case .open(let until) = breaker.state { phase = .waiting(until: until) }
            return []
        }
        phase = .connecting(since: now)
        triedAt = now
        return [.connect]
    }

    @discardableResult
    private mutating func failed(now: Int64, random: UInt64) -> [Directive] {
        breaker.failed(now: now)
        phase = .waiting(until: now + backoff.next(random: random))
        return []
    }

    private mutating func timer(now: Int64, random: UInt64) -> [Directive] {
        guard let due = wakeAt, due <= now else { return [] }
        switch phase {
        case .idle: return []
        case .waiting: return attempt(now: now)
        case .connecting:
            failed(now: now, random: random)
            return [.cancelConnect]
        case .connected:
            if silentAt <= now {
                breaker.succeeded()
                backoff.reset()
                phase = .waiting(until: now + backoff.next(random: random))
                return [.giveUp]
            }
            pingAt = now + reach.heartbeat
            return [.ping]
        }
    }
}
