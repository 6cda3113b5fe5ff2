/// CRC-32C (Castagnoli): tells bytes that were written whole from bytes that were not. Not a defence against anybody.
enum Checksum {
    private static let table: [UInt32] = (0..<256).map { index in
        var value = UInt32(index)
        for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
        return value
    }

    static func of(_ bytes: UnsafeRawBufferPointer, after earlier: UInt32 = 0) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            let table = table.baseAddress!
            var value = ~earlier
            guard var at = bytes.baseAddress else { return earlier }
            let end = at + bytes.count
            while at < end {
                value = value >> 8 ^ table[Int(truncatingIfNeeded: value & 0xff) ^ Int(at.load(as: UInt8.self))]
                at += 1
            }
            return ~value
        }
    }

    static func of(_ bytes: [UInt8], after earlier: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { of($0, after: earlier) }
    }
}
