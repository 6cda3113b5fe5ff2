/// Reads little-endian fields of a datagram and notes when it was too short; the caller asks once, at the end.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0
    /// True once something was asked for beyond the end; all that was read since is zero.
    private(set) var ranOut = false

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    mutating func unsigned(_ count: Int) -> UInt64 {
        guard count <= remaining else {
            ranOut = true
            offset = bytes.count
            return 0
        }
        var value: UInt64 = 0
        for place in 0..<count { value |= UInt64(bytes[offset + place]) << (8 * UInt64(place)) }
        offset += count
        return value
    }

    mutating func u8() -> UInt8 { UInt8(unsigned(1)) }
    mutating func i8() -> Int8 { Int8(bitPattern: u8()) }
    mutating func u16() -> UInt16 { UInt16(unsigned(2)) }
    mutating func u32() -> UInt32 { UInt32(unsigned(4)) }

    /// Six bytes of address and one of kind.
    mutating func address() -> BluetoothAddress {
        let number = unsigned(6)
        return BluetoothAddress(number, BluetoothAddress.Kind(rawValue: u8()) ?? .random)
    }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        guard count <= remaining else {
            ranOut = true
            offset = bytes.count
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func array(_ count: Int) -> [UInt8] { Array(take(count)) }
    mutating func rest() -> UnsafeRawBufferPointer { take(remaining) }
}

/// Writes little-endian fields.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func u8(_ value: UInt8) { bytes.append(value) }
    mutating func u16(_ value: UInt16) {
        for place in 0..<2 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
    }
    mutating func u32(_ value: UInt32) {
        for place in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
    }
    mutating func u64(_ value: UInt64) {
        for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(place)))) }
    }
    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    mutating func address(_ address: BluetoothAddress) {
        append(address.bytesOnAir)
        u8(address.kind.rawValue)
    }
}
