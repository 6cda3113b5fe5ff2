/// What is tried, in order, when a radio fell silent. It is climbed at most once an hour.
struct RecoveryLadder {
    enum Rung: Int, CaseIterable, Sendable {
        case readdMonitor
        case powerCycle
        case hardwareReset

        var name: String {
            switch self {
            case .readdMonitor: "scan restarted"
            case .powerCycle: "power cycled"
            case .hardwareReset: "hardware reset"
            }
        }
    }

    /// How long a rung may take to show an effect.
    static let pause: Int64 = 30_000_000_000
    static let restBetween: Int64 = 3_600_000_000_000

    private(set) var taken: [Rung: UInt64] = [:]
    private(set) var recoveries: UInt64 = 0
    private var current: Rung?
    private var begun: Int64?
    private var nextStep: Int64 = 0
    /// All rungs were tried in vain; nothing is in range as far as one can tell.
    private(set) var exhausted = false

    var isClimbing: Bool { current != nil }
    var deadline: Int64? { current == nil ? nil : nextStep }

    /// Something was heard again.
    mutating func heard() {
        if current != nil { recoveries += 1 }
        current = nil
        exhausted = false
    }

    /// The next rung, if it is time for one. `allowed` leaves out what must not be done beside another owner.
    mutating func step(silent: Bool, allowed: [Rung], now: Int64) -> Rung? {
        guard let last = current else {
            guard silent, begun.map({ now - $0 >= RecoveryLadder.restBetween }) ?? true, let first = allowed.first
            else { return nil }
            begun = now
            exhausted = false
            return take(first, now: now)
        }
        guard now >= nextStep else { return nil }
        guard let next = allowed.first(where: { $0.rawValue > last.rawValue }) else {
            current = nil
            exhausted = true
            return nil
        }
        return take(next, now: now)
    }

    private mutating func take(_ rung: Rung, now: Int64) -> Rung {
        current = rung
        nextStep = now + RecoveryLadder.pause
        taken[rung, default: 0] += 1
        return rung
    }
}
