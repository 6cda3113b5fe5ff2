import CLinux

/// Reading the clocks; the only place that does. Rooms that decide by time get it as an argument.
public enum SystemClock {
    /// CLOCK_BOOTTIME in nanoseconds: goes on during suspend, never steps.
    public static var bootTime: Int64 { bothy_boot_time_ns() }

    /// Unix time in nanoseconds as the system believes it; it may step, and it may be wrong by decades.
    public static var unixTime: Int64 { bothy_real_time_ns() }
}
