extension IntegerColumn {
    /// Appends the column; of the ways it knows the shortest, as estimated.
    static func encode(
        _ values: UnsafeBufferPointer<Int64>, _ effort: ColumnEffort = .values, into writer: inout ByteWriter
    ) {
        guard !values.isEmpty else { return }
        let shape = Shape(values)
        if shape.runs == 1 {
            writer.byte(head(.constant))
            writer.signed(values[0])
            return
        }
        let start = writer.count
        let runs = min(shape.runs, shape.steps)
        if effort.runs, runs * 4 <= values.count {
            encodeRuns(values, ofSteps: shape.steps < shape.runs, count: runs, into: &writer)
            // With few enough runs nothing else comes near.
            if runs * 32 <= values.count { return }
            var other = ByteWriter(reserving: values.count)
            encodeDense(values, shape, effort, into: &other)
            if other.count < writer.count - start {
                writer.cut(to: start)
                writer.raw(other.bytes)
            }
            return
        }
        encodeDense(values, shape, effort, into: &writer)
        if writer.count - start > 1 + values.count * 8 {
            writer.cut(to: start)
            writer.byte(head(.raw))
            for value in values { writer.fixed(value) }
        }
    }

    /// What one look at the numbers tells.
    struct Shape {
        /// Of equal numbers.
        var runs = 1
        /// Of equal differences.
        var steps = 1
        var least: Int64
        var most: Int64

        init(_ values: UnsafeBufferPointer<Int64>) {
            (least, most) = (values[0], values[0])
            var last = values[0]
            var difference = values.count > 1 ? values[1] &- values[0] : 0
            for index in 1..<max(values.count, 1) {
                let value = values[index]
                least = min(least, value)
                most = max(most, value)
                runs &+= value != last ? 1 : 0
                steps &+= value &- last != difference ? 1 : 0
                difference = value &- last
                last = value
            }
        }

        /// Whether differences of third order of the numbers, and sums with small coefficients, stay far from 64 bits.
        var isSmall: Bool {
            let (span, overflow) = most.subtractingReportingOverflow(least)
            return !overflow && span < 1 << 45
        }

        /// Whether sums of the magnitudes of 4,096 differences of third order fit in 32 bits.
        var isNarrow: Bool { isSmall && most - least < 1 << 16 }
    }

    /// Of the numbers themselves, or of the steps from one to the next.
    private static func encodeRuns(
        _ values: UnsafeBufferPointer<Int64>, ofSteps: Bool, count: Int, into writer: inout ByteWriter
    ) {
        writer.byte(head(.runs(ofSteps: ofSteps)))
        if ofSteps { writer.signed(values[0]) }
        writer.varint(count)
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: count * 2) { scratch in
            let heads = UnsafeMutableBufferPointer(rebasing: scratch[..<count])
            let lengths = UnsafeMutableBufferPointer(rebasing: scratch[count...])
            var run = -1
            for index in (ofSteps ? 1 : 0)..<values.count {
                let value = ofSteps ? values[index] &- values[index - 1] : values[index]
                if run < 0 || value != heads[run] {
                    run += 1
                    heads[run] = value
                    lengths[run] = 0
                } else {
                    lengths[run] += 1
                }
            }
            let effort = ColumnEffort(runs: false, prediction: false)
            encode(UnsafeBufferPointer(heads), effort, into: &writer)
            encode(UnsafeBufferPointer(lengths), effort, into: &writer)
        }
    }

    /// Predicts each number and codes what is left.
    private static func encodeDense(
        _ values: UnsafeBufferPointer<Int64>, _ shape: Shape, _ effort: ColumnEffort, into writer: inout ByteWriter
    ) {
        let count = values.count
        // The numbers from the first on, in steps; then the residuals of two candidates.
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: count + LinearPrediction.padding) { padded in
            for index in 0..<LinearPrediction.padding { padded[index] = 0 }
            let scaled = UnsafeMutableBufferPointer(rebasing: padded[LinearPrediction.padding...])
            let base = values[0]
            for index in 0..<count { scaled[index] = values[index] &- base }
            let step = shape.isSmall ? commonStep(scaled) : 1
            if step > 1 { for index in 0..<count { scaled[index] /= step } }
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count * 2) { scratch in
                let residuals = UnsafeMutableBufferPointer(rebasing: scratch[..<count])
                let others = UnsafeMutableBufferPointer(rebasing: scratch[count...])
                let dense = Dense(
                    scaled: scaled, base: base, step: step, shape: shape, residuals: residuals, others: others)
                dense.encode(effort, into: &writer)
            }
        }
    }

    /// The greatest number that divides all of `values`, which start with 0; at least 1.
    private static func commonStep(_ values: UnsafeMutableBufferPointer<Int64>) -> Int64 {
        var step: Int64 = 0
        for value in values where step == 0 ? value != 0 : value % step != 0 {
            var (left, right) = (step, abs(value))
            while right != 0 { (left, right) = (right, left % right) }
            step = left
            if step == 1 { return 1 }
        }
        return max(step, 1)
    }
}

extension IntegerColumn {
    /// The numbers of a column less the first, divided by their common step, and room for residuals.
    struct Dense {
        var scaled: UnsafeMutableBufferPointer<Int64>
        var base: Int64
        var step: Int64
        var shape: Shape
        var residuals: UnsafeMutableBufferPointer<UInt64>
        var others: UnsafeMutableBufferPointer<UInt64>

        var count: Int { scaled.count }

        func encode(_ effort: ColumnEffort, into writer: inout ByteWriter) {
            let sums = differenceSums()
            var order = 0
            for other in 1...3 where sums[other] < sums[order] { order = other }
            if effort.line, shape.isSmall, order > 0,
                let line = Line.fit(scaled, better: sums[order], residuals: residuals)
            {
                write(.line, residuals, into: &writer) { line.encode(into: &$0) }
                return
            }
            if effort.prediction, shape.isSmall, count >= 32,
                let prediction = LinearPrediction.fit(scaled, better: sums[order], residuals: others)
            {
                let rest = UnsafeMutableBufferPointer(rebasing: others[1...])
                write(.predicted(prediction.order), rest, into: &writer) { prediction.encode(into: &$0) }
                return
            }
            if order == 0 {
                let center = mean()
                for index in 0..<count { residuals[index] = zigzag(scaled[index] &- center) }
                write(.differences(0), residuals, into: &writer) { $0.signed(center) }
            } else {
                takeDifferences(order)
                let rest = UnsafeMutableBufferPointer(rebasing: residuals[1...])
                write(.differences(order), rest, into: &writer) { _ in }
            }
        }

        private func write(
            _ way: Way, _ residuals: UnsafeMutableBufferPointer<UInt64>, into writer: inout ByteWriter,
            parameters: (inout ByteWriter) -> Void
        ) {
            let residuals = UnsafeBufferPointer(residuals)
            let start = Rice.start(residuals)
            if step > 1 {
                writer.byte(head(.stepped))
                writer.varint(step - 2)
            }
            writer.byte(head(way, start?.code ?? Rice.codes - 1))
            writer.signed(base)
            parameters(&writer)
            Rice.encode(residuals, start, into: &writer)
        }

        func mean() -> Int64 {
            guard shape.isSmall else { return 0 }
            return scaled.reduce(0, &+) / Int64(count)
        }

        /// What is before the first number counts as equal to it, which is 0 here.
        private func takeDifferences(_ order: Int) {
            let padded = UnsafePointer(scaled.baseAddress!)
            for index in 0..<count {
                let one = padded[index - 1]
                let (two, three) = (padded[index - 2], padded[index - 3])
                let guess =
                    switch order {
                    case 1: one
                    case 2: 2 &* one &- two
                    default: 3 &* one &- 3 &* two &+ three
                    }
                residuals[index] = zigzag(padded[index] &- guess)
            }
        }
    }
}
