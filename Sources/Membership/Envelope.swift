import Hashing

/// What carries a change of a document: who made it, after what of his, and under which control records.
public struct Envelope: Hashable, Sendable {
    public var room: RoomID
    public var document: Document
    public var author: Bytes32
    /// The author's log: 16 random bytes, the same in all its envelopes.
    public var log: Bytes16
    /// Counts from 0; one chain an author, over both documents.
    public var sequence: UInt64
    /// The author's envelope before; zero for the first.
    public var previous: Bytes32
    /// The newest control records its author knew, sorted. They never go back.
    public var controlHeads: [Bytes32]
    public var change: Bytes32
    /// The member a gateway speaks for: what the lesser of the two may do is allowed.
    public var onBehalfOf: Bytes32?
    public var signature: [UInt8]

    public static let mostBytes = 4096

    public init(
        room: RoomID, document: Document, author: Bytes32, log: Bytes16, sequence: UInt64,
        previous: Bytes32,
        controlHeads: [Bytes32], change: Bytes32, onBehalfOf: Bytes32? = nil, sign: ([UInt8]) -> [UInt8]
    ) {
        precondition(log.count == 16, "a log is named by 16 bytes")
        self.room = room
        self.document = document
        self.author = author
        self.log = log
        self.sequence = sequence
        self.previous = previous
        self.controlHeads = controlHeads.sorted()
        self.change = change
        self.onBehalfOf = onBehalfOf
        signature = []
        signature = sign(message)
    }

    public var message: [UInt8] { SignedText.bytes("envelope", body) }
    public var hash: Bytes32 { BLAKE2b.hash(body, purpose: "bothy.envelope.1") }
    public var bytes: [UInt8] { body + signature }

    private var body: [UInt8] {
        var writer = Writer()
        writer.id(room)
        writer.byte(document.rawValue)
        writer.id(author)
        writer.raw(log)
        writer.number(sequence)
        writer.id(previous)
        writer.number(controlHeads.count)
        for head in controlHeads { writer.id(head) }
        writer.id(change)
        writer.option(onBehalfOf) { $0.id($1) }
        return writer.bytes
    }

    /// Reads exactly one envelope; its signature is not checked here.
    public init(_ bytes: [UInt8]) throws(MalformedRecord) {
        var reader = Reader(bytes)
        guard bytes.count <= Envelope.mostBytes else {
            throw reader.failure("envelope", "is over its maximum")
        }
        room = try reader.id("room")
        guard let document = Document(rawValue: try reader.byte("document")) else {
            throw reader.failure("document", "is not known")
        }
        self.document = document
        author = try reader.id("author")
        log = Array(try reader.raw(16, "log"))
        sequence = try reader.number("sequence")
        previous = try reader.id("previous envelope")
        controlHeads = []
        for _ in 0..<(try reader.number("control heads", most: UInt64(ControlRecord.mostDeps))) {
            let head = try reader.id("control head")
            if let last = controlHeads.last, head <= last {
                throw reader.failure("control heads", "are not sorted")
            }
            controlHeads.append(head)
        }
        change = try reader.id("change")
        onBehalfOf = try reader.flag("on behalf") ? try reader.id("on behalf") : nil
        signature = Array(try reader.raw(64, "signature"))
        try reader.end("envelope")
    }
}

/// What the document room knows of a change, from its bytes.
public struct ChangeFacts: Hashable, Sendable {
    public var hash: Bytes32
    /// The changes it builds on.
    public var deps: [Bytes32]
    public var actor: [UInt8]
    public var startOp: UInt64
    public var operations: UInt64

    public init(hash: Bytes32, deps: [Bytes32], actor: [UInt8], startOp: UInt64, operations: UInt64) {
        self.hash = hash
        self.deps = deps
        self.actor = actor
        self.startOp = startOp
        self.operations = operations
    }

    var lastOp: UInt64 { operations == 0 ? startOp - min(startOp, 1) : startOp + operations - 1 }
}
