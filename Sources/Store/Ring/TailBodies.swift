import Hashing
import Measurements

/// That a block was closed.
struct TailMark: Hashable {
    var stream: LocalStream
    var first: SampleNumber
    var count: Int
    var address: Bytes32

    var end: SampleNumber { first + SampleNumber(count) }

    func encode(into writer: inout ByteWriter) {
        writer.varint(stream)
        writer.varint(first)
        writer.varint(count)
        writer.identifier(address)
    }

    static func list(_ bytes: [UInt8]) throws(Malformed) -> [TailMark] {
        var reader = ByteReader(bytes)
        var marks: [TailMark] = []
        for _ in 0..<(try reader.count("marks", most: Seal.mostBlocks)) {
            marks.append(
                TailMark(
                    stream: LocalStream(try reader.varint("mark's stream", most: UInt64(LocalStream.max))),
                    first: try reader.varint("mark's number", most: .max - UInt64(Block.mostSamples)),
                    count: try reader.count("mark's count", most: Block.mostSamples),
                    address: try reader.identifier32("mark's address")))
        }
        try reader.finish("marks")
        return marks
    }
}

/// A block from elsewhere, until its pack is on disk.
struct TailCarried {
    var stream: LocalStream
    var first: SampleNumber
    var boot: BootID
    var packed: [UInt8]

    init(stream: LocalStream, _ block: Block) {
        self.stream = stream
        first = block.first
        boot = block.boot
        packed = block.packed
    }

    var bytes: [UInt8] {
        var writer = ByteWriter(reserving: packed.count + 32)
        writer.varint(stream)
        writer.varint(first)
        writer.identifier(boot)
        writer.block(packed)
        return writer.bytes
    }

    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes)
        stream = LocalStream(try reader.varint("carried stream", most: UInt64(LocalStream.max)))
        first = try reader.varint("carried number")
        boot = try reader.identifier16(BootID.self, "carried boot")
        packed = try reader.block("carried block", most: Block.mostPackedBytes)
        try reader.finish("carried block")
    }
}
