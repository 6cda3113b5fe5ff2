/// What is shown of a block without unpacking it, one for each part of its samples.
public struct Summary: Hashable, Sendable {
    /// Over the numbers among the values, in the attribute's unit (booleans as 0 and 1); NaN where there is none.
    public var min: Double
    public var mean: Double
    public var max: Double
    /// The value of the last sample as it is.
    public var last: Value

    public init(min: Double, mean: Double, max: Double, last: Value) {
        self.min = min
        self.mean = mean
        self.max = max
        self.last = last
    }

    public static func == (left: Summary, right: Summary) -> Bool {
        left.min.bitPattern == right.min.bitPattern && left.mean.bitPattern == right.mean.bitPattern
            && left.max.bitPattern == right.max.bitPattern && left.last.sameBits(as: right.last)
    }
}

extension Value {
    /// Like `==`, but a NaN equals itself and texts compare by their bytes.
    public func sameBits(as other: Value) -> Bool {
        switch (self, other) {
        case (.double(let left), .double(let right)): left.bitPattern == right.bitPattern
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        default: self == other
        }
    }
}

extension Samples {
    /// One summary for each part; empty where there are no samples.
    public func summaries() -> [Summary] {
        guard count > 0 else { return [] }
        return (0..<width).map { summary(of: $0) }
    }

    private func summary(of component: Int) -> Summary {
        var folded = Fold()
        let last = value(count - 1, component: component)
        switch kind {
        case .integer(let scale):
            let unit = power(ofTen: scale)
            for index in stride(from: component, to: integers.count, by: width) {
                folded.add(unit.apply(to: integers[index]))
            }
        case .double:
            for index in stride(from: component, to: doubles.count, by: width) { folded.add(doubles[index]) }
        case .boolean:
            for index in stride(from: component, to: booleans.count, by: width) { folded.add(booleans[index] ? 1 : 0) }
        case .text: break
        }
        guard folded.count > 0 else { return Summary(min: .nan, mean: .nan, max: .nan, last: last) }
        return Summary(min: folded.min, mean: folded.mean, max: folded.max, last: last)
    }

    private struct Fold {
        var (min, max): (Double, Double) = (.infinity, -.infinity)
        var count = 0.0
        private var sum = 0.0
        private var running = 0.0

        /// The running form does not overflow where the values themselves do not, but rounds more.
        var mean: Double { sum.isFinite ? sum / count : running }

        mutating func add(_ value: Double) {
            guard !value.isNaN else { return }
            count += 1
            min = value < min ? value : min
            max = value > max ? value : max
            sum += value
            running += value / count - running / count
        }
    }
}

/// `10^scale` as a factor or a divisor: 2150 hundredths are 2150 / 100, which is exact where × 0.01 is not.
struct DecimalUnit {
    var factor: Double
    var divides: Bool

    func apply(to mantissa: Int64) -> Double {
        divides ? Double(mantissa) / factor : Double(mantissa) * factor
    }
}

func power(ofTen scale: Int8) -> DecimalUnit {
    var factor = 1.0
    for _ in 0..<Swift.abs(Int(scale)) { factor *= 10 }
    return DecimalUnit(factor: factor, divides: scale < 0)
}

extension Value {
    /// As a number in the attribute's unit; booleans are 0 and 1, texts have none.
    public func number(scale: Int8 = 0) -> Double? {
        switch self {
        case .integer(let mantissa): power(ofTen: scale).apply(to: mantissa)
        case .double(let value): value
        case .boolean(let value): value ? 1 : 0
        case .text: nil
        }
    }
}
