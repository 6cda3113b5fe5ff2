import Hashing

/// A set of operations by one author, made in one transaction. Everything one needs to decide about it can be read before
/// it is applied; its operations are checked when a document applies it.
public struct Change: Hashable, Sendable {
    /// The SHA-256 of its bytes.
    public let hash: ChangeHash
    public let actor: ActorID
    /// Counts an actor's changes from 1.
    public let sequence: Int
    /// The counter of the first operation: 1 + the greatest in the document that the author had.
    public let startOp: UInt32
    public let operationCount: Int
    /// As its author gave it; by custom seconds since 1970.
    public let time: Int64
    public let message: String?
    /// The changes that it builds on, in the order of their hashes.
    public let dependencies: [ChangeHash]

    /// The chunk, not deflated.
    let chunk: [UInt8]
    /// Where in the chunk the other actors begin.
    let actorsAt: Int

    public static func == (left: Change, right: Change) -> Bool { left.hash == right.hash }
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// The counter of the last operation; of a change without operations, the one before the first.
    public var maxOp: UInt32 { startOp + UInt32(operationCount) - 1 }

    /// The chunk as it is stored and sent: deflated if that makes it smaller.
    public var bytes: [UInt8] {
        guard chunk.count >= Chunk.deflateThreshold else { return chunk }
        return chunk.withUnsafeBytes { whole in
            var reader = ByteReader(whole)
            guard let parsed = try? Chunk(&reader) else { return chunk }
            let body = Deflate.compress(
                UnsafeRawBufferPointer(start: parsed.body.base, count: parsed.body.count))
            guard let body, body.count < parsed.body.count else { return chunk }
            var writer = ByteWriter(capacity: body.count + 32)
            writer.append(Chunk.magic)
            writer.append(UnsafeRawBufferPointer(rebasing: whole[4..<8]))
            writer.byte(Chunk.Kind.deflatedChange.rawValue)
            writer.lengthPrefixed(body)
            return writer.array
        }
    }

    /// Reads one chunk of a change, deflated or not.
    public init(bytes: [UInt8], limits: Limits = Limits()) throws(AutomergeError) {
        self = try bytes.read { bytes throws(AutomergeError) in
            var reader = ByteReader(bytes)
            let change = try Change(try Chunk(&reader), limits)
            guard reader.isAtEnd else { throw reader.failure(.malformed, "bytes follow the change") }
            return change
        }
    }

    init(_ chunk: Chunk, _ limits: Limits) throws(AutomergeError) {
        switch chunk.kind {
        case .change:
            self = try Change(plain: chunk.whole, checksum: chunk.checksum, origin: chunk.body.origin, limits)
        case .deflatedChange:
            let body = try Deflate.expand(
                UnsafeRawBufferPointer(start: chunk.body.base, count: chunk.body.count), limit: limits.inflatedBytes,
                at: chunk.body.origin)
            var writer = ByteWriter(capacity: body.count + 32)
            _ = body.withUnsafeBytes { Chunk.write(.change, body: $0, to: &writer) }
            self = try Change(plain: writer.bytes, checksum: chunk.checksum, origin: chunk.body.origin, limits)
        case .document, .bundle:
            throw AutomergeError(.malformed, "this chunk is not a change", at: chunk.body.origin)
        }
    }

    /// From a chunk that is not deflated. `origin` is where errors are said to be.
    private init(
        plain: UnsafeRawBufferPointer, checksum: UInt32, origin: Int, _ limits: Limits
    ) throws(AutomergeError) {
        var frame = ByteReader(plain)
        let parsed = try Chunk(&frame)
        let hash = SHA256.hash(parsed.hashed)
        guard Chunk.checksum(of: hash) == checksum else {
            throw AutomergeError(.corrupt, "the checksum of a change does not match", at: origin)
        }
        var reader = ByteReader(
            UnsafeRawBufferPointer(start: parsed.body.base, count: parsed.body.count), origin: origin)
        dependencies = try reader.hashes(limit: limits.heads)
        let actorLength = try reader.length("an actor", limit: limits.actorBytes)
        actor = ActorID(Array(try reader.take(actorLength)))
        let sequence = try reader.uleb()
        let startOp = try reader.uleb()
        guard sequence > 0, startOp > 0, sequence < UInt64(absent), startOp < UInt64(absent) else {
            throw reader.failure(.malformed, "a sequence number or operation counter is 0 or too large")
        }
        self.sequence = Int(sequence)
        self.startOp = UInt32(startOp)
        time = try reader.leb()
        let message = try reader.lengthPrefixed()
        guard UTF8Check.isValid(message) else { throw reader.failure(.malformed, "the message is not UTF-8") }
        self.message = message.isEmpty ? nil : String(decoding: message, as: UTF8.self)
        actorsAt = reader.position + (plain.count - parsed.body.count)
        operationCount = try Change.countOperations(&reader, limits)
        guard startOp + UInt64(operationCount) < UInt64(absent) else {
            throw reader.failure(.tooLarge, "the operation counters pass 32 bits")
        }
        self.hash = hash
        chunk = Array(plain)
    }

    private static func countOperations(
        _ reader: inout ByteReader, _ limits: Limits
    ) throws(AutomergeError) -> Int {
        let actors = try reader.length("actors", limit: limits.actors)
        for _ in 0..<actors { _ = try reader.take(try reader.length("an actor", limit: limits.actorBytes)) }
        var table = ColumnTable()
        try table.read(&reader, deflateAllowed: false)
        try table.locate(&reader)
        return try RunDecoding.count(table[Column.action], limit: limits.operations)
    }

    /// What a transaction has just written.
    init(_ header: ChangeWriter.Header, actor: ActorID, operationCount: Int, hash: ChangeHash, chunk: [UInt8]) {
        self.hash = hash
        self.actor = actor
        self.operationCount = operationCount
        self.chunk = chunk
        sequence = Int(header.sequence)
        startOp = header.startOp
        time = header.time
        message = header.message
        dependencies = header.dependencies
        actorsAt = chunk.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            guard var body = try? Chunk(&reader).body, (try? Change.skipHeader(&body)) != nil else { return 0 }
            return bytes.count - body.remaining
        }
    }

    private static func skipHeader(_ reader: inout ByteReader) throws(AutomergeError) {
        _ = try reader.hashes(limit: Int.max)
        _ = try reader.lengthPrefixed()
        _ = try reader.uleb()
        _ = try reader.uleb()
        _ = try reader.leb()
        _ = try reader.lengthPrefixed()
    }
}

extension ByteReader {
    /// A count and that many hashes, which must ascend.
    mutating func hashes(limit: Int) throws(AutomergeError) -> [ChangeHash] {
        let count = try length("hashes", limit: min(limit, remaining / ChangeHash.count))
        var hashes: [ChangeHash] = []
        hashes.reserveCapacity(count)
        for _ in 0..<count {
            let hash = try hash()
            if let last = hashes.last, hash <= last { throw failure(.malformed, "hashes are not in their order") }
            hashes.append(hash)
        }
        return hashes
    }

    mutating func hash() throws(AutomergeError) -> ChangeHash {
        let bytes = try take(ChangeHash.count)
        return ChangeHash { out in
            UnsafeMutableRawPointer(out).copyMemory(from: bytes.baseAddress!, byteCount: ChangeHash.count)
        }
    }
}
