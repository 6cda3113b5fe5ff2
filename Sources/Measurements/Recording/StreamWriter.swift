/// One stream on its way from the intake to the store: gives numbers, packs what a commit takes, closes blocks.
///
/// `append` → `takeSegments` (into the commit) → `takeBlocks` (what fell due among the committed samples).
public struct StreamWriter: Sendable {
    public let key: StreamKey
    public let boot: BootID
    public let kind: ValueKind
    public let width: Int
    public private(set) var nextNumber: SampleNumber

    /// What no commit has taken yet: one stretch, unless there were holes.
    private var pending: [Stretch] = []
    public private(set) var pendingCount = 0
    private var open: OpenBlock
    /// Committed stretches that end at a hole: a block cannot go on there.
    private var ended: [OpenBlock] = []
    private var refused = Ranges()

    /// Samples that may wait for a commit; what comes on top is refused and accounted.
    public static let mostPending = 16_384
    /// Holes between two commits; after that many all is refused until the next commit.
    public static let mostHoles = 8

    public init(key: StreamKey, boot: BootID, attribute: AttributeDeclaration, nextNumber: SampleNumber = 0) {
        self.init(key: key, boot: boot, kind: attribute.kind, width: attribute.width, nextNumber: nextNumber)
    }

    public init(key: StreamKey, boot: BootID, kind: ValueKind, width: Int, nextNumber: SampleNumber = 0) {
        self.key = key
        self.boot = boot
        self.kind = kind
        self.width = width
        self.nextNumber = nextNumber
        open = OpenBlock(first: nextNumber, kind: kind, width: width)
    }

    /// About what the pending samples will take in a commit.
    public var pendingBytes: Int { pendingCount * (width + 1) * 2 }

    /// Bytes of samples that wait here, committed or not.
    public var heldBytes: Int { ended.reduce(open.heldBytes) { $0 + $1.heldBytes } + pendingCount * 8 * (width + 1) }

    /// Up to here all is in closed blocks or in gap records that were taken: what a seal may state.
    public var closedNumber: SampleNumber {
        var number = nextNumber
        if let first = refused.ranges.first { number = min(number, first.lowerBound) }
        if let first = pending.first { number = min(number, first.first) }
        if open.count > 0 { number = min(number, open.first) }
        if let first = ended.first { number = min(number, first.first) }
        return number
    }

    /// Gives the samples their numbers and keeps as many as there is room for; the others are refused.
    /// - Returns: how many were refused.
    @discardableResult
    public mutating func append(_ samples: Samples) -> Int {
        let room = pending.count > StreamWriter.mostHoles ? 0 : StreamWriter.mostPending - pendingCount
        let kept = min(room, samples.count)
        if kept > 0 {
            if pending.last?.end != nextNumber {
                pending.append(Stretch(first: nextNumber, samples: Samples(kind: kind, width: width)))
            }
            pending[pending.count - 1].samples.append(samples, 0..<kept)
            nextNumber += SampleNumber(kept)
            pendingCount += kept
        }
        refuse(samples.count - kept)
        return samples.count - kept
    }

    /// Gives numbers to samples that a quota turned away, so that exactly they are missing.
    public mutating func refuse(_ count: Int) {
        guard count > 0 else { return }
        refused.insert(nextNumber..<nextNumber + SampleNumber(count))
        nextNumber += SampleNumber(count)
    }

    /// What was refused since the last call, exact; for the next commit and the next seal.
    public mutating func takeGaps(now: BootTime, cause: String) -> [GapRecord] {
        defer { refused = Ranges() }
        return refused.ranges.map { range in
            GapRecord(
                run: key.run, stream: key.stream, kind: .overflow,
                extent: .numbers(
                    first: range.lowerBound, end: range.upperBound, lost: range.upperBound - range.lowerBound),
                time: now, cause: cause)
        }
    }

    /// Packs what is pending for a commit; from here on it counts as committed.
    public mutating func takeSegments(now: BootTime) -> [Segment] {
        var segments: [Segment] = []
        for stretch in pending {
            let parts = stretch.packedParts(ofBytes: Block.mostPackedBytes, samples: Block.mostSamples)
            for (part, packed) in parts {
                segments.append(
                    Segment(stream: key.stream, first: part.first, count: part.samples.count, packed: packed))
                hold(part, packed: packed, now: now)
            }
        }
        pending = []
        pendingCount = 0
        return segments
    }

    /// Takes up what a commit of this run holds, when a run is finished after the process that wrote it is gone.
    /// Segments come in the order of their commits; what was taken up before, or is in closed blocks, is left out.
    public mutating func replay(_ segment: Segment, now: BootTime) throws(Malformed) {
        guard segment.end > nextNumber else { return }
        var stretch = Stretch(first: segment.first, samples: try segment.samples())
        guard stretch.samples.kind == kind, stretch.samples.width == width else {
            throw Malformed("segment", .inconsistent, at: 0)
        }
        var packed = segment.packed
        if segment.first < nextNumber {
            // A block ended within it.
            stretch.samples.removeFirst(Int(nextNumber - segment.first))
            stretch.first = nextNumber
            packed = Packing.pack(stretch.samples)
        }
        nextNumber = stretch.end
        hold(stretch, packed: packed, now: now)
    }

    private mutating func hold(_ part: Stretch, packed: [UInt8], now: BootTime) {
        if open.end != part.first {
            if open.count > 0 { ended.append(open) }
            open = OpenBlock(first: part.first, kind: kind, width: width)
        }
        open.append(part.samples, packed: packed, now: now)
    }

    /// Closes what fell due among the committed samples.
    public mutating func takeBlocks(now: BootTime, limits: BlockLimits = .standard) -> [Block] {
        var blocks = takeEnded(limits)
        let age = now - open.since
        let slow = Int64(open.count) * 1_000_000_000 < age
        if open.count > 0, age >= (slow ? limits.slowAgeNs : limits.ageNs) {
            blocks += close(open.stretch, limits)
            open = OpenBlock(first: open.end, kind: kind, width: width)
        } else if open.count >= limits.samples || open.estimatedBytes >= limits.packedBytes {
            var rest = open.stretch
            let parts = rest.packedParts(ofBytes: limits.packedBytes, samples: limits.samples)
            // The last part is still growing, unless it is as full as the others.
            let isFull = parts.last.map { $0.part.samples.count >= limits.samples } ?? false
            let due = isFull || parts.count == 1 ? parts : Array(parts.dropLast())
            blocks += due.map { block($0.part, $0.packed) }
            rest.samples.removeFirst(due.reduce(0) { $0 + $1.part.samples.count })
            rest.first = due.last?.part.end ?? rest.first
            open.restart(with: rest, now: now)
        }
        return blocks
    }

    /// Closes all that is committed: at a clean stop, or when a seal is asked for.
    public mutating func closeAll(limits: BlockLimits = .standard) -> [Block] {
        var blocks = takeEnded(limits)
        if open.count > 0 { blocks += close(open.stretch, limits) }
        open = OpenBlock(first: open.end, kind: kind, width: width)
        return blocks
    }

    private mutating func takeEnded(_ limits: BlockLimits) -> [Block] {
        defer { ended = [] }
        return ended.flatMap { close($0.stretch, limits) }
    }

    private func close(_ stretch: Stretch, _ limits: BlockLimits) -> [Block] {
        stretch.packedParts(ofBytes: limits.packedBytes, samples: limits.samples).map { block($0.part, $0.packed) }
    }

    private func block(_ part: Stretch, _ packed: [UInt8]) -> Block {
        Block(key: key, first: part.first, boot: boot, samples: part.samples, packed: packed)
    }
}
