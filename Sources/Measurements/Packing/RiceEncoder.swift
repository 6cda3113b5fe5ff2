/// Golomb–Rice codes of residuals in two planes: the low `k` bits of each, packed, then the rest in unary. `k` is
/// chosen for each part of a column.
///
/// Apart from each other the planes are fast to read: the low bits by plain loads, the unary ones a word at a time.
enum Rice {
    /// A quotient that stands for "this residual is listed after the planes".
    static let escape = 20
    static let mostLowBits = 56
    /// Where the parameter byte would be: every residual is zero and there are no planes.
    static let allZero: UInt8 = 0xff
    /// Parts of 32 residuals are the smallest.
    static let smallestPart = 5
    static let greatestPart = 9

    /// Which `k` for which part.
    struct Plan {
        /// Residuals in a part, as a power of two; nil for one part.
        var part: Int?
        var lowBits: [Int]
        var cost: Int
    }

    static func encode(_ residuals: UnsafeBufferPointer<UInt64>, into writer: inout ByteWriter) {
        guard let most = residuals.max(), most > 0 else {
            writer.byte(allZero)
            return
        }
        let plan = plan(residuals)
        write(plan, residuals, into: &writer)
    }

    // MARK: Choosing

    static func plan(_ residuals: UnsafeBufferPointer<UInt64>) -> Plan {
        let count = residuals.count
        let parts = (count + 31) / 32
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: parts) { sums in
            for part in 0..<parts {
                var sum: UInt64 = 0
                // Three bits of room for the sum; what is that great is listed apart anyway.
                for index in part * 32..<min(count, part * 32 + 32) { sum &+= min(residuals[index], 1 << 57) }
                sums[part] = sum
            }
            var best = plan(residuals, sums: sums, part: nil)
            guard count > 64 else { return best }
            for size in smallestPart...greatestPart where 1 << size < count {
                let candidate = plan(residuals, sums: sums, part: size)
                if candidate.cost < best.cost { best = candidate }
            }
            return best
        }
    }

    private static func plan(
        _ residuals: UnsafeBufferPointer<UInt64>, sums: UnsafeMutableBufferPointer<UInt64>, part: Int?
    ) -> Plan {
        let count = residuals.count
        let step = part.map { 1 << ($0 - smallestPart) } ?? sums.count
        var plan = Plan(part: part, lowBits: [], cost: 8)
        var start = 0
        while start < sums.count {
            let end = min(start + step, sums.count)
            var sum: UInt64 = 0
            for index in start..<end {
                let (total, overflow) = sum.addingReportingOverflow(sums[index])
                sum = overflow ? .max : total
            }
            let range = start * 32..<min(count, end * 32)
            let (bits, cost) = lowBits(UnsafeBufferPointer(rebasing: residuals[range]), sum: sum)
            plan.lowBits.append(bits)
            plan.cost += cost
            start = end
        }
        let spread = plan.spread
        if part != nil { plan.cost += 8 + spread * plan.lowBits.count }
        return plan
    }

    /// The best `k` for residuals of this sum, and about how many bits they take.
    private static func lowBits(_ residuals: UnsafeBufferPointer<UInt64>, sum: UInt64) -> (bits: Int, cost: Int) {
        let count = UInt64(residuals.count)
        let mean = sum / count
        var bits = mean == 0 ? 0 : 63 - mean.leadingZeroBitCount
        var cost = estimate(sum, count, bits)
        for other in [bits + 1, bits - 1] where other >= 0 && other <= mostLowBits {
            let candidate = estimate(sum, count, other)
            if candidate < cost { (bits, cost) = (other, candidate) }
        }
        bits = min(bits, mostLowBits)
        guard bits > 0 else { return (bits, cost) }
        // A few great ones among many small would pull `k` up: then it is worth counting exactly.
        let most = residuals.max() ?? 0
        guard most / 32 > mean else { return (bits, cost) }
        cost = exact(residuals, bits)
        while bits > 0 {
            let candidate = exact(residuals, bits - 1)
            guard candidate < cost else { break }
            (bits, cost) = (bits - 1, candidate)
        }
        return (bits, cost)
    }

    private static func estimate(_ sum: UInt64, _ count: UInt64, _ bits: Int) -> Int {
        let unary = sum >> UInt64(bits)
        let rounded = bits > 0 ? count / 2 : 0
        return Int(clamping: UInt64(1 + bits) * count + min(unary > rounded ? unary - rounded : 0, 1 << 40))
    }

    private static func exact(_ residuals: UnsafeBufferPointer<UInt64>, _ bits: Int) -> Int {
        var cost = residuals.count * (1 + bits)
        for residual in residuals {
            let quotient = residual >> UInt64(bits)
            if quotient < escape {
                cost += Int(quotient)
            } else {
                cost += escape + (64 - residual.leadingZeroBitCount) * 8 / 7 + 8
            }
        }
        return cost
    }

    // MARK: Writing

    private static func write(
        _ plan: Plan, _ residuals: UnsafeBufferPointer<UInt64>, into writer: inout ByteWriter
    ) {
        let spread = plan.spread
        let least = plan.least
        var lowBits = [least]
        var size = residuals.count
        writer.byte(UInt8(least << 2 | spread))
        if spread > 0, let part = plan.part {
            lowBits = plan.lowBits.map { max($0, least) }
            size = 1 << part
            writer.byte(UInt8(part))
            writer.packed(lowBits.map { UInt64($0 - least) }, width: spread)
        }
        writeLow(residuals, lowBits, size, into: &writer)
        writeUnary(residuals, lowBits, size, into: &writer)
        for (part, bits) in lowBits.enumerated() {
            for index in part * size..<min(residuals.count, (part + 1) * size)
            where residuals[index] >> UInt64(bits) >= escape {
                writer.varint(residuals[index])
            }
        }
    }

    private static func writeLow(
        _ residuals: UnsafeBufferPointer<UInt64>, _ lowBits: [Int], _ size: Int, into writer: inout ByteWriter
    ) {
        let total = lowBits.indices.reduce(0) { sum, part in
            sum + lowBits[part] * (min(residuals.count, (part + 1) * size) - part * size)
        }
        writer.fill((total + 7) / 8) { out in
            var (word, filled, at): (UInt64, UInt64, Int) = (0, 0, 0)
            for (part, bits) in lowBits.enumerated() where bits > 0 {
                let (width, mask) = (UInt64(bits), (UInt64(1) << UInt64(bits)) &- 1)
                for index in part * size..<min(residuals.count, (part + 1) * size) {
                    let low = residuals[index] & mask
                    word |= low << filled
                    filled &+= width
                    if filled >= 64 {
                        (out + at).storeBytes(of: word.littleEndian, as: UInt64.self)
                        at += 8
                        filled &-= 64
                        word = filled == 0 ? 0 : low >> (width &- filled)
                    }
                }
            }
            while at < (total + 7) / 8 {
                out.storeBytes(of: UInt8(truncatingIfNeeded: word), toByteOffset: at, as: UInt8.self)
                word >>= 8
                at += 1
            }
        }
    }

    private static func writeUnary(
        _ residuals: UnsafeBufferPointer<UInt64>, _ lowBits: [Int], _ size: Int, into writer: inout ByteWriter
    ) {
        var total = residuals.count
        for (part, bits) in lowBits.enumerated() {
            let width = UInt64(bits)
            for index in part * size..<min(residuals.count, (part + 1) * size) {
                total &+= Int(truncatingIfNeeded: min(residuals[index] >> width, UInt64(escape)))
            }
        }
        writer.fill((total + 7) / 8) { out in
            var (word, at, place): (UInt64, Int, Int) = (0, 0, 0)
            for (part, bits) in lowBits.enumerated() {
                let width = UInt64(bits)
                for index in part * size..<min(residuals.count, (part + 1) * size) {
                    place &+= Int(truncatingIfNeeded: min(residuals[index] >> width, UInt64(escape)))
                    if place >= 64 {
                        (out + at).storeBytes(of: word.littleEndian, as: UInt64.self)
                        (word, at, place) = (0, at + 8, place &- 64)
                    }
                    word |= 1 << UInt64(truncatingIfNeeded: place)
                    place &+= 1
                }
            }
            while at < (total + 7) / 8 {
                out.storeBytes(of: UInt8(truncatingIfNeeded: word), toByteOffset: at, as: UInt8.self)
                word >>= 8
                at += 1
            }
        }
    }
}

extension Rice.Plan {
    /// Bits in which each part's `k` is told from the least: 0 to 3.
    var spread: Int {
        guard let most = lowBits.max(), let low = lowBits.min() else { return 0 }
        return min(3, Int.bitWidth - (most - low).leadingZeroBitCount)
    }

    /// The least `k` that can be told; smaller ones are raised to it.
    var least: Int {
        guard let most = lowBits.max(), let low = lowBits.min() else { return 0 }
        return max(low, most - (1 << spread - 1))
    }
}
