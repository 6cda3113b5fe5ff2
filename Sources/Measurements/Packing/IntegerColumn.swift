/// A column of whole numbers. All arithmetic wraps, so that any 64-bit numbers go through unharmed.
///
/// The first byte is 14 × the way it is coded + how its residuals start, where it has any.
enum IntegerColumn {
    enum Way: Hashable {
        /// All are the same number.
        case constant
        /// Eight bytes each.
        case raw
        /// Columns of the numbers, or of the steps between them, and of how often each repeats.
        case runs(ofSteps: Bool)
        /// Differences of order 0 to 3.
        case differences(Int)
        /// Prediction of the next first difference from 1 to 8 before it.
        case predicted(Int)
        /// Distances from a straight line.
        case line
        /// A common step is divided out, and another first byte follows, of one of the three ways above.
        case stepped

        var code: UInt8 {
            switch self {
            case .constant: 0
            case .raw: 1
            case .runs(let ofSteps): ofSteps ? 3 : 2
            case .differences(let order): 4 + UInt8(order)
            case .predicted(let order): 7 + UInt8(order)
            case .line: 16
            case .stepped: 17
            }
        }

        init?(code: UInt8) {
            switch code {
            case 0: self = .constant
            case 1: self = .raw
            case 2, 3: self = .runs(ofSteps: code == 3)
            case 4...7: self = .differences(Int(code) - 4)
            case 8...15: self = .predicted(Int(code) - 7)
            case 16: self = .line
            case 17: self = .stepped
            default: return nil
            }
        }
    }

    static func head(_ way: Way, _ startCode: UInt8 = 0) -> UInt8 { way.code * Rice.codes + startCode }

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
