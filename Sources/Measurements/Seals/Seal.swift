import Hashing

/// One signature over everything a run closed since its previous seal. Chained and with the next numbers, it makes
/// leaving something out as provable as forging it.
public struct Seal: Signable {
    /// Up to which number everything of a stream is in sealed blocks or in sealed gap records.
    public struct Next: Hashable, Sendable {
        public var stream: StreamNumber
        public var number: SampleNumber

        public init(stream: StreamNumber, number: SampleNumber) {
            self.stream = stream
            self.number = number
        }
    }

    public var gateway: GatewayID
    public var run: RunID
    /// 0 for the first seal of its run.
    public var number: UInt64
    /// The hash of the seal before; of the run's `RunOpen` for the first.
    public var previous: Bytes32
    /// Over the addresses of the blocks closed since, by stream and first number; zero where there is none.
    public var root: Bytes32
    public var blocks: UInt32
    /// When it was made, in the run's boot.
    public var time: BootTime
    /// By stream; only streams that moved since the previous seal.
    public var next: [Next]
    public var gaps: [GapRecord]
    /// Of streams that no earlier seal of the run declares.
    public var declarations: [StreamDeclaration]
    public var anchors: [ClockAnchor]

    public static let mostBlocks = 1 << 20

    public init(
        gateway: GatewayID, run: RunID, number: UInt64, previous: Bytes32, root: Bytes32, blocks: UInt32,
        time: BootTime, next: [Next], gaps: [GapRecord], declarations: [StreamDeclaration], anchors: [ClockAnchor]
    ) {
        self.gateway = gateway
        self.run = run
        self.number = number
        self.previous = previous
        self.root = root
        self.blocks = blocks
        self.time = time
        self.next = next
        self.gaps = gaps
        self.declarations = declarations
        self.anchors = anchors
    }

    public static var purpose: StaticString { "seal" }
    public var signer: Bytes32 { gateway }
    public var key: RunKey { RunKey(gateway: gateway, run: run) }

    public func encode(into writer: inout ByteWriter) {
        writer.identifier(gateway)
        writer.identifier(run)
        writer.varint(number)
        writer.identifier(previous)
        writer.identifier(root)
        writer.varint(blocks)
        writer.fixed(time)
        writer.varint(next.count)
        for pair in next {
            writer.varint(pair.stream)
            writer.varint(pair.number)
        }
        writer.varint(gaps.count)
        for gap in gaps { gap.encode(into: &writer) }
        writer.varint(declarations.count)
        for declaration in declarations { declaration.encode(into: &writer) }
        writer.varint(anchors.count)
        for anchor in anchors { anchor.encode(into: &writer) }
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> Seal {
        var seal = Seal(
            gateway: try reader.identifier32("gateway"), run: try reader.identifier16(RunID.self, "run"),
            number: try reader.varint("seal's number"), previous: try reader.identifier32("previous seal"),
            root: try reader.identifier32("root"),
            blocks: UInt32(try reader.count("blocks", most: mostBlocks)),
            time: try reader.fixed(BootTime.self, "seal's time"), next: [], gaps: [], declarations: [], anchors: [])
        for _ in 0..<(try reader.count("next numbers", most: StreamDeclaration.most)) {
            let stream = StreamNumber(try reader.varint("stream", most: UInt64(StreamNumber.max)))
            if let last = seal.next.last, stream <= last.stream {
                throw Malformed("next numbers", .notCanonical, at: reader.offset)
            }
            seal.next.append(Next(stream: stream, number: try reader.varint("next number")))
        }
        for _ in 0..<(try reader.count("gaps", most: GapRecord.most)) {
            seal.gaps.append(try GapRecord.decode(from: &reader))
        }
        for _ in 0..<(try reader.count("declarations", most: StreamDeclaration.most)) {
            seal.declarations.append(try StreamDeclaration.decode(from: &reader))
        }
        for _ in 0..<(try reader.count("anchors", most: ClockAnchor.most)) {
            seal.anchors.append(try ClockAnchor.decode(from: &reader))
        }
        return seal
    }
}
