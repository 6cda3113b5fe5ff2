import Hashing

/// Why bytes are not what they should be, and where.
public struct MalformedRecord: Error, Hashable, Sendable, CustomStringConvertible {
    public var field: String
    public var problem: String
    public var offset: Int

    public var description: String { "\(field) \(problem) (byte \(offset))" }
}

/// Canonical bytes: numbers as LEB128 in their shortest form, texts and lists with their length in front.
struct Writer {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func raw(_ value: some Sequence<UInt8>) { bytes.append(contentsOf: value) }
    mutating func id(_ value: Bytes32) { bytes.append(contentsOf: value.bytes) }

    mutating func number(_ value: some BinaryInteger) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func text(_ value: String) {
        number(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func option<Value>(_ value: Value?, _ write: (inout Writer, Value) -> Void) {
        byte(value == nil ? 0 : 1)
        if let value { write(&self, value) }
    }
}

struct Reader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func failure(_ field: String, _ problem: String) -> MalformedRecord {
        MalformedRecord(field: field, problem: problem, offset: offset)
    }

    mutating func raw(_ count: Int, _ field: String) throws(MalformedRecord) -> ArraySlice<UInt8> {
        guard count <= bytes.count - offset else { throw failure(field, "ends too early") }
        offset += count
        return bytes[offset - count..<offset]
    }

    mutating func byte(_ field: String) throws(MalformedRecord) -> UInt8 {
        try raw(1, field).first ?? 0
    }

    mutating func id(_ field: String) throws(MalformedRecord) -> Bytes32 {
        Bytes32(try raw(Bytes32.count, field)) ?? .zero
    }

    mutating func number(_ field: String, most: UInt64 = .max) throws(MalformedRecord) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let next = try byte(field)
            guard shift < 63 || next <= 1 else { break }
            value |= UInt64(next & 0x7f) << shift
            guard next < 0x80 else { continue }
            guard next > 0 || shift == 0 else { throw failure(field, "is not in its shortest form") }
            guard value <= most else { throw failure(field, "is over its maximum") }
            return value
        }
        throw failure(field, "is over its maximum")
    }

    mutating func text(_ field: String, most: Int) throws(MalformedRecord) -> String {
        let count = Int(try number(field, most: UInt64(most)))
        guard let text = String(validating: try raw(count, field), as: UTF8.self) else {
            throw failure(field, "is not UTF-8")
        }
        return text
    }

    mutating func flag(_ field: String) throws(MalformedRecord) -> Bool {
        let value = try byte(field)
        guard value < 2 else { throw failure(field, "is neither 0 nor 1") }
        return value == 1
    }

    func end(_ field: String) throws(MalformedRecord) {
        guard offset == bytes.count else {
            throw failure(field, "is followed by bytes that do not belong to it")
        }
    }
}
