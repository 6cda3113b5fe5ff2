import Hashing

/// That somebody who holds an invitation's secret asked in, at this place, for this key: not to be used for another key
/// or at another door.
public struct JoinProof: Hashable, Sendable {
    /// The invitation's public key.
    public var invite: Bytes32
    public var joinerEndpoint: Bytes32
    public var admitterEndpoint: Bytes32
    public var signature: [UInt8]

    public init(
        invite: Bytes32, joinerEndpoint: Bytes32, admitterEndpoint: Bytes32, signature: [UInt8]
    ) {
        self.invite = invite
        self.joinerEndpoint = joinerEndpoint
        self.admitterEndpoint = admitterEndpoint
        self.signature = signature
    }

    /// Made by the joiner with the secret of its ticket.
    public init(
        room: RoomID, key: Bytes32, joinerEndpoint: Bytes32, admitterEndpoint: Bytes32, secret: Bytes32
    ) {
        self.init(
            invite: Ed25519.publicKey(seed: secret), joinerEndpoint: joinerEndpoint,
            admitterEndpoint: admitterEndpoint, signature: [])
        signature = Ed25519.sign(message(room: room, key: key), seed: secret)
    }

    public func message(room: RoomID, key: Bytes32) -> [UInt8] {
        var writer = Writer()
        writer.id(room)
        writer.id(joinerEndpoint)
        writer.id(admitterEndpoint)
        writer.id(key)
        writer.id(invite)
        return SignedText.bytes("join", writer.bytes)
    }

    func holds(room: RoomID, key: Bytes32, _ verify: Verify) -> Bool {
        verify(invite, message(room: room, key: key), signature)
    }

    func encode(into writer: inout Writer) {
        writer.id(invite)
        writer.id(joinerEndpoint)
        writer.id(admitterEndpoint)
        writer.raw(signature)
    }

    static func decode(from reader: inout Reader) throws(MalformedRecord) -> JoinProof {
        JoinProof(
            invite: try reader.id("invite"), joinerEndpoint: try reader.id("joiner's endpoint"),
            admitterEndpoint: try reader.id("admitter's endpoint"),
            signature: Array(try reader.raw(64, "proof's signature")))
    }
}
