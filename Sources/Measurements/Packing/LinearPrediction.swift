/// Coefficients that predict a first difference from those before it: whole numbers over a power of two, so that every
/// machine predicts the same.
struct LinearPrediction {
    /// For the newest difference first.
    var coefficients: [Int64]
    var shift: Int

    var order: Int { coefficients.count }

    static let mostOrder = 8
    /// Zeros that stand before a column, so that nothing asks where it begins.
    static let padding = 10
    static let shifts = 0...15
    /// Bits of one coefficient.
    static let mostWidth = 15

    func encode(into writer: inout ByteWriter) {
        let width = self.width
        writer.byte(UInt8(shift << 4 | width))
        writer.packed(coefficients.map { UInt64(bitPattern: $0) }, width: width)
    }

    /// Bits that hold every coefficient with its sign.
    var width: Int {
        coefficients.reduce(1) { max($0, Int64.bitWidth + 1 - ($1 < 0 ? ~$1 : $1).leadingZeroBitCount) }
    }

    static func decode(order: Int, from reader: inout ByteReader) throws(Malformed) -> LinearPrediction {
        let parameter = try reader.byte("prediction")
        let width = Int(parameter & 15)
        guard width > 0 else { throw Malformed("prediction", .inconsistent, at: reader.offset - 1) }
        let coefficients = try reader.packed(order, width: width, "coefficients").map { bits in
            Int64(bitPattern: bits << UInt64(64 - width)) >> Int64(64 - width)
        }
        return LinearPrediction(coefficients: coefficients, shift: Int(parameter >> 4))
    }

    /// Half a unit, so that the shift rounds.
    private var rounding: Int64 { shift > 0 ? 1 << Int64(shift - 1) : 0 }

    /// The eight coefficients, zeros for those it does not have.
    private var eight: [Int64] { coefficients + Array(repeating: 0, count: LinearPrediction.mostOrder - order) }

    /// Residuals of the differences of `values`, before which there are `padding` zeros; the first is left 0.
    func takeResiduals(
        _ values: UnsafeMutableBufferPointer<Int64>, into residuals: UnsafeMutableBufferPointer<UInt64>
    ) -> UInt64 {
        let c = eight
        let (c0, c1, c2, c3, c4, c5, c6, c7) = (c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7])
        let (half, shift) = (rounding, Int64(shift))
        var (h0, h1, h2, h3): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        var (h4, h5, h6, h7): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        var last = values[0]
        var sum: UInt64 = 0
        residuals[0] = 0
        for index in 1..<values.count {
            let difference = values[index] &- last
            last = values[index]
            var guess = half &+ c0 &* h0 &+ c1 &* h1 &+ c2 &* h2 &+ c3 &* h3
            guess = guess &+ c4 &* h4 &+ c5 &* h5 &+ c6 &* h6 &+ c7 &* h7
            let residual = difference &- guess &>> shift
            residuals[index] = IntegerColumn.zigzag(residual)
            sum &+= residual.magnitude
            (h7, h6, h5, h4, h3, h2, h1, h0) = (h6, h5, h4, h3, h2, h1, h0, difference)
        }
        return sum
    }

    /// Turns residuals into the values they came from; the first value is given.
    func restore(_ values: UnsafeMutableBufferPointer<Int64>) {
        if order <= 4 { restoreFour(values) } else { restoreEight(values) }
    }

    private func restoreFour(_ values: UnsafeMutableBufferPointer<Int64>) {
        let c = eight
        let (c0, c1, c2, c3) = (c[0], c[1], c[2], c[3])
        let (half, shift) = (rounding, Int64(shift))
        var (h0, h1, h2, h3): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        var last = values[0]
        for index in 1..<values.count {
            // The newest difference comes last into the sum: all else is ready by then.
            let older = half &+ c1 &* h1 &+ c2 &* h2 &+ c3 &* h3
            let difference = values[index] &+ (older &+ c0 &* h0) &>> shift
            last &+= difference
            values[index] = last
            (h3, h2, h1, h0) = (h2, h1, h0, difference)
        }
    }

    private func restoreEight(_ values: UnsafeMutableBufferPointer<Int64>) {
        let c = eight
        let (c0, c1, c2, c3, c4, c5, c6, c7) = (c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7])
        let (half, shift) = (rounding, Int64(shift))
        var (h0, h1, h2, h3): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        var (h4, h5, h6, h7): (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
        var last = values[0]
        for index in 1..<values.count {
            var older = half &+ c7 &* h7 &+ c6 &* h6 &+ c5 &* h5
            older = older &+ (c4 &* h4 &+ c3 &* h3 &+ c2 &* h2 &+ c1 &* h1)
            let difference = values[index] &+ (older &+ c0 &* h0) &>> shift
            last &+= difference
            values[index] = last
            (h7, h6, h5, h4, h3, h2, h1, h0) = (h6, h5, h4, h3, h2, h1, h0, difference)
        }
    }
}
