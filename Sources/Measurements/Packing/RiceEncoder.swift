extension Rice {
    /// The best start for `residuals`; nil where all are zero.
    static func start(_ residuals: UnsafeBufferPointer<UInt64>) -> Start? {
        guard residuals.contains(where: { $0 > 0 }) else { return nil }
        let first = firstLowBits(residuals)
        return Start(lowBits: first, isSteady: suitsSteady(residuals, first))
    }

    /// What the column's first byte did not say, and the planes.
    static func encode(
        _ residuals: UnsafeBufferPointer<UInt64>, _ start: Start?, into writer: inout ByteWriter
    ) {
        guard let start else {
            writer.byte(allZero)
            return
        }
        if start.code == codes - 1 { writer.byte(start.byte) }
        let room = residuals.count * Int(escape + 1 + mostLowBits) / 8 + 16
        let escapes = withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { out in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: residuals.count) { widths in
                var sink = BitSink(out.baseAddress!)
                let escapes = writeQuotients(residuals, start, widths, into: &sink)
                for index in residuals.indices {
                    let width = UInt64(widths[index])
                    sink.put(residuals[index] & (1 &<< width &- 1), width)
                }
                writer.raw(UnsafeRawBufferPointer(rebasing: out[..<sink.finish()]))
                return escapes
            }
        }
        for index in escapes { writer.varint(residuals[index]) }
    }

    private static func writeQuotients(
        _ residuals: UnsafeBufferPointer<UInt64>, _ start: Start, _ widths: UnsafeMutableBufferPointer<UInt8>,
        into sink: inout BitSink
    ) -> [Int] {
        var escapes: [Int] = []
        var adaptation = Adaptation(start)
        for index in residuals.indices {
            let lowBits = adaptation.lowBits
            widths[index] = UInt8(truncatingIfNeeded: lowBits)
            var quotient = residuals[index] &>> lowBits
            if quotient >= escape {
                quotient = escape
                escapes.append(index)
            }
            sink.unary(quotient)
            adaptation.follow(quotient, lowBits)
        }
        return escapes
    }

    /// Residuals that are looked at to choose the inertia; more tell no more.
    private static let mostTried = 512

    /// Whether the steady inertia takes fewer bits than the quick one.
    private static func suitsSteady(_ residuals: UnsafeBufferPointer<UInt64>, _ first: UInt64) -> Bool {
        var quickly = Adaptation(Start(lowBits: first, isSteady: false))
        var steadily = Adaptation(Start(lowBits: first, isSteady: true))
        var (quickBits, steadyBits): (UInt64, UInt64) = (0, 0)
        for residual in residuals.prefix(mostTried) {
            quickBits &+= count(residual, &quickly)
            steadyBits &+= count(residual, &steadily)
        }
        return steadyBits < quickBits
    }

    @inline(__always)
    private static func count(_ residual: UInt64, _ adaptation: inout Adaptation) -> UInt64 {
        let lowBits = adaptation.lowBits
        let quotient = min(residual &>> lowBits, escape)
        adaptation.follow(quotient, lowBits)
        return quotient &+ lowBits
    }

    /// What suits the first few.
    private static func firstLowBits(_ residuals: UnsafeBufferPointer<UInt64>) -> UInt64 {
        let few = residuals.prefix(12)
        var sum: UInt64 = 0
        for residual in few { sum += min(residual, 1 << 58) }
        let mean = sum * 3 / 4 / UInt64(few.count)
        return mean == 0 ? 0 : min(UInt64(63 - mean.leadingZeroBitCount), mostLowBits)
    }
}
