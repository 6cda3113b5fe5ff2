/// One message on a stream: length (4 bytes: type and body) · type (1) · body.
struct Frame: Hashable, Sendable {
    /// What peering itself says; types from 16 on belong to those who use it.
    enum Kind: UInt8, Sendable {
        case hello = 0
        case ping = 1
        case pong = 2
        case addresses = 3
    }

    static let firstOfOthers: UInt8 = 16
    /// Type and body of a frame of an admitted peer: a message of 2 MiB and its head.
    static let mostBytes = (1 << 21) + 64
    /// Before a peer is admitted.
    static let mostBytesOfStrangers = 1 << 10

    var type: UInt8
    var body: [UInt8]

    init(type: UInt8, body: [UInt8]) {
        self.type = type
        self.body = body
    }

    init(_ kind: Kind, _ body: [UInt8] = []) { self.init(type: kind.rawValue, body: body) }

    static func append(type: UInt8, body: [UInt8], to out: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(body.count + 1).littleEndian) { out.append(contentsOf: $0) }
        out.append(type)
        out.append(contentsOf: body)
    }

    var encoded: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(5 + body.count)
        Frame.append(type: type, body: body, to: &out)
        return out
    }
}

/// Cuts a stream of bytes into frames. Holds at most one frame that is not whole, and never more than its limit.
struct FrameDecoder {
    private var pending: [UInt8] = []
    private var at = 0
    /// The greatest length of type and body.
    var limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func feed(_ bytes: [UInt8]) {
        if at > 0 {
            pending.removeFirst(at)
            at = 0
        }
        if pending.isEmpty { pending = bytes } else { pending.append(contentsOf: bytes) }
    }

    /// The next whole frame; nil when more bytes are needed.
    mutating func next() throws(WireFailure) -> Frame? {
        guard pending.count - at >= 4 else { return nil }
        let length = pending[at..<at + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length >= 1 else { throw WireFailure(what: "a frame of no bytes", offset: at) }
        guard length <= limit else {
            throw WireFailure(what: "a frame of \(length) bytes where \(limit) are allowed", offset: at)
        }
        guard pending.count - at >= 4 + length else { return nil }
        let frame = Frame(type: pending[at + 4], body: Array(pending[at + 5..<at + 4 + length]))
        at += 4 + length
        return frame
    }

    /// Bytes held.
    var held: Int { pending.count - at }
}
