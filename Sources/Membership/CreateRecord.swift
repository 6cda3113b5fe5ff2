import Hashing

/// What a room is made of, for ever. It needs no signature: its hash is the room's id.
public struct CreateRecord: Hashable, Sendable {
    public var founder: Bytes32
    /// 32 random bytes, so that a founder can make many rooms.
    public var nonce: Bytes32
    /// Frozen: two first changes that differ by a container never merge.
    public var schema: UInt32
    /// May replace a lost owner; its seed is shown once, when the room is made.
    public var recovery: Bytes32
    /// A foreign name, such as another platform's UUID: never authority. Empty where there is none.
    public var alias: String

    public static let mostAliasBytes = 64

    public init(
        founder: Bytes32, nonce: Bytes32, schema: UInt32, recovery: Bytes32, alias: String = ""
    ) {
        self.founder = founder
        self.nonce = nonce
        self.schema = schema
        self.recovery = recovery
        self.alias = alias
    }

    public var bytes: [UInt8] {
        var writer = Writer()
        encode(into: &writer)
        return writer.bytes
    }

    func encode(into writer: inout Writer) {
        writer.id(founder)
        writer.id(nonce)
        writer.number(schema)
        writer.id(recovery)
        writer.text(alias)
    }

    static func decode(from reader: inout Reader) throws(MalformedRecord) -> CreateRecord {
        CreateRecord(
            founder: try reader.id("founder"), nonce: try reader.id("nonce"),
            schema: UInt32(try reader.number("schema", most: UInt64(UInt32.max))),
            recovery: try reader.id("recovery key"),
            alias: try reader.text("alias", most: mostAliasBytes))
    }

    public init(_ bytes: [UInt8]) throws(MalformedRecord) {
        var reader = Reader(bytes)
        self = try CreateRecord.decode(from: &reader)
        try reader.end("create record")
    }

    public var room: RoomID { BLAKE2b.hash(bytes, purpose: "bothy.room.v1") }

    /// Who made a document's first change: nobody. It is computed from the room and never received, and its actor may be
    /// the author of exactly that change.
    public func genesisActor(of document: Document) -> [UInt8] {
        var writer = Writer()
        writer.id(room)
        writer.number(schema)
        writer.byte(document.rawValue)
        return BLAKE2b.hash16(writer.bytes, purpose: "bothy.genesis")
    }
}

/// An author's name in documents: nobody else can have it, and nobody can choose his own.
public enum Actor {
    public static func of(_ author: Bytes32, room: RoomID, log: Bytes16) -> [UInt8] {
        BLAKE2b.hash16(author.bytes + room.bytes + log, purpose: "bothy.actor.v1")
    }
}

/// 16 bytes.
public typealias Bytes16 = [UInt8]
