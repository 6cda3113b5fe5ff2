import Hashing

/// What one write to disk secures: what all streams of a run gathered since the previous one. The crash unit; it is
/// checked, not signed.
public struct Commit: Hashable, Sendable {
    public var run: RunID
    /// Counts from 0 in its run.
    public var number: UInt64
    /// When it was made, in the run's boot.
    public var time: BootTime
    /// In a run's first commit.
    public var open: Signed<RunOpen>?
    public var declarations: [StreamDeclaration]
    public var gaps: [GapRecord]
    public var anchors: [ClockAnchor]
    public var segments: [Segment]

    public static let mostSegments = 65_536
    public static let mostBytes = 1 << 22
    static let magic: [UInt8] = Array("BTYC".utf8)
    static let version: UInt8 = 1
    static let checksumBytes = 8

    public init(
        run: RunID, number: UInt64, time: BootTime, open: Signed<RunOpen>? = nil,
        declarations: [StreamDeclaration] = [], gaps: [GapRecord] = [], anchors: [ClockAnchor] = [],
        segments: [Segment] = []
    ) {
        self.run = run
        self.number = number
        self.time = time
        self.open = open
        self.declarations = declarations
        self.gaps = gaps
        self.anchors = anchors
        self.segments = segments
    }

    public var isEmpty: Bool {
        open == nil && declarations.isEmpty && gaps.isEmpty && anchors.isEmpty && segments.isEmpty
    }

    public var bytes: [UInt8] {
        var writer = ByteWriter(reserving: 128 + segments.reduce(0) { $0 + $1.packed.count + 16 })
        writer.raw(Commit.magic)
        writer.byte(Commit.version)
        writer.identifier(run)
        writer.varint(number)
        writer.fixed(time)
        writer.boolean(open != nil)
        open?.encode(into: &writer)
        writer.varint(declarations.count)
        for declaration in declarations { declaration.encode(into: &writer) }
        writer.varint(gaps.count)
        for gap in gaps { gap.encode(into: &writer) }
        writer.varint(anchors.count)
        for anchor in anchors { anchor.encode(into: &writer) }
        writer.varint(segments.count)
        for segment in segments {
            writer.varint(segment.stream)
            writer.varint(segment.first)
            writer.varint(segment.count)
            writer.block(segment.packed)
        }
        return Commit.checked(writer.bytes)
    }

    /// `body` with its checksum after it.
    public static func checked(_ body: [UInt8]) -> [UInt8] { body + checksum(body) }

    private static func checksum(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        BLAKE2b.hash(bytes, purpose: "bothy.commit.v1").bytes.prefix(checksumBytes)
    }

    /// Reads exactly one commit. Segments keep their packing; unpacking them is another, equally total step.
    public init(_ bytes: [UInt8]) throws(Malformed) {
        guard bytes.count <= Commit.mostBytes else { throw Malformed("commit", .tooLarge, at: 0) }
        let body = bytes.count - Commit.checksumBytes
        guard body >= 0 else { throw Malformed("commit", .truncated, at: 0) }
        guard bytes.starts(with: Commit.magic) else { throw Malformed("commit's magic", .unknown, at: 0) }
        guard Commit.checksum(Array(bytes[..<body])) == bytes[body...] else {
            throw Malformed("commit", .checksum, at: body)
        }
        var reader = ByteReader(Array(bytes[..<body]))
        _ = try reader.raw(Commit.magic.count, "commit's magic")
        guard try reader.byte("commit's version") == Commit.version else {
            throw Malformed("commit's version", .unknown, at: reader.offset - 1)
        }
        self.init(
            run: try reader.identifier16(RunID.self, "run"), number: try reader.varint("commit's number"),
            time: try reader.fixed(BootTime.self, "commit's time"))
        try readRecords(&reader)
        for _ in 0..<(try reader.count("segments", most: Commit.mostSegments)) {
            segments.append(try Segment.decode(from: &reader))
        }
        try reader.finish("commit")
    }

    private mutating func readRecords(_ reader: inout ByteReader) throws(Malformed) {
        if try reader.boolean("run open") { open = try Signed<RunOpen>.decode(from: &reader) }
        for _ in 0..<(try reader.count("declarations", most: StreamDeclaration.most)) {
            declarations.append(try StreamDeclaration.decode(from: &reader))
        }
        for _ in 0..<(try reader.count("gaps", most: GapRecord.most)) {
            gaps.append(try GapRecord.decode(from: &reader))
        }
        for _ in 0..<(try reader.count("anchors", most: ClockAnchor.most)) {
            anchors.append(try ClockAnchor.decode(from: &reader))
        }
    }
}

extension Segment {
    fileprivate static func decode(from reader: inout ByteReader) throws(Malformed) -> Segment {
        let stream = StreamNumber(try reader.varint("segment's stream", most: UInt64(StreamNumber.max)))
        let first = try reader.varint("segment's first number", most: .max - UInt64(Block.mostSamples))
        let count = try reader.count("segment's count", most: Block.mostSamples)
        guard count > 0 else { throw Malformed("segment's count", .inconsistent, at: reader.offset) }
        let packed = try reader.block("segment", most: Block.mostPackedBytes)
        return Segment(stream: stream, first: first, count: count, packed: packed)
    }
}
