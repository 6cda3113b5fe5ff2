/// Where a peer can be reached, as iroh-gossip puts it into peer data: a relay's URL and socket addresses.
public struct PeerAddresses: Hashable, Sendable {
    public enum Address: Hashable, Sendable {
        /// Four bytes of address in network order.
        case v4([UInt8], port: UInt16)
        /// Sixteen bytes of address in network order.
        case v6([UInt8], port: UInt16)
    }
    public var relay: String?
    public var direct: [Address]

    /// More are cut off when written and refused when read.
    public static let mostDirect = 32

    public init(relay: String? = nil, direct: [Address] = []) {
        self.relay = relay
        self.direct = direct
    }

    public func encoded() -> PeerData {
        var out = PostcardWriter()
        out.option(relay) { $0.blob(Array($1.utf8)) }
        let sent = direct.prefix(PeerAddresses.mostDirect)
        out.number(sent.count)
        for address in sent {
            switch address {
            case .v4(let bytes, let port):
                out.number(0)
                out.bytes += bytes
                out.number(port)
            case .v6(let bytes, let port):
                out.number(1)
                out.bytes += bytes
                out.number(port)
            }
        }
        return out.bytes
    }

    public init(decoding data: PeerData) throws(MalformedGossip) {
        var reader = PostcardReader(data)
        var relay: String?
        if try reader.flag() {
            guard let text = String(validating: try reader.blob(), as: UTF8.self) else { throw reader.failure(.text) }
            relay = text
        }
        var direct: [Address] = []
        let count = try reader.count(ofAtLeast: 6)
        guard count <= PeerAddresses.mostDirect else { throw reader.failure(.count) }
        for _ in 0..<count {
            switch try reader.number(upTo: 255) {
            case 0: direct.append(.v4(Array(try reader.take(4)), port: try reader.short()))
            case 1: direct.append(.v6(Array(try reader.take(16)), port: try reader.short()))
            default: throw reader.failure(.variant)
            }
        }
        try reader.end()
        self.init(relay: relay, direct: direct)
    }
}
