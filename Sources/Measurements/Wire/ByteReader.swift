import Hashing

/// Reads what `ByteWriter` writes, and nothing else: every failure is a named one with its offset, and nothing is
/// allocated that the bytes at hand do not pay for.
public struct ByteReader: Sendable {
    public let bytes: [UInt8]
    public private(set) var offset: Int
    private let end: Int

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        offset = 0
        end = bytes.count
    }

    public var remaining: Int { end - offset }

    public mutating func byte(_ field: String) throws(Malformed) -> UInt8 {
        guard offset < end else { throw Malformed(field, .truncated, at: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    public mutating func raw(_ count: Int, _ field: String) throws(Malformed) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw Malformed(field, .truncated, at: offset) }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    public mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type, _ field: String) throws(Malformed)
        -> Number
    {
        let size = MemoryLayout<Number>.size
        guard size <= remaining else { throw Malformed(field, .truncated, at: offset) }
        defer { offset += size }
        let start = offset
        return Number(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Number.self) })
    }

    public mutating func varint(_ field: String, most: UInt64 = .max) throws(Malformed) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte(field)
            if shift == 63, next > 1 { throw Malformed(field, .tooLarge, at: start) }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 {
                if next == 0, shift > 0 { throw Malformed(field, .notCanonical, at: start) }
                break
            }
            shift += 7
        }
        guard value <= most else { throw Malformed(field, .tooLarge, at: start) }
        return value
    }

    /// A length or a count, as an `Int`.
    public mutating func count(_ field: String, most: Int) throws(Malformed) -> Int {
        Int(try varint(field, most: UInt64(most)))
    }

    public mutating func signed(_ field: String) throws(Malformed) -> Int64 {
        let value = try varint(field)
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    public mutating func double(_ field: String) throws(Malformed) -> Double {
        Double(bitPattern: try fixed(UInt64.self, field))
    }

    public mutating func boolean(_ field: String) throws(Malformed) -> Bool {
        let value = try byte(field)
        guard value < 2 else { throw Malformed(field, .notCanonical, at: offset - 1) }
        return value == 1
    }

    public mutating func identifier32(_ field: String) throws(Malformed) -> Bytes32 {
        let slice = try raw(Bytes32.count, field)
        return Bytes32 { out in for (index, byte) in slice.enumerated() { out[index] = byte } }
    }

    public mutating func identifier16<ID: Identifier16>(_ type: ID.Type, _ field: String) throws(Malformed) -> ID {
        let high = try fixed(UInt64.self, field)
        let low = try fixed(UInt64.self, field)
        return ID(high: high.byteSwapped, low: low.byteSwapped)
    }

    public mutating func text(_ field: String, most: Int) throws(Malformed) -> String {
        let start = offset
        let slice = try raw(try count(field, most: most), field)
        guard let text = String(validating: slice, as: UTF8.self) else { throw Malformed(field, .notUTF8, at: start) }
        return text
    }

    public mutating func block(_ field: String, most: Int) throws(Malformed) -> [UInt8] {
        Array(try raw(try count(field, most: most), field))
    }

    public func finish(_ field: String) throws(Malformed) {
        guard offset == end else { throw Malformed(field, .trailing, at: offset) }
    }
}
