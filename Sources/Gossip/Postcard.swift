import Hashing

/// Why bytes are not a gossip message, and where reading stopped.
public struct MalformedGossip: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: String, Hashable, Sendable {
        case ended = "it ends too early"
        case number = "a number is out of range"
        case variant = "a kind is unknown"
        case flag = "a flag is neither 0 nor 1"
        case count = "a list claims more than the message can hold"
        case trailing = "bytes are left over"
        case text = "a text is not UTF-8"
        case size = "it is larger than allowed"
    }
    public var reason: Reason
    public var offset: Int

    public var description: String { "not a gossip message: \(reason.rawValue) (at byte \(offset))" }
}

/// The few rules of postcard that the protocol needs: little-endian base-128 numbers, one-byte options and flags.
struct PostcardWriter {
    var bytes: [UInt8] = []

    mutating func number(_ value: some BinaryInteger) {
        var rest = UInt64(value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func id(_ value: Bytes32) { bytes += value.bytes }

    mutating func blob(_ value: [UInt8]) {
        number(value.count)
        bytes += value
    }

    mutating func option<Value>(_ value: Value?, _ write: (inout PostcardWriter, Value) -> Void) {
        flag(value != nil)
        if let value { write(&self, value) }
    }
}

struct PostcardReader {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var left: Int { bytes.count - offset }

    func failure(_ reason: MalformedGossip.Reason) -> MalformedGossip {
        MalformedGossip(reason: reason, offset: offset)
    }

    mutating func byte() throws(MalformedGossip) -> UInt8 {
        guard left > 0 else { throw failure(.ended) }
        offset += 1
        return bytes[offset - 1]
    }

    mutating func number(upTo most: UInt64) throws(MalformedGossip) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            let next = try byte()
            value |= UInt64(next & 0x7f) << shift
            guard value <= most else { throw failure(.number) }
            if next < 0x80 { return value }
        }
        throw failure(.number)
    }

    mutating func short() throws(MalformedGossip) -> UInt16 { UInt16(try number(upTo: UInt64(UInt16.max))) }

    mutating func flag() throws(MalformedGossip) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw failure(.flag)
        }
    }

    mutating func take(_ count: Int) throws(MalformedGossip) -> ArraySlice<UInt8> {
        guard count <= left else { throw failure(.ended) }
        offset += count
        return bytes[offset - count..<offset]
    }

    mutating func id() throws(MalformedGossip) -> Bytes32 {
        guard let id = Bytes32(try take(Bytes32.count)) else { throw failure(.ended) }
        return id
    }

    mutating func blob() throws(MalformedGossip) -> [UInt8] {
        Array(try take(Int(try number(upTo: UInt64(Int32.max)))))
    }

    /// A list's length, refused before anything is reserved where so many items of `least` bytes cannot follow.
    mutating func count(ofAtLeast least: Int) throws(MalformedGossip) -> Int {
        let count = try number(upTo: UInt64(Int32.max))
        guard count <= UInt64(left / least) else { throw failure(.count) }
        return Int(count)
    }

    func end() throws(MalformedGossip) {
        guard left == 0 else { throw failure(.trailing) }
    }
}
