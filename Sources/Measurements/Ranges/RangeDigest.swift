import Hashing

/// What two copies compare of some blocks before they look at each: how many, and one hash over all.
public struct RangeDigest: Hashable, Sendable {
    public var blocks: UInt64
    public var samples: UInt64
    public var hash: Bytes32

    /// BLAKE2b-256 for `bothy.range.v1` of each block's stream (4), first number (8), count (4) and address (32), by
    /// stream and first number. The blocks are of one run.
    public init(_ heads: [BlockHead]) {
        var writer = ByteWriter(reserving: heads.count * 48)
        for head in heads.sorted(by: { $0.precedes($1) }) {
            writer.fixed(head.key.stream)
            writer.fixed(head.first)
            writer.fixed(UInt32(head.count))
            writer.identifier(head.address)
        }
        blocks = UInt64(heads.count)
        samples = heads.reduce(0) { $0 + UInt64($1.count) }
        hash = BLAKE2b.hash(writer.bytes, purpose: "bothy.range.v1")
    }

    public func encode(into writer: inout ByteWriter) {
        writer.varint(blocks)
        writer.varint(samples)
        writer.identifier(hash)
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> RangeDigest {
        RangeDigest(
            blocks: try reader.varint("digest's blocks"), samples: try reader.varint("digest's samples"),
            hash: try reader.identifier32("digest"))
    }

    private init(blocks: UInt64, samples: UInt64, hash: Bytes32) {
        self.blocks = blocks
        self.samples = samples
        self.hash = hash
    }
}
