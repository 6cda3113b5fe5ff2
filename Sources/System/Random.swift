import CLinux

/// Random bytes from the kernel; the only place that draws any.
public enum SystemRandom {
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            precondition(bothy_getrandom(buffer.baseAddress, count) == 0, "the kernel gives no random bytes")
            filled = count
        }
    }

    public static func uint64() -> UInt64 { bytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
