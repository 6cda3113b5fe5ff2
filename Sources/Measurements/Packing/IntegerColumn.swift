/// A column of whole numbers. All arithmetic wraps, so that any 64-bit numbers go through unharmed.
///
/// The first byte says how: bits 0–2 the mode, 3–5 its order, 6 whether a common step was divided out.
enum IntegerColumn {
    enum Mode: UInt8 {
        /// All are the same number.
        case constant = 0
        /// Eight bytes each.
        case raw = 1
        /// Columns of the numbers and of how often each repeats.
        case runs = 2
        /// Differences of order 0 to 3.
        case differences = 3
        /// Prediction of the next first difference from up to eight before it.
        case predicted = 4
        /// Distances from a straight line.
        case line = 5
    }

    static let stepFlag: UInt8 = 0x40
    static let orderShift: UInt8 = 3

    static func head(_ mode: Mode, order: Int = 0, hasStep: Bool = false) -> UInt8 {
        mode.rawValue | UInt8(order) << orderShift | (hasStep ? stepFlag : 0)
    }

    /// 0, −1, 1, −2 … as 0, 1, 2, 3 …
    @inline(__always)
    static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value &<< 1 ^ value &>> 63) }
}

/// What of the more expensive attempts is worth it for a column.
struct ColumnEffort {
    var runs = true
    var prediction = true
    var line = false

    static let values = ColumnEffort()
    static let times = ColumnEffort(prediction: false, line: true)
}
