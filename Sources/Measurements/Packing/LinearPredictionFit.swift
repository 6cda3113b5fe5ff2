extension LinearPrediction {
    /// The prediction that makes `values` clearly shorter than fixed differences do, whose magnitudes sum to `sum`; its
    /// residuals are left in `residuals`.
    static func fit(
        _ values: UnsafeMutableBufferPointer<Int64>, better sum: UInt64,
        residuals: UnsafeMutableBufferPointer<UInt64>
    ) -> LinearPrediction? {
        let count = values.count
        guard let prediction = best(values) else { return nil }
        let reached = prediction.takeResiduals(values, into: residuals)
        // About log2(sums' ratio) bits a value are saved; a prediction costs time to undo, so it must save a little more
        // than it takes.
        let saved = Int((Double(count) * logarithm(Double(sum + 1) / Double(reached + 1))).rounded(.down))
        let spent = 16 + prediction.order * prediction.width + count / 32
        return saved > spent ? prediction : nil
    }

    /// Binary logarithm by the number's own exponent and a polynomial: the same everywhere, exact enough to compare.
    static func logarithm(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 0 }
        let mantissa = value.significand - 1
        return Double(value.exponent) + mantissa * (1.3465 - 0.3465 * mantissa)
    }

    private static func best(_ values: UnsafeMutableBufferPointer<Int64>) -> LinearPrediction? {
        let order = min(mostOrder, values.count / 12)
        guard order > 0 else { return nil }
        let solutions = solve(covariance(values, order: order), order: order)
        let samples = Double(values.count)
        // The more samples, the more exact coefficients are worth their bits.
        let shift = values.count < 192 ? 5 : values.count < 512 ? 6 : values.count < 2_048 ? 7 : 8
        var chosen: [Double]?
        var least = Double.infinity
        for solution in solutions {
            let bits =
                samples / 2 * logarithm(solution.error + 1e-3) + Double(solution.coefficients.count * (shift + 2))
            if bits < least { (least, chosen) = (bits, solution.coefficients) }
        }
        return chosen.flatMap { quantised($0, shift: shift) }
    }

    /// Sums of products of the differences `j` and `k` back, over all places that have `order` before them.
    private static func covariance(_ values: UnsafeMutableBufferPointer<Int64>, order: Int) -> [Double] {
        let size = order + 1
        var result = [Double](repeating: 0, count: size * size)
        let count = values.count - 1
        withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { differences in
            for index in 0..<count {
                differences[index] = Double(values[index &+ 1] &- values[index])
            }
            let from = UnsafePointer(differences.baseAddress!)
            for back in 0..<size {
                // Four sums side by side: one would wait for itself.
                var sums = SIMD4<Double>.zero
                var index = order
                while index &+ 4 <= count {
                    let left = SIMD4(from[index], from[index &+ 1], from[index &+ 2], from[index &+ 3])
                    let other = from + (index &- back)
                    sums += left * SIMD4(other[0], other[1], other[2], other[3])
                    index &+= 4
                }
                var sum = sums.sum()
                while index < count {
                    sum += from[index] * from[index &- back]
                    index &+= 1
                }
                result[back] = sum
            }
            for row in 0..<order {
                for column in row..<order {
                    result[(row + 1) * size + column + 1] =
                        result[row * size + column] + from[order - 1 - row] * from[order - 1 - column]
                        - from[count - 1 - row] * from[count - 1 - column]
                }
            }
        }
        return result
    }

    /// The best coefficients of each order from 1 to `order`, and the squared error that each leaves.
    private static func solve(_ products: [Double], order: Int) -> [(coefficients: [Double], error: Double)] {
        let size = order + 1
        // Cholesky: the solution of every lower order is in the factor of the highest.
        var lower = [Double](repeating: 0, count: order * order)
        var forward = [Double](repeating: 0, count: order)
        var result: [(coefficients: [Double], error: Double)] = []
        var error = products[0]
        let ridge = products[0] * 1e-9 + 1e-9
        for row in 0..<order {
            for column in 0...row {
                var sum = products[(column + 1) * size + row + 1] + (row == column ? ridge : 0)
                for index in 0..<column { sum -= lower[row * order + index] * lower[column * order + index] }
                if row == column {
                    guard sum > 0 else { return result }
                    lower[row * order + row] = sum.squareRoot()
                } else {
                    lower[row * order + column] = sum / lower[column * order + column]
                }
            }
            var sum = products[row + 1]
            for index in 0..<row { sum -= lower[row * order + index] * forward[index] }
            forward[row] = sum / lower[row * order + row]
            error -= forward[row] * forward[row]
            var coefficients = [Double](repeating: 0, count: row + 1)
            for back in stride(from: row, through: 0, by: -1) {
                var sum = forward[back]
                for index in back + 1..<row + 1 { sum -= lower[index * order + back] * coefficients[index] }
                coefficients[back] = sum / lower[back * order + back]
            }
            result.append((coefficients, max(error, 0)))
        }
        return result
    }

    private static func quantised(_ coefficients: [Double], shift: Int) -> LinearPrediction? {
        guard let most = coefficients.map(\.magnitude).max(), most < 64 else { return nil }
        let scale = Double(1 << shift)
        let whole = coefficients.map { Int64(($0 * scale).rounded()) }
        let prediction = LinearPrediction(coefficients: whole, shift: shift)
        return prediction.width <= mostWidth ? prediction : nil
    }
}
