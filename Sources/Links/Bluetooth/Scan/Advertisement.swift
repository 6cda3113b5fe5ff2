/// What a device said of itself in one advertisement, still in the buffer it came in: a row of elements, each a length,
/// a type and bytes.
struct Advertisement: Sequence {
    struct Element {
        var type: UInt8
        var bytes: UnsafeRawBufferPointer
    }

    /// Types of element that are asked for by name.
    enum Kind {
        static let flags: UInt8 = 0x01
        static let services16: ClosedRange<UInt8> = 0x02...0x03
        static let services128: ClosedRange<UInt8> = 0x06...0x07
        static let names: ClosedRange<UInt8> = 0x08...0x09
        static let serviceData16: UInt8 = 0x16
        static let serviceData128: UInt8 = 0x21
        static let manufacturer: UInt8 = 0xFF
    }

    var data: UnsafeRawBufferPointer

    struct Iterator: IteratorProtocol {
        var rest: UnsafeRawBufferPointer
        var offset = 0

        /// Ends at the padding, or where an element claims to be longer than what is there.
        mutating func next() -> Element? {
            guard offset < rest.count else { return nil }
            let length = Int(rest[offset])
            guard length > 0, offset + 1 + length <= rest.count else { return nil }
            let element = Element(
                type: rest[offset + 1],
                bytes: UnsafeRawBufferPointer(rebasing: rest[offset + 2..<offset + 1 + length]))
            offset += 1 + length
            return element
        }
    }

    func makeIterator() -> Iterator { Iterator(rest: data) }

    /// The name's bytes, as sent: whole or shortened.
    var name: UnsafeRawBufferPointer? {
        for element in self where Kind.names.contains(element.type) && element.bytes.count > 0 { return element.bytes }
        return nil
    }

    /// Two-byte numbers of the services it claims to have.
    var services16: [UInt16] {
        var found: [UInt16] = []
        for element in self where Kind.services16.contains(element.type) {
            for place in stride(from: 0, to: element.bytes.count - 1, by: 2) {
                found.append(UInt16(element.bytes[place]) | UInt16(element.bytes[place + 1]) << 8)
            }
        }
        return found
    }

    /// A number for the bytes, to tell a repeated advertisement from a new one. (FNV-1a, eight bytes at a time.)
    var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var offset = 0
        while offset + 8 <= data.count {
            hash = (hash ^ data.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x0000_0100_0000_01B3
            hash ^= hash >> 29
            offset += 8
        }
        while offset < data.count {
            hash = (hash ^ UInt64(data[offset])) &* 0x0000_0100_0000_01B3
            offset += 1
        }
        return hash ^ hash >> 32
    }
}
