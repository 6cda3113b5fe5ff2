import Hashing

/// A peer is its iroh endpoint id.
public typealias PeerID = Bytes32

/// What a peer says of how to reach it; opaque to the protocol (see `PeerAddresses`).
public typealias PeerData = [UInt8]

public struct PeerInfo: Hashable, Sendable {
    public var id: PeerID
    public var data: PeerData?

    public init(id: PeerID, data: PeerData? = nil) {
        self.id = id
        self.data = data
    }
}

/// How far a message has come: hops through the swarm, or to the sender's neighbours only.
public enum Scope: Hashable, Sendable {
    case swarm(hops: UInt16)
    case neighbours
}

/// What is broadcast. Its id is the BLAKE3 hash of its content.
public struct Payload: Hashable, Sendable {
    public var id: Bytes32
    public var content: [UInt8]
    public var scope: Scope

    public init(id: Bytes32, content: [UInt8], scope: Scope) {
        self.id = id
        self.content = content
        self.scope = scope
    }
}

public struct Announcement: Hashable, Sendable {
    public var id: Bytes32
    public var hops: UInt16

    public init(id: Bytes32, hops: UInt16) {
        self.id = id
        self.hops = hops
    }
}

/// A message of one topic, as iroh-gossip 1 has it: the first six keep the swarm together, the last four carry.
public enum Message: Hashable, Sendable {
    case join(PeerData?)
    case forwardJoin(PeerInfo, ttl: UInt16)
    case shuffle(origin: PeerID, nodes: [PeerInfo], ttl: UInt16)
    case shuffleReply([PeerInfo])
    /// `urgent`: the sender has no other neighbour, so it may not be refused.
    case neighbour(urgent: Bool, PeerData?)
    case disconnect(alive: Bool)
    case payload(Payload)
    case prune
    case graft(Bytes32?, hops: UInt16)
    case have([Announcement])
}

extension Message {
    public func encoded() -> [UInt8] {
        var out = PostcardWriter()
        switch self {
        case .payload, .prune, .graft, .have:
            out.number(1)
            writeCarrying(to: &out)
        default:
            out.number(0)
            writeSwarm(to: &out)
        }
        return out.bytes
    }

    private func writeSwarm(to out: inout PostcardWriter) {
        switch self {
        case .join(let data):
            out.number(0)
            out.option(data) { $0.blob($1) }
        case .forwardJoin(let peer, let ttl):
            out.number(1)
            Message.write(peer, to: &out)
            out.number(ttl)
        case .shuffle(let origin, let nodes, let ttl):
            out.number(2)
            out.id(origin)
            Message.write(nodes, to: &out)
            out.number(ttl)
        case .shuffleReply(let nodes):
            out.number(3)
            Message.write(nodes, to: &out)
        case .neighbour(let urgent, let data):
            out.number(4)
            out.number(urgent ? 0 : 1)
            out.option(data) { $0.blob($1) }
        case .disconnect(let alive):
            out.number(5)
            out.flag(alive)
            out.flag(false)  // once "respond"; still on the wire
        default: break
        }
    }

    private func writeCarrying(to out: inout PostcardWriter) {
        switch self {
        case .payload(let payload):
            out.number(0)
            out.id(payload.id)
            out.blob(payload.content)
            switch payload.scope {
            case .swarm(let hops):
                out.number(0)
                out.number(hops)
            case .neighbours: out.number(1)
            }
        case .prune: out.number(1)
        case .graft(let id, let hops):
            out.number(2)
            out.option(id) { $0.id($1) }
            out.number(hops)
        case .have(let announcements):
            out.number(3)
            out.number(announcements.count)
            for announcement in announcements {
                out.id(announcement.id)
                out.number(announcement.hops)
            }
        default: break
        }
    }

    private static func write(_ peer: PeerInfo, to out: inout PostcardWriter) {
        out.id(peer.id)
        out.option(peer.data) { $0.blob($1) }
    }

    private static func write(_ peers: [PeerInfo], to out: inout PostcardWriter) {
        out.number(peers.count)
        for peer in peers { write(peer, to: &out) }
    }
}

extension Message {
    public init(decoding bytes: [UInt8]) throws(MalformedGossip) {
        var reader = PostcardReader(bytes)
        switch try reader.number(upTo: 255) {
        case 0: self = try Message.readSwarm(&reader)
        case 1: self = try Message.readCarrying(&reader)
        default: throw reader.failure(.variant)
        }
        try reader.end()
    }

    private static func readSwarm(_ reader: inout PostcardReader) throws(MalformedGossip) -> Message {
        switch try reader.number(upTo: 255) {
        case 0: return .join(try data(&reader))
        case 1: return .forwardJoin(try peer(&reader), ttl: try reader.short())
        case 2: return .shuffle(origin: try reader.id(), nodes: try peers(&reader), ttl: try reader.short())
        case 3: return .shuffleReply(try peers(&reader))
        case 4:
            let priority = try reader.number(upTo: 1)
            return .neighbour(urgent: priority == 0, try data(&reader))
        case 5:
            let alive = try reader.flag()
            _ = try reader.flag()
            return .disconnect(alive: alive)
        default: throw reader.failure(.variant)
        }
    }

    private static func readCarrying(_ reader: inout PostcardReader) throws(MalformedGossip) -> Message {
        switch try reader.number(upTo: 255) {
        case 0:
            let (id, content) = (try reader.id(), try reader.blob())
            switch try reader.number(upTo: 255) {
            case 0: return .payload(Payload(id: id, content: content, scope: .swarm(hops: try reader.short())))
            case 1: return .payload(Payload(id: id, content: content, scope: .neighbours))
            default: throw reader.failure(.variant)
            }
        case 1: return .prune
        case 2:
            let id = try reader.flag() ? try reader.id() : nil
            return .graft(id, hops: try reader.short())
        case 3:
            var announcements: [Announcement] = []
            for _ in 0..<(try reader.count(ofAtLeast: Bytes32.count + 1)) {
                announcements.append(Announcement(id: try reader.id(), hops: try reader.short()))
            }
            return .have(announcements)
        default: throw reader.failure(.variant)
        }
    }

    private static func data(_ reader: inout PostcardReader) throws(MalformedGossip) -> PeerData? {
        try reader.flag() ? try reader.blob() : nil
    }

    private static func peer(_ reader: inout PostcardReader) throws(MalformedGossip) -> PeerInfo {
        PeerInfo(id: try reader.id(), data: try data(&reader))
    }

    private static func peers(_ reader: inout PostcardReader) throws(MalformedGossip) -> [PeerInfo] {
        var peers: [PeerInfo] = []
        for _ in 0..<(try reader.count(ofAtLeast: Bytes32.count + 1)) { peers.append(try peer(&reader)) }
        return peers
    }
}
