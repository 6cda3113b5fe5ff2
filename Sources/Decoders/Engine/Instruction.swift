/// How a number lies in bytes.
enum RawType: UInt8, CaseIterable, Sendable {
    case u8, i8, u16le, u16be, i16le, i16be, u24le, u24be, i24le, i24be, u32le, u32be, i32le, i32be
    case u48le, u48be, u64le, u64be, i64le, i64be
    /// IEEE 754.
    case f32le, f32be, f64le, f64be
    /// IEEE 11073: 16 bits with a mantissa of 12, and 32 bits with a mantissa of 24.
    case sfloat, medfloat
    /// Two decimal digits a byte.
    case bcd8, bcd16be, bcd32be

    init?(name: String) {
        guard let found = RawType.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = found
    }

    var count: Int {
        switch self {
        case .u8, .i8, .bcd8: 1
        case .u16le, .u16be, .i16le, .i16be, .sfloat, .bcd16be: 2
        case .u24le, .u24be, .i24le, .i24be: 3
        case .u32le, .u32be, .i32le, .i32be, .f32le, .f32be, .medfloat, .bcd32be: 4
        case .u48le, .u48be: 6
        case .u64le, .u64be, .i64le, .i64be, .f64le, .f64be: 8
        }
    }

    var isFloating: Bool {
        switch self {
        case .f32le, .f32be, .f64le, .f64be, .sfloat, .medfloat: true
        default: false
        }
    }
}

/// One step of a compiled description. A program is a flat list of them; `jump` is where to go on when the step says no.
struct Instruction: Sendable {
    enum Operation: UInt8, Sendable {
        /// Reads a number of `raw`: at offset `a` when `flag`, else at the cursor, which moves on. Where the frame ends
        /// before it, it is left out, or the frame refused when `b` is 1.
        case load
        /// Register `a` into the accumulator, the accumulator into register `a`, or added to it.
        case fetch, store, accumulate
        case constant
        /// `b` bits from bit `a`; as a signed number when `flag`.
        case bits
        /// Bit `a` is the sign of the bits below.
        case signBit
        case times, divide, modulo, plus, negate
        /// Leaves the value out (goes to `jump`) when it is `x`.
        case absentIf
        /// Goes to `jump` unless accumulator & `y` == `x`; unless it lies in `x...y`.
        case unlessMasked, unlessWithin
        case jump
        /// The whole number becomes a double: divided by `x` (a power of ten), or multiplied by it.
        case toDoubleDivided, toDoubleTimes
        /// On doubles; `x` holds the bits.
        case factor, offset, powerOf
        /// The number becomes entry of table `a`; leaves out what is not in it.
        case lookup
        /// Values outside are left out and counted. `x` and `y` are the bounds or their bits.
        case withinInteger, withinDouble
        case emitInteger, emitDouble, emitBoolean, emitLabel
        /// `b` bytes at offset `x` or at the cursor; all that is left where `b` is -1, as many as register -2-b says below.
        case emitText, emitHex
        /// Remembers where the sample begins, so that one missing part leaves all of it out.
        case mark, rollBack
        case skip
        /// Goes to `jump` when nothing is left to read.
        case unlessMore
        /// Counts register `a` down; goes to `jump` when it is used up.
        case countDown
        case checksum, decrypt, objects
        /// Only bytes `a..<b` are read from here on; negative counts from the end, `b` 0 is the end.
        case region
        case end
    }

    var operation: Operation
    var raw: RawType = .u8
    var flag = false
    var jump: Int32 = -1
    var a: Int32 = 0
    var b: Int32 = 0
    var x: Int64 = 0
    var y: Int64 = 0
    /// Index into the program's notes: what this step was written for.
    var note: UInt16 = 0
}
