import Hashing

/// The frame around each piece of a file: magic bytes, checksum, type, length.
struct Chunk {
    enum Kind: UInt8 {
        case document = 0
        case change = 1
        case deflatedChange = 2
        case bundle = 3
    }

    static let magic: [UInt8] = [0x85, 0x6f, 0x4a, 0x83]
    /// Changes from this size on are shipped deflated.
    static let deflateThreshold = 256

    var kind: Kind
    var checksum: UInt32
    /// The body, as it is stored.
    var body: ByteReader
    /// From the magic bytes to the end of the body.
    var whole: UnsafeRawBufferPointer
    /// What the hash of the body as stored covers: type, length, body.
    var hashed: UnsafeRawBufferPointer

    init(_ reader: inout ByteReader) throws(AutomergeError) {
        let start = reader.position
        for expected in Chunk.magic {
            guard try reader.byte() == expected else {
                throw AutomergeError(.corrupt, "no Automerge chunk begins here", at: reader.origin + start)
            }
        }
        checksum = 0
        for _ in 0..<4 { checksum = checksum << 8 | UInt32(try reader.byte()) }
        let hashedStart = reader.position
        let type = try reader.byte()
        guard let kind = Kind(rawValue: type) else {
            throw AutomergeError(.malformed, "chunk type \(type) is unknown", at: reader.origin + hashedStart)
        }
        self.kind = kind
        let length = try reader.length("a chunk", limit: Int.max)
        body = try reader.slice(length)
        whole = UnsafeRawBufferPointer(start: reader.base + start, count: reader.position - start)
        hashed = UnsafeRawBufferPointer(start: reader.base + hashedStart, count: reader.position - hashedStart)
    }

    static func checksum(of hash: ChangeHash) -> UInt32 {
        withUnsafeBytes(of: hash) { UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)) }
    }

    /// Puts the frame around `body` and tells the hash.
    static func write(_ kind: Kind, body: UnsafeRawBufferPointer, to writer: inout ByteWriter) -> ChangeHash {
        writer.reserve(body.count + 24)
        writer.append(magic)
        let checksumAt = writer.count
        for _ in 0..<4 { writer.byte(0) }
        let hashedStart = writer.count
        writer.byte(kind.rawValue)
        writer.uleb(UInt64(body.count))
        writer.append(body)
        let hash = SHA256.hash(UnsafeRawBufferPointer(rebasing: writer.bytes[hashedStart...]))
        writer.overwrite(at: checksumAt, with: checksum(of: hash))
        return hash
    }
}

extension ByteWriter {
    /// Four bytes, the most significant first.
    mutating func overwrite(at position: Int, with value: UInt32) {
        for index in 0..<4 { base[position + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(index))) }
    }
}
