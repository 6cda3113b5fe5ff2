import Hashing

/// One thing that somebody with authority did. Records name those they knew of; nothing has a wall clock.
public struct ControlRecord: Hashable, Sendable {
    /// The last envelope of an author that counts.
    public struct Cut: Hashable, Sendable {
        public var sequence: UInt64
        public var hash: Bytes32

        public init(sequence: UInt64, hash: Bytes32) {
            self.sequence = sequence
            self.hash = hash
        }
    }

    public enum Kind: Hashable, Sendable {
        /// `known` is the newest envelope of that key that the granter had seen: a suspended author goes on from there.
        /// A provisional grant counts once an admin has granted too.
        case grant(Bytes32, Role, known: UInt64, via: JoinProof?, isProvisional: Bool)
        /// `through` names the last envelope of that key which the remover had admitted; nil where there was none.
        case revoke(Bytes32, through: Cut?)
        case role(Bytes32, Role)
        case invite(Invite)
        case uninvite(Bytes32)
        /// A new generation of the room's secret; the commitment is its hash.
        case rotate(generation: UInt64, commitment: Bytes32)
        /// A document starts anew from a snapshot.
        case epoch(Document, number: UInt64, snapshot: Bytes32)
        case close
    }

    public var room: RoomID
    /// The newest records its author knew, sorted; empty where it knew only the CreateRecord.
    public var deps: [Bytes32]
    public var author: Bytes32
    /// Counts from 0 for each author; the record before must be in the past of this one.
    public var sequence: UInt64
    public var kind: Kind
    public var signature: [UInt8]

    public static let mostDeps = 32
    public static let mostBytes = 4096

    public init(
        room: RoomID, deps: [Bytes32], author: Bytes32, sequence: UInt64, kind: Kind,
        sign: ([UInt8]) -> [UInt8]
    ) {
        self.room = room
        self.deps = deps.sorted()
        self.author = author
        self.sequence = sequence
        self.kind = kind
        signature = []
        signature = sign(message)
    }

    /// What is signed.
    public var message: [UInt8] { SignedText.bytes("control", body) }
    public var hash: Bytes32 { BLAKE2b.hash(body, purpose: "bothy.control.v1") }
    public var bytes: [UInt8] { body + signature }

    /// Whose standing it changes; nil where it is about the room.
    public var subject: Bytes32? {
        switch kind {
        case .grant(let key, _, _, _, _), .revoke(let key, _), .role(let key, _): key
        default: nil
        }
    }
}

/// An open invitation: whoever has the secret half of its key may ask in.
public struct Invite: Hashable, Sendable {
    public var key: Bytes32
    public var role: Role
    /// 0: any number. A limit cannot hold while the room is in parts, so it needs one who counts.
    public var mostUses: UInt32
    /// Unix seconds; 0: no end. Judged by whoever lets in.
    public var notAfter: UInt64
    /// Who alone may let in by it; any member where nil.
    public var admitter: Bytes32?

    public init(
        key: Bytes32, role: Role, mostUses: UInt32 = 0, notAfter: UInt64 = 0, admitter: Bytes32? = nil
    ) {
        self.key = key
        self.role = role
        self.mostUses = mostUses
        self.notAfter = notAfter
        self.admitter = admitter
    }
}

extension ControlRecord {
    var body: [UInt8] {
        var writer = Writer()
        writer.id(room)
        writer.number(deps.count)
        for dep in deps { writer.id(dep) }
        writer.id(author)
        writer.number(sequence)
        encode(kind, into: &writer)
        return writer.bytes
    }

    private func encode(_ kind: Kind, into writer: inout Writer) {
        switch kind {
        case .grant(let key, let role, let known, let via, let isProvisional):
            writer.byte(1)
            writer.id(key)
            writer.byte(role.rawValue)
            writer.number(known)
            writer.option(via) { $1.encode(into: &$0) }
            writer.byte(isProvisional ? 1 : 0)
        case .revoke(let key, let cut):
            writer.byte(2)
            writer.id(key)
            writer.option(cut) {
                $0.number($1.sequence)
                $0.id($1.hash)
            }
        case .role(let key, let role):
            writer.byte(3)
            writer.id(key)
            writer.byte(role.rawValue)
        case .invite(let invite):
            writer.byte(4)
            writer.id(invite.key)
            writer.byte(invite.role.rawValue)
            writer.number(invite.mostUses)
            writer.number(invite.notAfter)
            writer.option(invite.admitter) { $0.id($1) }
        case .uninvite(let key):
            writer.byte(5)
            writer.id(key)
        case .rotate(let generation, let commitment):
            writer.byte(6)
            writer.number(generation)
            writer.id(commitment)
        case .epoch(let document, let number, let snapshot):
            writer.byte(7)
            writer.byte(document.rawValue)
            writer.number(number)
            writer.id(snapshot)
        case .close: writer.byte(8)
        }
    }

    /// Reads exactly one record; its signature is not checked here.
    public init(_ bytes: [UInt8]) throws(MalformedRecord) {
        var reader = Reader(bytes)
        guard bytes.count <= ControlRecord.mostBytes else {
            throw reader.failure("control record", "is over its maximum")
        }
        room = try reader.id("room")
        deps = []
        for _ in 0..<(try reader.number("known records", most: UInt64(ControlRecord.mostDeps))) {
            let dep = try reader.id("known record")
            if let last = deps.last, dep <= last {
                throw reader.failure("known records", "are not sorted")
            }
            deps.append(dep)
        }
        author = try reader.id("author")
        sequence = try reader.number("sequence")
        kind = try ControlRecord.kind(&reader)
        signature = Array(try reader.raw(64, "signature"))
        try reader.end("control record")
    }

    private static func kind(_ reader: inout Reader) throws(MalformedRecord) -> Kind {
        switch try reader.byte("kind") {
        case 1:
            return .grant(
                try reader.id("key"), try Role(from: &reader), known: try reader.number("known envelope"),
                via: try reader.flag("proof") ? try JoinProof.decode(from: &reader) : nil,
                isProvisional: try reader.flag("provisional"))
        case 2:
            let key = try reader.id("key")
            guard try reader.flag("cut") else { return .revoke(key, through: nil) }
            return .revoke(
                key, through: Cut(sequence: try reader.number("cut"), hash: try reader.id("cut")))
        case 3: return .role(try reader.id("key"), try Role(from: &reader))
        case 4:
            return .invite(
                Invite(
                    key: try reader.id("invite"), role: try Role(from: &reader),
                    mostUses: UInt32(try reader.number("uses", most: UInt64(UInt32.max))),
                    notAfter: try reader.number("end"),
                    admitter: try reader.flag("admitter") ? try reader.id("admitter") : nil))
        case 5: return .uninvite(try reader.id("invite"))
        case 6:
            return .rotate(
                generation: try reader.number("generation"), commitment: try reader.id("commitment"))
        case 7:
            guard let document = Document(rawValue: try reader.byte("document")) else {
                throw reader.failure("document", "is not known")
            }
            return .epoch(
                document, number: try reader.number("epoch"), snapshot: try reader.id("snapshot"))
        case 8: return .close
        default: throw reader.failure("kind", "is not known")
        }
    }
}

extension Role {
    init(from reader: inout Reader) throws(MalformedRecord) {
        guard let role = Role(rawValue: try reader.byte("role")) else {
            throw reader.failure("role", "is not known")
        }
        self = role
    }
}
