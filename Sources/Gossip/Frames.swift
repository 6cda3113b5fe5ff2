import Hashing

/// Messages on a QUIC stream: a big-endian length of four bytes, then so many bytes.
///
/// Version 1 (`/iroh-gossip/1`): one stream each way for a topic; its first frame is the topic. Version 0
/// (`/iroh-gossip/0`): one stream for all, each frame the topic and then the message.
public struct Frames: Sendable {
    /// What iroh-gossip refuses to send, and so need not be taken.
    public static let mostBytes = 4096

    private var pending: [UInt8] = []
    private var start = 0
    private let most: Int

    /// `versionZero` frames carry 32 bytes more.
    public init(versionZero: Bool = false) { most = Frames.mostBytes + (versionZero ? Bytes32.count : 0) }

    /// Feed it what came, then ask `next` until it is nil: it holds one partial frame and what was fed at once.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        if start > 0 {
            pending.removeFirst(start)
            start = 0
        }
        pending += bytes
    }

    public mutating func next() throws(MalformedGossip) -> [UInt8]? {
        guard pending.count - start >= 4 else { return nil }
        var length = 0
        for index in start..<start + 4 { length = length << 8 | Int(pending[index]) }
        guard length <= most else { throw MalformedGossip(reason: .size, offset: 0) }
        guard pending.count - start - 4 >= length else { return nil }
        defer { start += 4 + length }
        return Array(pending[start + 4..<start + 4 + length])
    }

    public static func frame(_ body: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(body.count).bigEndian) { Array($0) } + body
    }

    public static func split(versionZero frame: [UInt8]) throws(MalformedGossip) -> (topic: Bytes32, Message) {
        guard let topic = Bytes32(frame.prefix(Bytes32.count)) else { throw MalformedGossip(reason: .ended, offset: 0) }
        return (topic, try Message(decoding: Array(frame.dropFirst(Bytes32.count))))
    }
}
