import Hashing
import Notation

/// An invitation as it is handed over: text, link or QR code. It holds no secret of the room, only the right to ask in.
public struct Ticket: Hashable, Sendable {
    /// Where somebody of the room may be met.
    public struct Hint: Hashable, Sendable {
        /// A peer's endpoint id.
        public var endpoint: Bytes32
        /// Addresses and relays as text, tried in order.
        public var addresses: [String]

        public init(endpoint: Bytes32, addresses: [String] = []) {
            self.endpoint = endpoint
            self.addresses = addresses
        }

        static let mostAddresses = 4
        static let mostAddressBytes = 128
    }

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case notATicket
        case notBase32
        case version(UInt8)
        case malformed(MalformedRecord)
        case checksum

        public var description: String {
            switch self {
            case .notATicket: "this is no ticket: one begins with BOTHY: or bothy://room?ticket="
            case .notBase32:
                "this ticket has a character that no ticket has; perhaps it was not copied whole"
            case .version(let version):
                "this ticket is of version \(version), which this Bothy does not know"
            case .malformed(let what): "this ticket is damaged: \(what)"
            case .checksum: "this ticket is damaged: its characters do not fit together"
            }
        }
    }

    public var create: CreateRecord
    /// The seed of the invitation's key.
    public var secret: Bytes32
    /// What it says it gives; the room's record decides.
    public var role: Role
    public var hints: [Hint]
    /// Unix seconds; 0 where there is no end. A hint too: who lets in decides.
    public var notAfter: UInt64

    public static let mostHints = 3
    static let version: UInt8 = 1
    static let mostBytes = 2_048

    public init(
        create: CreateRecord, secret: Bytes32, role: Role, hints: [Hint] = [], notAfter: UInt64 = 0
    ) {
        self.create = create
        self.secret = secret
        self.role = role
        self.hints = hints
        self.notAfter = notAfter
    }

    public var room: RoomID { create.room }
    public var invite: Bytes32 { Ed25519.publicKey(seed: secret) }

    /// `BOTHY:` and upper-case base32, the small alphabet of QR codes.
    public var text: String { "BOTHY:" + Base32.encode(bytes) }
    public var link: String { "bothy://room?ticket=" + Base32.encode(bytes) }

    /// Reads text or link, in either case, with spaces and line breaks around it.
    public init(_ text: String) throws(Failure) {
        let trimmed = text.filter { !$0.isWhitespace }
        let lowered = trimmed.lowercased()
        let prefix = ["bothy://room?ticket=", "bothy:"].first { lowered.hasPrefix($0) }
        guard let prefix else { throw .notATicket }
        guard trimmed.utf8.count <= Ticket.mostBytes * 2,
            let bytes = Base32.decode(trimmed.dropFirst(prefix.count))
        else {
            throw .notBase32
        }
        try self.init(bytes: bytes)
    }

    // MARK: Bytes

    private static func checksum(_ bytes: some Sequence<UInt8>) -> ArraySlice<UInt8> {
        BLAKE2b.hash16(Array(bytes), purpose: "bothy.ticket.v1").prefix(4)
    }

    var bytes: [UInt8] {
        var writer = Writer()
        writer.byte(Ticket.version)
        create.encode(into: &writer)
        writer.id(secret)
        writer.byte(role.rawValue)
        writer.number(notAfter)
        writer.number(min(hints.count, Ticket.mostHints))
        for hint in hints.prefix(Ticket.mostHints) {
            writer.id(hint.endpoint)
            writer.number(min(hint.addresses.count, Hint.mostAddresses))
            for address in hint.addresses.prefix(Hint.mostAddresses) { writer.text(address) }
        }
        return writer.bytes + Ticket.checksum(writer.bytes)
    }

    init(bytes: [UInt8]) throws(Failure) {
        guard let version = bytes.first, bytes.count > 4 else { throw .checksum }
        guard version == Ticket.version else { throw .version(version) }
        guard Ticket.checksum(bytes.dropLast(4)).elementsEqual(bytes.suffix(4)) else { throw .checksum }
        var reader = Reader(Array(bytes.dropLast(4)))
        do throws(MalformedRecord) { self = try Ticket.decode(&reader) } catch {
            throw .malformed(error)
        }
    }

    private static func decode(_ reader: inout Reader) throws(MalformedRecord) -> Ticket {
        _ = try reader.byte("version")
        var ticket = Ticket(
            create: try CreateRecord.decode(from: &reader), secret: try reader.id("invitation's secret"),
            role: try Role(from: &reader), notAfter: try reader.number("end"))
        for _ in 0..<(try reader.number("hints", most: UInt64(mostHints))) {
            var hint = Hint(endpoint: try reader.id("endpoint"))
            for _ in 0..<(try reader.number("addresses", most: UInt64(Hint.mostAddresses))) {
                hint.addresses.append(try reader.text("address", most: Hint.mostAddressBytes))
            }
            ticket.hints.append(hint)
        }
        try reader.end("ticket")
        return ticket
    }
}

/// The key that can replace a lost owner, as it is printed when a room is made.
public enum RecoveryKey {
    public static func text(seed: Bytes32) -> String { Base32.encode(seed.bytes) }
    public static func seed(_ text: String) -> Bytes32? {
        Base32.decode(text).flatMap { Bytes32($0) }
    }
}
