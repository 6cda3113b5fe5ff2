import Measurements

/// A stretch of time of one stream: what there is to draw of it.
public struct Bucket: Hashable, Sendable {
    public struct Part: Hashable, Sendable {
        public var min: Double
        public var mean: Double
        public var max: Double
        /// The last value as a number; NaN for texts.
        public var last: Double
    }

    public var start: BootTime
    public var count: UInt64
    /// Some of it is left only as minimum, mean and maximum.
    public var isThinned: Bool
    /// One for each part of a sample.
    public var parts: [Part]
}

extension RingReader {
    /// Buckets of one answer.
    public static let mostBuckets = 4_096

    /// `count` buckets of equal length over a time of one boot; empty ones are left out. Blocks that lie in one bucket
    /// are not unpacked: their summaries do.
    public func buckets(
        of key: StreamKey, times: Range<BootTime>, count: Int
    ) throws(StoreError) -> [Bucket] {
        guard !times.isEmpty,
            let stream = try snapshot({ database throws(StoreError) in try self.local(key, database) })
        else { return [] }
        var folding = BucketFolding(
            times: times, count: min(max(1, count), RingReader.mostBuckets), scale: try scale(of: stream))
        let span = times.lowerBound...times.upperBound - 1
        let scan = BlockScan(
            reader: self, stream: stream, numbers: 0..<SampleNumber.max, times: span, withBodies: false)
        var packed = Ranges()
        var toUnpack: [Range<SampleNumber>] = []
        _ = try scan.run { found throws(StoreError) in
            let entry = found.entry
            let numbers = entry.first..<entry.end
            if packed.contains(numbers) { return true }
            packed.insert(numbers)
            if let bucket = folding.bucket(holding: entry.firstTime, entry.lastTime) {
                folding.add(entry, to: bucket)
            } else if let last = toUnpack.last, last.upperBound == entry.first {
                toUnpack[toUnpack.count - 1] = last.lowerBound..<entry.end
            } else {
                toUnpack.append(numbers)
            }
            return true
        }
        for numbers in toUnpack {
            try read(key, numbers: numbers, times: span) { piece throws(StoreError) in
                folding.add(piece)
                return true
            }
        }
        try addTail(key, stream, span, packed, &folding)
        return folding.buckets
    }

    private func scale(of stream: LocalStream) throws(StoreError) -> Int8 {
        try snapshot { database throws(StoreError) in
            let statement = try database.statement("SELECT body FROM stream WHERE id = ?")
            defer { statement.reset() }
            guard try statement.bind(1, Int64(stream)).step(), !statement.isNull(0),
                let declaration = try? StreamDeclaration(statement.bytes(0)),
                case .integer(let scale) = declaration.attribute.kind
            else { return 0 }
            return scale
        }
    }

    private func addTail(
        _ key: StreamKey, _ stream: LocalStream, _ span: ClosedRange<BootTime>, _ packed: Ranges,
        _ folding: inout BucketFolding
    ) throws(StoreError) {
        try TailScan(self, run: key.runKey).run { found throws(StoreError) in
            guard case .segment(key, let segment) = found, let samples = try? segment.samples() else { return true }
            for part in Ranges(segment.first..<segment.end).subtracting(packed).ranges {
                folding.add(samples[Int(part.lowerBound - segment.first)..<Int(part.upperBound - segment.first)])
            }
            return true
        }
    }
}

struct BucketFolding {
    private let times: Range<BootTime>
    private let length: Double
    private let scale: Int8
    fileprivate var folds: [Int: Fold] = [:]

    fileprivate struct Fold {
        var count: UInt64 = 0
        var isThinned = false
        var sums: [Double] = []
        var weights: [Double] = []
        var parts: [Bucket.Part] = []
        var lastTime = BootTime.min
    }

    /// `scale` is that of the stream's integers.
    init(times: Range<BootTime>, count: Int, scale: Int8) {
        self.times = times
        self.scale = scale
        length = max(1, (Double(times.upperBound) - Double(times.lowerBound)) / Double(count))
    }

    private func index(_ time: BootTime) -> Int { Int((Double(time) - Double(times.lowerBound)) / length) }

    /// The bucket in which all of a time lies.
    func bucket(holding first: BootTime, _ last: BootTime) -> Int? {
        guard times.contains(first), times.contains(last), index(first) == index(last) else { return nil }
        return index(first)
    }

    mutating func add(_ entry: PackEntry, to bucket: Int) {
        var fold = folds[bucket] ?? Fold()
        fold.count += UInt64(entry.count)
        fold.isThinned = fold.isThinned || entry.isThinned
        for (part, summary) in entry.summaries.enumerated() {
            let isLast = entry.lastTime >= fold.lastTime
            fold.add(part, summary, weight: Double(entry.count), isLast: isLast, scale: scale)
        }
        fold.lastTime = max(fold.lastTime, entry.lastTime)
        folds[bucket] = fold
    }

    mutating func add(_ piece: RingReader.Piece) {
        switch piece {
        case .samples(_, let samples): add(samples)
        case .thinned(let numbers, let rest): add(thinned: rest, numbers)
        case .missing: break
        }
    }

    mutating func add(_ samples: Samples) {
        var start = 0
        while start < samples.count {
            guard times.contains(samples.times[start]) else {
                start += 1
                continue
            }
            let bucket = index(samples.times[start])
            var end = start + 1
            while end < samples.count, times.contains(samples.times[end]), index(samples.times[end]) == bucket {
                end += 1
            }
            var fold = folds[bucket] ?? Fold()
            let isLast = samples.times[end - 1] >= fold.lastTime
            for (part, summary) in samples[start..<end].summaries().enumerated() {
                fold.add(part, summary, weight: Double(end - start), isLast: isLast, scale: scale)
            }
            fold.count += UInt64(end - start)
            fold.lastTime = max(fold.lastTime, samples.times[end - 1])
            folds[bucket] = fold
            start = end
        }
    }

    private mutating func add(thinned rest: Samples, _ numbers: Range<SampleNumber>) {
        for index in 0..<rest.count where times.contains(rest.times[index]) {
            let bucket = self.index(rest.times[index])
            let left = numbers.count - index * RingThinning.ratio
            var fold = folds[bucket] ?? Fold()
            for part in 0..<rest.width / 3 {
                let at = index * rest.width + part * 3
                let summary = Summary(
                    min: rest.doubles[at], mean: rest.doubles[at + 1], max: rest.doubles[at + 2],
                    last: .double(rest.doubles[at + 1]))
                fold.add(
                    part, summary, weight: Double(RingThinning.ratio), isLast: rest.times[index] >= fold.lastTime,
                    scale: 0)
            }
            fold.count += UInt64(max(0, min(left, RingThinning.ratio)))
            fold.isThinned = true
            fold.lastTime = max(fold.lastTime, rest.times[index])
            folds[bucket] = fold
        }
    }

    var buckets: [Bucket] {
        folds.sorted { $0.key < $1.key }.map { index, fold in
            var parts = fold.parts
            for part in parts.indices {
                parts[part].mean = fold.weights[part] > 0 ? fold.sums[part] / fold.weights[part] : .nan
            }
            return Bucket(
                start: times.lowerBound + BootTime(Double(index) * length), count: fold.count,
                isThinned: fold.isThinned, parts: parts)
        }
    }
}

extension BucketFolding.Fold {
    fileprivate mutating func add(
        _ part: Int, _ summary: Summary, weight: Double, isLast: Bool, scale: Int8
    ) {
        while parts.count <= part {
            parts.append(Bucket.Part(min: .nan, mean: .nan, max: .nan, last: .nan))
            sums.append(0)
            weights.append(0)
        }
        if isLast { parts[part].last = summary.last.number(scale: scale) ?? .nan }
        guard !summary.mean.isNaN else { return }
        parts[part].min = parts[part].min.isNaN ? summary.min : Swift.min(parts[part].min, summary.min)
        parts[part].max = parts[part].max.isNaN ? summary.max : Swift.max(parts[part].max, summary.max)
        sums[part] += summary.mean * weight
        weights[part] += weight
    }
}
