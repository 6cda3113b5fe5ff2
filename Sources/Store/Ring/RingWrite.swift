import Measurements

/// What one transaction of the ring takes: all of it or nothing.
public struct RingWrite: Sendable {
    /// Whose commit it is.
    public var gateway: GatewayID
    public var commit: Commit?
    /// Blocks that this gateway closed over samples that this commit or earlier ones hold.
    public var blocks: [Block]
    public var seals: [Signed<Seal>]
    /// Blocks, and the openings of their runs, that come from elsewhere.
    public var carried: [Block]
    public var opens: [Signed<RunOpen>]
    public var gaps: [(gateway: GatewayID, gap: GapRecord)]
    /// Cursors that move with it.
    public var cursors: [(name: String, value: [UInt8])]

    public init(
        gateway: GatewayID, commit: Commit? = nil, blocks: [Block] = [], seals: [Signed<Seal>] = [],
        carried: [Block] = [], opens: [Signed<RunOpen>] = []
    ) {
        self.gateway = gateway
        self.commit = commit
        self.blocks = blocks
        self.seals = seals
        self.carried = carried
        self.opens = opens
        gaps = []
        cursors = []
    }
}

/// What making room cost.
public struct RingLoss: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The samples are gone here.
        case evicted
        /// Their minimum, mean and maximum are left, ten to one.
        case thinned
    }

    public var key: StreamKey
    public var numbers: Range<SampleNumber>
    public var kind: Kind
    /// A hub has them: nothing is lost, only no longer held here.
    public var wasReplicated: Bool
}

public struct RingWritten: Sendable {
    /// For the gap records of the next seal, where the streams are this gateway's own.
    public var losses: [RingLoss] = []
    /// All of it is stored, but the disk is in trouble: the log could not be written back.
    public var trouble: StoreError?
}

/// What there was to say when the ring was opened.
public struct RingOpened: Sendable {
    public enum Condition: Hashable, Sendable {
        case fresh
        case existing
        /// The file was damaged beyond use; it was kept under this name, and a new one was begun.
        case replaced(damaged: String, why: String)
    }

    public var condition: Condition
    public var durability: Durability
    /// Places in the tail where samples could not be read.
    public var damage: [String] = []
    /// Committed samples of earlier runs that are in no block: whoever writes next closes blocks over them.
    public var unfinished: [Unfinished] = []

    public struct Unfinished: Sendable {
        public var key: StreamKey
        public var boot: BootID
        public var declaration: StreamDeclaration?
        /// The first number that is in no block.
        public var from: SampleNumber
        /// In the order of their commits, the first cut where a block ended inside it: a `StreamWriter` that begins at
        /// `from` takes them up as they are.
        public var segments: [Segment]

        static func cut(_ segments: [Segment], from: SampleNumber) -> [Segment] {
            segments.compactMap { segment in
                if segment.first >= from { return segment }
                guard segment.end > from, let samples = try? segment.samples() else { return nil }
                return Segment(
                    stream: segment.stream, first: from, samples: samples[Int(from - segment.first)..<samples.count])
            }
        }
    }
}
