import CLinux
import Measurements
import System

/// Watches the system's clock: how wall time lies over boot time, whether something keeps it right, and when it jumps. Each
/// change becomes an anchor in the record.
final class ClockKeeper: Component {
    let name = "clock"
    static let everyMs: Int64 = 60_000
    /// Wall time creeps against boot time while it is disciplined; that much is worth a new anchor.
    static let worthNs: Int64 = 20_000_000
    /// What is assumed where nobody says how good the clock is.
    static let unknownErrorNs: UInt64 = 250_000_000

    private let loop: Loop
    private let boot: BootID
    private let note: (ClockAnchor) -> Void
    private let jumped: (Int64) -> Void
    private(set) var newest: ClockAnchor?
    private var timer: TimerToken?
    private var jumpDescriptor: Int32 = -1

    init(loop: Loop, boot: BootID, note: @escaping (ClockAnchor) -> Void, jumped: @escaping (Int64) -> Void) {
        self.loop = loop
        self.boot = boot
        self.note = note
        self.jumped = jumped
    }

    func start(failed: @escaping (Failure) -> Void) throws {
        look()
        timer = loop.repeating(everyMs: ClockKeeper.everyMs) { [weak self] in self?.look() }
        jumpDescriptor = bothy_clock_jump_fd()
        guard jumpDescriptor >= 0 else { return }
        let descriptor = jumpDescriptor
        try loop.watch(descriptor, .readable) { [weak self] _ in
            var expirations: UInt64 = 0
            // Reading says ECANCELED after a jump; arming it again is what is wanted either way.
            _ = bothy_read_timer(descriptor, &expirations)
            _ = bothy_clock_jump_rearm(descriptor)
            self?.look()
        }
    }

    func stop(done: @escaping () -> Void) {
        if let timer { loop.cancel(timer) }
        timer = nil
        if jumpDescriptor >= 0 {
            loop.unwatch(jumpDescriptor)
            bothy_close(jumpDescriptor)
            jumpDescriptor = -1
        }
        done()
    }

    /// Wall time minus boot time, as it is believed now.
    var offset: Int64 { newest.map { $0.wall - $0.time } ?? SystemClock.unixTime - SystemClock.bootTime }

    func look() {
        let time = SystemClock.bootTime
        let wall = SystemClock.unixTime
        let state = SystemClock.discipline
        let anchor = ClockAnchor(
            boot: boot, time: time, wall: wall, errorNs: state.errorNs ?? ClockKeeper.unknownErrorNs,
            source: state.isSynchronised ? .system : .unsynchronised)
        guard let last = newest else { return take(anchor) }
        let step = (wall - time) - (last.wall - last.time)
        if abs(step) > 1_000_000_000 { jumped(step) }
        if last.source != anchor.source || abs(step) >= ClockKeeper.worthNs { take(anchor) }
    }

    private func take(_ anchor: ClockAnchor) {
        newest = anchor
        note(anchor)
    }
}

extension Gateway {
    /// Wall time minus boot time, as it is believed now.
    public var clockOffset: Int64 { clock.offset }
    public var clockErrorNs: UInt64 { clock.newest?.errorNs ?? ClockKeeper.unknownErrorNs }
    public var isClockSynchronised: Bool { clock.newest?.source == .system }
    public var commitsInTime: Bool { recorder.isInTime(now: SystemClock.bootTime) }
    public var isEnding: Bool { ending != nil }
}
