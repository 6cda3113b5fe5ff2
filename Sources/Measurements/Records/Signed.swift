import Hashing

/// 64 bytes of Ed25519.
public struct Signature: Hashable, Sendable {
    public static let count = 64
    public let bytes: [UInt8]

    /// Nil unless `bytes` are exactly 64.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Signature.count else { return nil }
        self.bytes = Array(bytes)
    }
}

/// A record that a gateway or a hub puts its name to.
public protocol Signable: Hashable, Sendable {
    /// What the signature is for: it stands before the body, so that none is ever good for something else.
    static var purpose: StaticString { get }
    func encode(into writer: inout ByteWriter)
    static func decode(from reader: inout ByteReader) throws(Malformed) -> Self
    /// Whose signature it needs.
    var signer: Bytes32 { get }
}

extension Signable {
    public var body: [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }

    /// What is signed: `"bothy/<kind>/1\0"` and the body.
    public static func message(_ body: [UInt8]) -> [UInt8] {
        purpose.withUTF8Buffer { Array("bothy/".utf8) + Array($0) + Array("/1\0".utf8) } + body
    }

    /// The record's own name: BLAKE2b-256 for `bothy.record.v1` over what is signed.
    public var hash: Bytes32 { BLAKE2b.hash(Self.message(body), purpose: "bothy.record.v1") }

    public func signed(by sign: ([UInt8]) -> Signature) -> Signed<Self> {
        Signed(record: self, signature: sign(Self.message(body)))
    }
}

/// A record with the signature that came with it; nothing is believed before `isSigned` says so.
public struct Signed<Record: Signable>: Hashable, Sendable {
    public let record: Record
    public let signature: Signature

    public init(record: Record, signature: Signature) {
        self.record = record
        self.signature = signature
    }

    /// `verify` gets the signer's key, the message and the signature; strict Ed25519.
    public func isSigned(_ verify: (Bytes32, [UInt8], Signature) -> Bool) -> Bool {
        verify(record.signer, Record.message(record.body), signature)
    }

    public func encode(into writer: inout ByteWriter) {
        writer.block(record.body)
        writer.raw(signature.bytes)
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }

    /// Bytes of a body.
    public static var mostBytes: Int { 1 << 20 }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> Signed {
        let start = reader.offset
        var body = ByteReader(try reader.block("signed record", most: mostBytes))
        let record = try Record.decode(from: &body)
        try body.finish("signed record")
        // One record has one body: what was signed is exactly what is spelled here.
        guard record.body == body.bytes else { throw Malformed("signed record", .notCanonical, at: start) }
        guard let signature = Signature(try reader.raw(Signature.count, "signature")) else {
            throw Malformed("signature", .truncated, at: reader.offset)
        }
        return Signed(record: record, signature: signature)
    }

    public init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes)
        self = try Signed.decode(from: &reader)
        try reader.finish("signed record")
    }
}
