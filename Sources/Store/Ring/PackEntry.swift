import Hashing
import Measurements

/// One block in a pack's directory: all there is to know of it without reading its samples.
struct PackEntry: Hashable {
    var stream: LocalStream
    var first: SampleNumber
    var count: Int
    var firstTime: BootTime
    var lastTime: BootTime
    var address: Bytes32
    /// Its samples were replaced by their minimum, mean and maximum, ten to one.
    var isThinned: Bool
    /// Of the body at hand: where in the pack's body, how long, and its CRC-32C.
    var offset: Int
    var length: Int
    var checksum: UInt32
    var summaries: [Summary]

    var end: SampleNumber { first + SampleNumber(count) }

    /// Bytes of a text in a summary: the directory has little room, and the block itself has it whole.
    static let mostTextBytes = 32

    init(_ block: Block, stream: LocalStream) {
        self.stream = stream
        first = block.first
        count = block.count
        firstTime = block.firstTime
        lastTime = block.lastTime
        address = block.address
        isThinned = false
        offset = 0
        length = block.packed.count
        checksum = Checksum.of(block.packed)
        summaries = block.summaries
    }

    func encode(into writer: inout ByteWriter) {
        writer.varint(stream)
        writer.byte(isThinned ? 1 : 0)
        writer.varint(first)
        writer.varint(count)
        writer.fixed(firstTime)
        writer.varint(UInt64(bitPattern: lastTime &- firstTime))
        writer.identifier(address)
        writer.varint(offset)
        writer.varint(length)
        writer.fixed(checksum)
        writer.varint(summaries.count)
        for summary in summaries { PackEntry.encode(summary, into: &writer) }
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> PackEntry {
        let stream = LocalStream(try reader.varint("entry's stream", most: UInt64(LocalStream.max)))
        let isThinned = try reader.boolean("thinned")
        let first = try reader.varint("entry's first number", most: .max - UInt64(Block.mostSamples))
        let count = try reader.count("entry's count", most: Block.mostSamples)
        let firstTime = try reader.fixed(BootTime.self, "entry's time")
        let lastTime = firstTime &+ Int64(bitPattern: try reader.varint("entry's duration"))
        let address = try reader.identifier32("address")
        let start = reader.offset
        let offset = try reader.count("entry's offset", most: PackLayout.mostBodyBytes)
        let length = try reader.count("entry's length", most: PackLayout.mostBodyBytes)
        guard offset + length <= PackLayout.mostBodyBytes, count > 0 else {
            throw Malformed("entry", .inconsistent, at: start)
        }
        let checksum = try reader.fixed(UInt32.self, "entry's checksum")
        var summaries: [Summary] = []
        for _ in 0..<(try reader.count("summaries", most: AttributeDeclaration.mostComponents)) {
            summaries.append(try summary(from: &reader))
        }
        return PackEntry(
            stream: stream, first: first, count: count, firstTime: firstTime, lastTime: lastTime, address: address,
            isThinned: isThinned, offset: offset, length: length, checksum: checksum, summaries: summaries)
    }

    private init(
        stream: LocalStream, first: SampleNumber, count: Int, firstTime: BootTime, lastTime: BootTime, address: Bytes32,
        isThinned: Bool, offset: Int, length: Int, checksum: UInt32, summaries: [Summary]
    ) {
        self.stream = stream
        self.first = first
        self.count = count
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.address = address
        self.isThinned = isThinned
        self.offset = offset
        self.length = length
        self.checksum = checksum
        self.summaries = summaries
    }

    private static func encode(_ summary: Summary, into writer: inout ByteWriter) {
        writer.double(summary.min)
        writer.double(summary.mean)
        writer.double(summary.max)
        switch summary.last {
        case .integer(let value):
            writer.byte(1)
            writer.signed(value)
        case .double(let value):
            writer.byte(2)
            writer.double(value)
        case .boolean(let value):
            writer.byte(3)
            writer.boolean(value)
        case .text(let value):
            writer.byte(4)
            writer.text(value.clipped(toUTF8: mostTextBytes))
        }
    }

    private static func summary(from reader: inout ByteReader) throws(Malformed) -> Summary {
        let (min, mean, max) = (try reader.double("min"), try reader.double("mean"), try reader.double("max"))
        let last: Value
        switch try reader.byte("last value's kind") {
        case 1: last = .integer(try reader.signed("last value"))
        case 2: last = .double(try reader.double("last value"))
        case 3: last = .boolean(try reader.boolean("last value"))
        case 4: last = .text(try reader.text("last value", most: mostTextBytes))
        default: throw Malformed("last value's kind", .unknown, at: reader.offset - 1)
        }
        return Summary(min: min, mean: mean, max: max, last: last)
    }
}
