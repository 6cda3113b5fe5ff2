extension Rice {
    /// Reads `out.count` residuals, undoing the zigzag; `code` is what the column's first byte says of the start. Total:
    /// the planes bound the work, the caller bounds the count.
    static func decode(
        into out: UnsafeMutableBufferPointer<Int64>, code: UInt8, from reader: inout ByteReader
    ) throws(Malformed) {
        let at = reader.offset
        let byte = code == codes - 1 ? try reader.byte("rice parameter") : code
        if byte == allZero {
            out.update(repeating: 0)
            return
        }
        guard let start = Start(byte: byte) else { throw Malformed("rice parameter", .tooLarge, at: at) }
        let planes = reader.offset
        let (bits, most) = reader.withBytes { readQuotients(into: out, $0, from: planes) }
        guard let bits else { throw Malformed("rice quotients", .truncated, at: planes) }
        guard most <= escape else { throw Malformed("rice quotients", .tooLarge, at: planes) }
        let end = reader.withBytes { mergeLow(into: out, $0, from: planes * 8 + bits, Adaptation(start)) }
        _ = try reader.raw((end + 7) / 8 - planes, "rice low bits")
        guard most == escape else { return }
        // A residual of the planes has at most 53 bits: this one is a mark that `mergeLow` left.
        for index in out.indices where out[index] == Int64.min { out[index] = try reader.signed("rice escape") }
    }

    /// Quotients into `out`; how many bits they took (nil if the bytes ended first), and the greatest.
    private static func readQuotients(
        into out: UnsafeMutableBufferPointer<Int64>, _ bytes: UnsafeRawBufferPointer, from start: Int
    ) -> (bits: Int?, most: UInt64) {
        var (index, last, base, at, most) = (0, -1, 0, start, 0)
        while index < out.count, at < bytes.count {
            var word = bytes.word(at)
            let end = min(index &+ word.nonzeroBitCount, out.count)
            while index < end {
                let place = base &+ word.trailingZeroBitCount
                word &= word &- 1
                let quotient = place &- last &- 1
                out[index] = Int64(truncatingIfNeeded: quotient)
                most = max(most, quotient)
                last = place
                index &+= 1
            }
            base &+= 64
            at &+= 8
        }
        return (index == out.count ? last + 1 : nil, UInt64(most))
    }

    /// Joins the quotients in `out` with their low bits, which start at bit `start`; returns where they end.
    private static func mergeLow(
        into out: UnsafeMutableBufferPointer<Int64>, _ bytes: UnsafeRawBufferPointer, from start: Int,
        _ adaptation: Adaptation
    ) -> Int {
        var place = start
        var adaptation = adaptation
        // Words are loaded plainly as long as they lie within the bytes; beyond, zeros are read, and the caller notices.
        let safe = bytes.count >= 8 ? (bytes.count - 8) * 8 : -1
        for index in out.indices {
            let quotient = UInt64(bitPattern: out[index])
            let lowBits = adaptation.lowBits
            adaptation.follow(quotient, lowBits)
            let word =
                place <= safe
                ? UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place &>> 3, as: UInt64.self))
                : bytes.word(place &>> 3)
            let low = word &>> UInt64(truncatingIfNeeded: place & 7) & (1 &<< lowBits &- 1)
            let value = quotient &<< lowBits | low
            let plain = Int64(bitPattern: value &>> 1) ^ (0 &- Int64(bitPattern: value & 1))
            out[index] = quotient == escape ? Int64.min : plain
            place &+= Int(truncatingIfNeeded: lowBits)
        }
        return place
    }
}

extension ByteReader {
    mutating func packed(_ count: Int, width: Int, _ field: String) throws(Malformed) -> [UInt64] {
        let slice = try raw((count * width + 7) / 8, field)
        var result: [UInt64] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            var value: UInt64 = 0
            for bit in 0..<width {
                let place = index * width + bit
                value |= UInt64(slice[slice.startIndex + place / 8] >> UInt8(place % 8) & 1) << UInt64(bit)
            }
            result.append(value)
        }
        return result
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { bytes.withUnsafeBytes(body) }
}

extension UnsafeRawBufferPointer {
    /// Eight bytes as a number, zeros where there are no more.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        if offset + 8 <= count { return UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
        var result: UInt64 = 0
        for index in stride(from: Swift.min(offset + 8, count) - 1, through: offset, by: -1) {
            result = result << 8 | UInt64(self[index])
        }
        return result
    }
}
