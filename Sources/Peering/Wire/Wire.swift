import Hashing

/// Bytes of a frame being made. Numbers are low byte first.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func raw(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }
    mutating func key(_ key: Bytes32) { bytes.append(contentsOf: key.bytes) }

    mutating func integer<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A text behind its length in one byte, cut at a character where it is longer than `most`.
    mutating func text(_ text: String, most: Int) {
        precondition(most <= 255, "a text's length is one byte")
        var cut = Substring(text)
        while cut.utf8.count > most { cut.removeLast() }
        byte(UInt8(cut.utf8.count))
        raw(cut.utf8)
    }
}

/// What is wrong with bytes of a peer, and where.
public struct WireFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var what: String
    public var offset: Int

    public var description: String { "\(what) (at byte \(offset))" }
}

/// Bytes of a frame being read: a value or a failure, never more work than there are bytes.
struct WireReader {
    let bytes: ArraySlice<UInt8>
    private var at: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        at = bytes.startIndex
    }

    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    var left: Int { bytes.endIndex - at }

    func failure(_ what: String) -> WireFailure { WireFailure(what: what, offset: at - bytes.startIndex) }

    mutating func raw(_ count: Int, _ name: StaticString) throws(WireFailure) -> ArraySlice<UInt8> {
        guard count >= 0, left >= count else { throw failure("cut short in \(name)") }
        defer { at += count }
        return bytes[at..<at + count]
    }

    mutating func byte(_ name: StaticString) throws(WireFailure) -> UInt8 { try raw(1, name).first ?? 0 }

    mutating func integer<Integer: FixedWidthInteger & UnsignedInteger>(_: Integer.Type, _ name: StaticString)
        throws(WireFailure) -> Integer
    {
        try raw(Integer.bitWidth / 8, name).reversed().reduce(Integer.zero) { $0 << 8 | Integer($1) }
    }

    mutating func key(_ name: StaticString) throws(WireFailure) -> Bytes32 {
        Bytes32(try raw(Bytes32.count, name)) ?? .zero
    }

    /// A text behind its length in one byte; valid UTF-8 without control characters.
    mutating func text(most: Int, _ name: StaticString) throws(WireFailure) -> String {
        let count = Int(try byte(name))
        guard count <= most else { throw failure("\(name) is longer than \(most) bytes") }
        let text = try raw(count, name)
        guard let valid = String(validating: text, as: UTF8.self),
            valid.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
        else { throw failure("\(name) is not plain text") }
        return valid
    }

    func end() throws(WireFailure) {
        guard left == 0 else { throw failure("\(left) bytes too many") }
    }
}
