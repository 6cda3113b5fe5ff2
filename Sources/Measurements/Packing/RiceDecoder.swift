extension Rice {
    /// Reads `out.count` residuals, undoing the zigzag. Total: the planes bound the work, the caller bounds the count.
    static func decode(into out: UnsafeMutableBufferPointer<Int64>, from reader: inout ByteReader) throws(Malformed) {
        let parameter = try reader.byte("rice parameter")
        if parameter == allZero {
            out.update(repeating: 0)
            return
        }
        let (least, spread) = (Int(parameter >> 2), Int(parameter & 3))
        let isSplit = spread > 0
        var size = max(out.count, 1)
        var lowBits = [least]
        if isSplit {
            let part = Int(try reader.byte("rice part"))
            guard part >= smallestPart, part <= greatestPart else {
                throw Malformed("rice part", .unknown, at: reader.offset - 1)
            }
            size = 1 << part
            let parts = (out.count + size - 1) / size
            lowBits = try reader.packed(parts, width: spread, "rice parameters").map { least + Int($0) }
        }
        guard least + 7 <= mostLowBits || lowBits.allSatisfy({ $0 <= mostLowBits }) else {
            throw Malformed("rice parameter", .tooLarge, at: reader.offset)
        }
        let lowStart = reader.offset
        var bits = 0
        for (part, width) in lowBits.enumerated() {
            bits += width * (min(out.count, (part + 1) * size) - part * size)
        }
        _ = try reader.raw((bits + 7) / 8, "rice low bits")
        let escapes = try readUnary(into: out, from: &reader)
        reader.withBytes { bytes in mergeLow(into: out, bytes, from: lowStart, lowBits, size) }
        if escapes { try readEscaped(into: out, from: &reader) }
    }

    /// Quotients into `out`; whether there is an escape among them.
    private static func readUnary(
        into out: UnsafeMutableBufferPointer<Int64>, from reader: inout ByteReader
    ) throws(Malformed) -> Bool {
        let start = reader.offset
        let (last, most) = reader.withBytes { bytes -> (Int, Int) in
            var (index, last, base, at, most) = (0, -1, 0, start, 0)
            while index < out.count, at < bytes.count {
                var word = bytes.word(at)
                let end = min(index + word.nonzeroBitCount, out.count)
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
            return (index == out.count ? last : -1, most)
        }
        guard last >= 0 || out.isEmpty else { throw Malformed("rice unary bits", .truncated, at: start) }
        guard most <= escape else { throw Malformed("rice unary bits", .tooLarge, at: start) }
        _ = try reader.raw((last + 8) / 8, "rice unary bits")
        return most == escape
    }

    private static func mergeLow(
        into out: UnsafeMutableBufferPointer<Int64>, _ bytes: UnsafeRawBufferPointer, from start: Int,
        _ lowBits: [Int], _ size: Int
    ) {
        var place = start * 8
        for (part, bits) in lowBits.enumerated() {
            let (width, mask) = (UInt64(bits), (UInt64(1) << UInt64(bits)) &- 1)
            let range = part * size..<min(out.count, (part + 1) * size)
            // Words may be loaded plainly as long as they lie within the bytes.
            let safe = bytes.count >= 8 ? (bytes.count - 8) * 8 : -1
            for index in range {
                let quotient = out[index]
                let word =
                    place <= safe
                    ? UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: place &>> 3, as: UInt64.self))
                    : bytes.word(place &>> 3)
                let low = word &>> UInt64(truncatingIfNeeded: place & 7) & mask
                let value = UInt64(bitPattern: quotient) &<< width | low
                // An escape is left as it is until its listed residual replaces it.
                let plain = Int64(bitPattern: value &>> 1) ^ (0 &- Int64(bitPattern: value & 1))
                out[index] = quotient == escape ? Int64.min : plain
                place &+= bits
            }
        }
    }

    /// A plain residual is never `Int64.min`: it has at most 61 bits.
    private static func readEscaped(
        into out: UnsafeMutableBufferPointer<Int64>, from reader: inout ByteReader
    ) throws(Malformed) {
        for index in out.indices where out[index] == Int64.min { out[index] = try reader.signed("rice escape") }
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
