import CLinux

/// Reading the clocks; the only place that does. Rooms that decide by time get it as an argument.
public enum SystemClock {
    /// CLOCK_BOOTTIME in nanoseconds: goes on during suspend, never steps.
    public static var bootTime: Int64 { bothy_boot_time_ns() }

    /// Unix time in nanoseconds as the system believes it; it may step, and it may be wrong by decades.
    public static var unixTime: Int64 { bothy_real_time_ns() }
}

extension SystemClock {
    /// How well the kernel's clock is kept.
    public struct Discipline: Hashable, Sendable {
        public var isSynchronised: Bool
        /// Nil where nobody says, or says what cannot be: systemd-timesyncd leaves the kernel's bound at nothing.
        public var errorNs: UInt64?
    }

    /// What the kernel says; not synchronised where it may not even be asked.
    public static var discipline: Discipline {
        var state = bothy_clock_state()
        let result = bothy_read_clock(&state)
        let isSynchronised =
            result >= 0 && Int(result) != BOTHY_CLOCK_ERROR && state.status & Int32(BOTHY_CLOCK_UNSYNCHRONISED) == 0
        let isKnown = isSynchronised && state.max_error_us > 0 && state.max_error_us < 16_000_000
        return Discipline(
            isSynchronised: isSynchronised, errorNs: isKnown ? UInt64(state.max_error_us) * 1_000 : nil)
    }
}
