import Hashing
import Notation

/// A ticket of the Sensocto platform, read as an import: it says where a room is found, and gives no authority here.
public struct SensoctoTicket: Hashable, Sendable {
    public struct Peer: Hashable, Sendable {
        public var node: String
        public var addresses: [String]
        public var relay: String?
    }

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case notATicket
        case notBase64
        case notJSON(NotationError)
        case field(String)

        public var description: String {
            switch self {
            case .notATicket: "this is no Sensocto ticket: one begins with sensocto://room?ticket="
            case .notBase64: "this Sensocto ticket is not base64url; perhaps it was not copied whole"
            case .notJSON(let what): "this Sensocto ticket is damaged: \(what)"
            case .field(let name): "this Sensocto ticket has no usable \(name)"
            }
        }
    }

    public var roomID: String
    public var roomName: String
    public var namespace: Bytes32
    public var topic: Bytes32
    public var peers: [Peer]
    public var relay: String?
    /// Unix seconds.
    public var createdAt: Int64?
    public var expiresAt: Int64?

    static let prefix = "sensocto://room?ticket="
    static let mostBytes = 16_384
    static let mostPeers = 16

    public init(_ text: String) throws(Failure) {
        let trimmed = String(text.filter { !$0.isWhitespace })
        guard trimmed.lowercased().hasPrefix(SensoctoTicket.prefix) else { throw .notATicket }
        guard trimmed.utf8.count <= SensoctoTicket.mostBytes,
            let bytes = SensoctoTicket.base64url(trimmed.dropFirst(SensoctoTicket.prefix.count))
        else { throw .notBase64 }
        let json: JSON
        do throws(NotationError) { json = try JSONReader.read(bytes) } catch { throw .notJSON(error) }
        guard let id = json["room_id"]?.string, (1...64).contains(id.utf8.count) else {
            throw .field("room_id")
        }
        guard let namespace = SensoctoTicket.bytes(json["docs_namespace"]) else {
            throw .field("docs_namespace")
        }
        guard let topic = SensoctoTicket.bytes(json["gossip_topic"]) else {
            throw .field("gossip_topic")
        }
        roomID = id
        roomName = json["room_name"]?.string ?? ""
        self.namespace = namespace
        self.topic = topic
        relay = json["relay_url"]?.string
        createdAt = json["created_at"]?.integer
        expiresAt = json["expires_at"]?.integer
        peers = (json["bootstrap_peers"]?.array ?? []).prefix(SensoctoTicket.mostPeers).compactMap {
            peer in
            guard let node = peer["node_id"]?.string else { return nil }
            return Peer(
                node: node, addresses: (peer["addrs"]?.array ?? []).prefix(16).compactMap(\.string),
                relay: peer["relay_url"]?.string)
        }
    }

    /// What that platform derives from a room's secret.
    public static func derived(_ label: String, room: String, secret: [UInt8]) -> Bytes32 {
        HMACSHA256.authenticate(Array("\(room):\(label)".utf8), key: secret)
    }

    private static func bytes(_ value: JSON?) -> Bytes32? {
        value?.string.flatMap { Hex.decode($0) }.flatMap { Bytes32($0) }
    }

    /// With or without padding; also the plain alphabet, which some put into links all the same.
    private static func base64url(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (pending, bits): (UInt32, Int) = (0, 0)
        for character in text.utf8 where character != UInt8(ascii: "=") {
            guard let value = value(character) else { return nil }
            pending = (pending << 6 | value) & 0xffff
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        return bits < 6 ? bytes : nil
    }

    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case 65...90: UInt32(character) - 65
        case 97...122: UInt32(character) - 71
        case 48...57: UInt32(character) + 4
        case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
        case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
