import Measurements

/// Samples by number and time.
extension RingReader {
    /// What comes of a stream, in the order of numbers.
    public enum Piece: Sendable {
        case samples(first: SampleNumber, Samples)
        /// For every ten samples the time of the first, and minimum, mean and maximum of each part in a row.
        case thinned(Range<SampleNumber>, Samples)
        /// Not here: never was, was let go, or is damaged. Gap records and receipts say why.
        case missing(Range<SampleNumber>)
    }

    /// Reads a stream piece by piece until `body` says false. With `times`, only pieces that have samples then come, cut
    /// to those samples, and what is missing is not reported.
    public func read(
        _ key: StreamKey, numbers: Range<SampleNumber> = 0..<SampleNumber.max, times: ClosedRange<BootTime>? = nil,
        _ body: (Piece) throws(StoreError) -> Bool
    ) throws(StoreError) {
        guard let stream = try snapshot({ database throws(StoreError) in try self.local(key, database) }) else {
            return
        }
        var progress = ReadProgress(next: numbers.lowerBound, end: numbers.upperBound, times: times)
        // Blocks from elsewhere come in any order: those that wait in the tail belong between those in packs.
        progress.carried = try carried(key, stream, numbers)[...]
        // What leaves the tail while it is being reached is in a pack by then: so where the tail shows a hole, the packs
        // are searched once more before it is believed.
        while !progress.isDone {
            try readPacks(stream, &progress, body)
            if progress.isDone { return }
            guard try progress.deliverCarried(before: .max, body) else { return }
            let searched = progress.next
            guard try readTail(key, stream, &progress, packsSearchedFrom: searched, body) else { return }
        }
    }

    private func carried(
        _ key: StreamKey, _ stream: LocalStream, _ numbers: Range<SampleNumber>
    ) throws(StoreError) -> [TailCarried] {
        var found: [TailCarried] = []
        try TailScan(self, run: key.runKey).run { frame throws(StoreError) in
            if case .carried(let carried) = frame, carried.stream == stream, carried.first < numbers.upperBound {
                found.append(carried)
            }
            return true
        }
        return found.sorted { $0.first < $1.first }
    }

    private func readPacks(
        _ stream: LocalStream, _ progress: inout ReadProgress, _ body: (Piece) throws(StoreError) -> Bool
    ) throws(StoreError) {
        guard progress.next < progress.end else { return }
        let scan = BlockScan(
            reader: self, stream: stream, numbers: progress.next..<progress.end, times: progress.times,
            withBodies: true)
        _ = try scan.run { found throws(StoreError) in
            let entry = found.entry
            guard try progress.deliverCarried(before: entry.first, body) else { return false }
            if entry.isThinned {
                let rest = found.packed.flatMap { try? Packing.unpack($0, mostSamples: Block.mostSamples) }
                return try progress.deliver(thinned: entry, rest, body)
            }
            guard let packed = found.packed,
                let samples = try? Packing.unpack(packed, mostSamples: Block.mostSamples),
                samples.count == entry.count
            else { return true }
            return try progress.deliver(entry.first, samples, body)
        }
    }

    /// True where it met a hole that the packs may fill by now.
    private func readTail(
        _ key: StreamKey, _ stream: LocalStream, _ progress: inout ReadProgress,
        packsSearchedFrom searched: SampleNumber,
        _ body: (Piece) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        var metHole = false
        try TailScan(self, run: key.runKey).run { found throws(StoreError) in
            switch found {
            case .segment(key, let segment):
                guard segment.end > progress.next, let samples = try? segment.samples() else { return true }
                if segment.first > progress.next, progress.next != searched || progress.holeSeen != searched {
                    progress.holeSeen = progress.next
                    metHole = true
                    return false
                }
                return try progress.deliver(segment.first, samples, body)
            default: return true
            }
        }
        return metHole
    }
}

/// How far a reading of one stream has come.
struct ReadProgress {
    var next: SampleNumber
    let end: SampleNumber
    let times: ClosedRange<BootTime>?
    private(set) var isDone: Bool
    /// Where the tail showed a hole.
    var holeSeen: SampleNumber?
    /// Blocks that wait in the tail, by number.
    var carried: ArraySlice<TailCarried> = []

    init(next: SampleNumber, end: SampleNumber, times: ClosedRange<BootTime>?) {
        self.next = next
        self.end = end
        self.times = times
        isDone = next >= end
    }

    mutating func deliver(
        _ first: SampleNumber, _ samples: Samples, _ body: (RingReader.Piece) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        let last = first + SampleNumber(samples.count)
        let (from, to) = (max(first, next), min(last, end))
        guard from < to else { return !isDone }
        guard try skip(to: from, body) else { return false }
        next = to
        let part = samples[Int(from - first)..<Int(to - first)]
        guard let times else { return try finish(body(.samples(first: from, part))) }
        // Times may go back, so what matches need not be in one piece.
        var index = 0
        while index < part.count {
            guard times.contains(part.times[index]) else {
                index += 1
                continue
            }
            let start = index
            while index < part.count, times.contains(part.times[index]) { index += 1 }
            guard try finish(body(.samples(first: from + SampleNumber(start), part[start..<index]))) else {
                return false
            }
        }
        return finish(true)
    }

    mutating func deliverCarried(
        before number: SampleNumber, _ body: (RingReader.Piece) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        while let block = carried.first, block.first < number {
            carried.removeFirst()
            guard let samples = try? Packing.unpack(block.packed, mostSamples: Block.mostSamples) else { continue }
            guard try deliver(block.first, samples, body) else { return false }
        }
        return !isDone
    }

    mutating func deliver(
        thinned entry: PackEntry, _ rest: Samples?, _ body: (RingReader.Piece) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        let (from, to) = (max(entry.first, next), min(entry.end, end))
        guard from < to else { return !isDone }
        guard try skip(to: from, body) else { return false }
        next = to
        return try finish(body(.thinned(from..<to, rest ?? Samples(kind: .double, width: 1))))
    }

    /// Says what is missing before `number`.
    private mutating func skip(
        to number: SampleNumber, _ body: (RingReader.Piece) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        guard number > next, times == nil else { return true }
        let missing = next..<number
        next = number
        return try finish(body(.missing(missing)))
    }

    private mutating func finish(_ goOn: Bool) -> Bool {
        if !goOn || next >= end { isDone = true }
        return !isDone
    }
}
