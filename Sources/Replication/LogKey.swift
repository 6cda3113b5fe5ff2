import Hashing
import Measurements

/// What is kept in a log.
public enum LogKind: UInt8, Hashable, Sendable, CaseIterable {
    /// A run of a gateway: its `RunOpen`, then its seals; blocks are attached to them.
    case run = 1
    /// One member's envelopes for one document of a room; a change is attached to each.
    case envelopes = 2
}

/// A log: a chain of entries that one author signed and numbered from 0. Everything that is replicated is one.
public struct LogKey: Hashable, Sendable, Comparable {
    public var kind: LogKind
    public var author: Bytes32
    /// A run, or a document's name.
    public var log: RunID

    public init(kind: LogKind, author: Bytes32, log: RunID) {
        self.kind = kind
        self.author = author
        self.log = log
    }

    public init(_ run: RunKey) { self.init(kind: .run, author: run.gateway, log: run.run) }

    public var run: RunKey { RunKey(gateway: author, run: log) }

    public static func < (left: LogKey, right: LogKey) -> Bool {
        (left.kind.rawValue, left.author, left.log) < (right.kind.rawValue, right.author, right.log)
    }

    func encode(into writer: inout ByteWriter) {
        writer.byte(kind.rawValue)
        writer.identifier(author)
        writer.identifier(log)
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> LogKey {
        guard let kind = LogKind(rawValue: try reader.byte("log's kind")) else {
            throw Malformed("log's kind", .unknown, at: reader.offset - 1)
        }
        return LogKey(
            kind: kind, author: try reader.identifier32("log's author"),
            log: try reader.identifier16(RunID.self, "log's name"))
    }
}

/// Something attached to an entry, as the entry's index lists it: for a run, a block of a stream.
public struct Leaf: Hashable, Sendable {
    public var stream: StreamNumber
    public var first: SampleNumber
    public var count: UInt32
    public var address: Bytes32

    public init(stream: StreamNumber, first: SampleNumber, count: UInt32, address: Bytes32) {
        self.stream = stream
        self.first = first
        self.count = count
        self.address = address
    }

    public init(_ head: BlockHead) {
        self.init(stream: head.key.stream, first: head.first, count: UInt32(head.count), address: head.address)
    }

    public var numbers: Range<SampleNumber> { first..<first + SampleNumber(count) }

    func encode(into writer: inout ByteWriter) {
        writer.varint(stream)
        writer.varint(first)
        writer.varint(count)
        writer.identifier(address)
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> Leaf {
        let stream = StreamNumber(try reader.varint("leaf's stream", most: UInt64(StreamNumber.max)))
        let first = try reader.varint("leaf's first number", most: .max - UInt64(UInt32.max))
        let count = UInt32(try reader.varint("leaf's count", most: UInt64(UInt32.max)))
        return Leaf(stream: stream, first: first, count: count, address: try reader.identifier32("leaf's address"))
    }
}
