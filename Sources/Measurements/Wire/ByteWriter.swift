import Hashing

/// Writes the canonical form of records: little-endian numbers, varints in their shortest form, texts and lists with
/// their length in front.
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8]

    public init(reserving capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public var count: Int { bytes.count }

    public mutating func byte(_ value: UInt8) { bytes.append(value) }

    public mutating func raw(_ value: some Sequence<UInt8>) { bytes.append(contentsOf: value) }

    public mutating func fixed<Number: FixedWidthInteger>(_ value: Number) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// LEB128: seven bits a byte, the lowest first.
    public mutating func varint(_ value: some BinaryInteger) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A signed number: 0, −1, 1, −2 … as 0, 1, 2, 3 …
    public mutating func signed(_ value: Int64) { varint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    public mutating func double(_ value: Double) { fixed(value.bitPattern) }

    public mutating func boolean(_ value: Bool) { bytes.append(value ? 1 : 0) }

    public mutating func identifier(_ value: Bytes32) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }

    public mutating func identifier(_ value: some Identifier16) {
        withUnsafeBytes(of: value.high.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: value.low.bigEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func text(_ value: String) {
        varint(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    /// Bytes with their length in front.
    public mutating func block(_ value: [UInt8]) {
        varint(value.count)
        bytes.append(contentsOf: value)
    }
}

extension String {
    /// The longest beginning of at most `limit` bytes of UTF-8 that ends at a character's edge.
    public func clipped(toUTF8 limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: self) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}

extension ByteWriter {
    /// Takes back what was written after `count` bytes.
    mutating func cut(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// Numbers of `width` bits each, the lowest bit first, up to a whole byte.
    mutating func packed(_ values: [UInt64], width: Int) {
        var (word, filled): (UInt64, Int) = (0, 0)
        for value in values {
            for bit in 0..<width {
                word |= (value >> UInt64(bit) & 1) << UInt64(filled)
                filled += 1
                if filled == 8 {
                    bytes.append(UInt8(word))
                    (word, filled) = (0, 0)
                }
            }
        }
        if filled > 0 { bytes.append(UInt8(word)) }
    }
}
