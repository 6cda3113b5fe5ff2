import Measurements

/// What the writer keeps in memory of one stream.
struct StreamState: Hashable {
    var key: StreamKey
    var run: Int64
    var declaration: StreamDeclaration?
    /// After the last sample that a commit holds.
    var committedNext: SampleNumber = 0
    /// After the last sample that a block holds.
    var closedNext: SampleNumber = 0
    /// After the last sample that a pack on disk holds.
    var packedNext: SampleNumber = 0
    /// Everything before is durable at a hub.
    var replicatedNext: SampleNumber = 0
    /// Where in the tail the samples lie that are in no block yet: those from `first` on, on `page` or later.
    private(set) var waiting: [Waiting] = []
    /// The page on which its newest committed samples begin.
    var lastPage: UInt64?

    struct Waiting: Hashable {
        var first: SampleNumber
        var page: UInt64
    }

    /// Pages remembered; beyond that neighbours are taken together, which keeps the tail a little longer than needed.
    static let mostWaiting = 32

    /// The page of the tail on which the oldest sample lies that is in no block yet.
    var openPage: UInt64? { waiting.first?.page }

    init(key: StreamKey, run: Int64) {
        self.key = key
        self.run = run
    }

    /// A commit holds these now.
    mutating func take(_ numbers: Range<SampleNumber>, page: UInt64) {
        committedNext = max(committedNext, numbers.upperBound)
        lastPage = page
        if waiting.last?.page == page { return }
        waiting.append(Waiting(first: numbers.lowerBound, page: page))
        guard waiting.count > StreamState.mostWaiting else { return }
        waiting = waiting.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }

    /// A block holds everything before `end`.
    mutating func close(_ end: SampleNumber) {
        closedNext = max(closedNext, end)
        if closedNext >= committedNext {
            waiting = []
        } else if let last = waiting.lastIndex(where: { $0.first <= closedNext }) {
            waiting.removeFirst(last)
        }
    }
}

/// A pack on disk, as much as choosing one to overwrite takes.
struct PackMeta: Hashable {
    enum Kind: UInt8 {
        case free = 0
        case samples = 1
        case thinned = 2
    }

    var slot: UInt32
    var group: UInt8
    var kind: Kind
    var isReplicated = false
    /// While it equals the ring's count of marks, nothing new was marked since it was found not to be replicated.
    var lookedAt: UInt32 = 0
    var place: UInt64 = 0
    /// Counts packs in the order of their making.
    var age: Int64 = 0
    var written: Int64 = 0
    var bytes: UInt32 = 0
    var seal: Int64 = 0
}

/// Everything the writer knows; a value, so that a transaction that fails leaves what was before.
struct RingState {
    var runs: [RunKey: Int64] = [:]
    /// Those of which the boot is known.
    var openRuns: Set<RunKey> = []
    var streams: [LocalStream: StreamState] = [:]
    var numbers: [StreamKey: LocalStream] = [:]
    /// By group.
    var open: [OpenPack?] = .init(repeating: nil, count: PackLayout.groups)
    /// The oldest page of the tail that a group's blocks wait on.
    var waitingPage: [UInt64?] = .init(repeating: nil, count: PackLayout.groups)
    var nextPlace: [UInt64] = .init(repeating: 0, count: PackLayout.groups)
    var tail: TailPosition
    /// By slot, from 1.
    var packs: [PackMeta] = []
    /// Ages, in the order in which packs came to be.
    var nextAge: Int64 = 1
    /// Goes up when streams are marked as replicated.
    var marks: UInt32 = 1
    /// The row of the newest seal.
    var lastSeal: Int64 = 0
    var counters = RingCounters()
    /// Blocks that were made again at the opening and found their pack full.
    var overflow: [Waiting] = []

    /// A block on its way into a pack, with the page of the tail that it needs until then.
    struct Waiting {
        var entry: PackEntry
        var packed: [UInt8]
        var page: UInt64
    }

    /// The page from which on the tail is needed.
    func neededFrom() -> UInt64 {
        var page = tail.page
        for stream in streams.values { if let open = stream.openPage { page = min(page, open) } }
        for waiting in waitingPage { if let waiting { page = min(page, waiting) } }
        return page
    }
}

/// What the ring did since it was opened.
public struct RingCounters: Hashable, Sendable {
    public var commits: UInt64 = 0
    public var samples: UInt64 = 0
    /// Bytes handed over to be kept: commits and carried blocks.
    public var packedBytes: UInt64 = 0
    public var blocks: UInt64 = 0
    public var packsWritten: UInt64 = 0
    public var packsEvicted: UInt64 = 0
    public var packsThinned: UInt64 = 0
    /// Pages that SQLite wrote to its log, and those it wrote back from there.
    public var logFrames: UInt64 = 0
    public var pagesWrittenBack: UInt64 = 0
    public var checkpoints: UInt64 = 0
    public var readersCancelled: UInt64 = 0
}
