import Hashing

/// One generation of a room's secret. Whoever has it finds the room's topics and documents; a removal makes the next one.
/// It opens doors and protects nothing that was read.
public struct Generation: Hashable, Sendable {
    public let number: UInt64
    public let secret: Bytes32

    public init(number: UInt64, secret: Bytes32) {
        self.number = number
        self.secret = secret
    }

    /// What a `rotate` record says of it.
    public var commitment: Bytes32 { BLAKE2b.hash(secret.bytes, purpose: "bothy.gen.v1") }

    public var gossipTopic: Bytes32 { derived("topic") }
    public var namespace: Bytes32 { derived("namespace") }

    /// As automerge-repo has them: 16 bytes.
    public func documentID(_ document: Document, epoch: UInt64) -> Bytes16 {
        Array(derived("document/\(document.name)/\(epoch)").bytes.prefix(16))
    }

    /// The same after every restart and at every member.
    public func derived(_ label: String) -> Bytes32 {
        HMACSHA256.authenticate(Array("bothy/\(label)/\(number)".utf8), key: secret.bytes)
    }
}
