/// Golomb–Rice codes of residuals in two planes: first the quotients by `2^k`, in unary, then the low `k` bits of each.
/// `k` follows the quotients seen so far, so that it adapts at once and is not said anywhere.
///
/// As `k` never depends on low bits, quotients can be read a word at a time and low bits by plain loads.
enum Rice {
    /// A quotient that stands for "this residual is listed after the planes".
    static let escape: UInt64 = 20
    static let mostLowBits: UInt64 = 48
    static let quick: UInt64 = 3
    static let steady: UInt64 = 5

    /// From where `k` starts, and how it follows.
    struct Start: Hashable {
        var lowBits: UInt64
        var isSteady: Bool

        var inertia: UInt64 { isSteady ? steady : quick }

        /// What fits in a column's first byte: 0 to 12, or 13 where a byte of its own must say it.
        var code: UInt8 { min(UInt8(lowBits) << 1 | (isSteady ? 1 : 0), codes - 1) }
        var byte: UInt8 { UInt8(lowBits) << 1 | (isSteady ? 1 : 0) }

        init(lowBits: UInt64, isSteady: Bool) {
            self.lowBits = lowBits
            self.isSteady = isSteady
        }

        init?(byte: UInt8) {
            self.init(lowBits: UInt64(byte >> 1), isSteady: byte & 1 == 1)
            if lowBits > mostLowBits { return nil }
        }
    }

    static let codes: UInt8 = 14
    /// In the place of a start's own byte: every residual is zero and there are no planes.
    static let allZero: UInt8 = 0xff

    /// The running mean from which `k` follows.
    struct Adaptation {
        /// 14 · 2^inertia times the mean residual: a little below the scale of `k`, 16 · 2^inertia, which measures best.
        private var mean: UInt64
        private let inertia: UInt64

        /// The newest of `2^inertia` residuals counts as much as what went before.
        init(_ start: Start) {
            inertia = start.inertia
            mean = 24 << (start.lowBits + start.inertia)
        }

        @inline(__always)
        var lowBits: UInt64 {
            // So many bits at least that the least `k` is 0.
            let bits = (mean | 16 &<< inertia).leadingZeroBitCount
            return min(59 &- inertia &- UInt64(truncatingIfNeeded: bits), mostLowBits)
        }

        @inline(__always)
        mutating func follow(_ quotient: UInt64, _ lowBits: UInt64) {
            // 14 times (quotient + ½).
            mean = mean &- mean &>> inertia &+ ((quotient &<< 1 | 1) &* 7) &<< lowBits
        }
    }
}

/// Collects bits, the lowest first, in memory that has room for them and eight bytes more.
struct BitSink {
    private let out: UnsafeMutableRawPointer
    private var word: UInt64 = 0
    private var filled: UInt64 = 0
    private var at = 0

    init(_ out: UnsafeMutableRawPointer) { self.out = out }

    @inline(__always)
    private mutating func flush() {
        (out + at).storeBytes(of: word.littleEndian, as: UInt64.self)
        at &+= 8
        filled &-= 64
        word = 0
    }

    /// `quotient` zeros and a one; at most 63 zeros.
    @inline(__always)
    mutating func unary(_ quotient: UInt64) {
        filled &+= quotient
        if filled >= 64 { flush() }
        word |= 1 &<< filled
        filled &+= 1
    }

    /// The `width` lowest bits of `value`, which has no others; `width` is at most 63.
    @inline(__always)
    mutating func put(_ value: UInt64, _ width: UInt64) {
        if filled >= 64 { flush() }
        word |= value &<< filled
        filled &+= width
        if filled >= 64 {
            let left = filled &- 64
            flush()
            word = left == 0 ? 0 : value &>> (width &- left)
        }
    }

    /// Writes what is left; how many bytes there are.
    mutating func finish() -> Int {
        (out + at).storeBytes(of: word.littleEndian, as: UInt64.self)
        return at + Int(filled + 7) / 8
    }
}
