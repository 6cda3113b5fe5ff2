/// A straight line through a column, in whole numbers over a power of two: times at a constant rate that is no whole
/// number of nanoseconds, or that jitter about it.
struct Line {
    var offset: Int64
    var slope: Int64
    /// Bits of fraction in both.
    var fraction: Int

    static let mostFraction = 24

    func encode(into writer: inout ByteWriter) {
        writer.byte(UInt8(fraction))
        writer.signed(offset)
        writer.signed(slope)
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> Line {
        let fraction = Int(try reader.byte("line"))
        guard fraction <= mostFraction else { throw Malformed("line", .tooLarge, at: reader.offset - 1) }
        return Line(
            offset: try reader.signed("line's offset"), slope: try reader.signed("line's slope"), fraction: fraction)
    }

    func restore(_ values: UnsafeMutableBufferPointer<Int64>) {
        var at = offset
        for index in values.indices {
            values[index] &+= at &>> Int64(fraction)
            at &+= slope
        }
    }

    private func takeResiduals(
        _ values: UnsafeMutableBufferPointer<Int64>, into residuals: UnsafeMutableBufferPointer<UInt64>
    ) -> UInt64 {
        var (at, sum): (Int64, UInt64) = (offset, 0)
        for index in values.indices {
            let residual = values[index] &- at &>> Int64(fraction)
            residuals[index] = IntegerColumn.zigzag(residual)
            sum &+= residual.magnitude
            at &+= slope
        }
        return sum
    }

    /// The line near which `values` lie closer than `sum` in all, if there is one; its residuals are left in
    /// `residuals`. `values` span less than 2^45.
    static func fit(
        _ values: UnsafeMutableBufferPointer<Int64>, better sum: UInt64,
        residuals: UnsafeMutableBufferPointer<UInt64>
    ) -> Line? {
        let count = values.count
        guard count >= 16, let real = closest(values) else { return nil }
        // So much of the slope must be said that its error adds up to nothing over the column.
        let span = Int.bitWidth - Int(values[count - 1].magnitude).leadingZeroBitCount
        let fraction = max(0, min(mostFraction, 2 * (Int.bitWidth - count.leadingZeroBitCount) + 2, 58 - span))
        let scale = Double(1 << fraction)
        let limit = 0x1p62 / scale
        guard real.offset.magnitude < limit, real.slope.magnitude < limit else { return nil }
        let line = Line(
            offset: Int64(((real.offset + 0.5) * scale).rounded()), slope: Int64((real.slope * scale).rounded()),
            fraction: fraction)
        let reached = line.takeResiduals(values, into: residuals)
        return reached + UInt64(count) / 4 < sum ? line : nil
    }

    /// The least squares line; moved to where its greatest error is least if it nearly fits as it is.
    private static func closest(_ values: UnsafeMutableBufferPointer<Int64>) -> (offset: Double, slope: Double)? {
        let count = Double(values.count)
        let first = Double(values[values.count - 1]) / (count - 1)
        var (sum, moment) = (0.0, 0.0)
        for index in values.indices {
            let residual = Double(values[index]) - first * Double(index)
            sum += residual
            moment += residual * Double(index)
        }
        let middle = (count - 1) / 2
        let slope = (moment - middle * sum) / (count * (count * count - 1) / 12)
        var line = (offset: sum / count - slope * middle, slope: first + slope)
        guard line.slope.magnitude < 4e15, line.offset.magnitude < 4e15 else { return nil }
        for _ in 0..<8 {
            guard let better = exchanged(line, values) else { break }
            line = better
        }
        return line
    }

    /// One step towards the line whose greatest error is least; nil when there is none, or when it is far from exact.
    private static func exchanged(
        _ line: (offset: Double, slope: Double), _ values: UnsafeMutableBufferPointer<Int64>
    ) -> (offset: Double, slope: Double)? {
        var (high, low) = (0, 0)
        var (most, least) = (-Double.infinity, Double.infinity)
        // The worst on each side, and the worst opposite one beyond them.
        for index in values.indices {
            let error = Double(values[index]) - line.offset - line.slope * Double(index)
            if error > most { (most, high) = (error, index) }
            if error < least { (least, low) = (error, index) }
        }
        guard most - least < 4, most > 0.45 || least < -0.45 else { return nil }
        let (left, right) = (min(high, low), max(high, low))
        guard left < right else { return nil }
        let sign = left == high ? 1.0 : -1.0
        var (third, worst) = (-1, -Double.infinity)
        for index in values.indices where index < left || index > right {
            let error = Double(values[index]) - line.offset - line.slope * Double(index)
            // Signs must alternate: before the left one like the right, after the right one like the left.
            let score = index < left ? -sign * error : sign * error
            if score > worst { (worst, third) = (score, index) }
        }
        var line = line
        if third >= 0 {
            let (a, b) = third < left ? (third, right) : (left, third)
            let middle = third < left ? left : right
            line.slope = Double(values[b] - values[a]) / Double(b - a)
            let chord = Double(values[a]) + line.slope * Double(middle - a)
            line.offset = (chord + Double(values[middle])) / 2 - line.slope * Double(middle)
        } else {
            line.offset += (most + least) / 2
        }
        return line
    }
}
