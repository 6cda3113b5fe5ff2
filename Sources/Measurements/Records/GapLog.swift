/// The gap records of one run, each stream's bounded: when there are too many, the nearest two of one kind become one
/// that says how many of its numbers are lost. None is ever dropped.
public struct GapLog: Sendable {
    /// Records a stream; there are fewer classes of records than that, so two that merge always exist.
    public static let mostPerStream = 64

    private var byStream: [StreamNumber: [GapRecord]] = [:]

    public init() {}

    public var records: [GapRecord] { byStream.sorted { $0.key < $1.key }.flatMap(\.value) }

    public func records(of stream: StreamNumber) -> [GapRecord] { byStream[stream] ?? [] }

    public mutating func add(_ record: GapRecord) {
        var records = byStream[record.stream] ?? []
        if let last = records.indices.last, let joined = records[last].joined(by: record, onlyIfTouching: true) {
            records[last] = joined
        } else {
            let place = records.firstIndex { $0.numbers.lowerBound > record.numbers.lowerBound } ?? records.count
            records.insert(record, at: place)
            if records.count > GapLog.mostPerStream { GapLog.coalesce(&records) }
        }
        byStream[record.stream] = records
    }

    private static func coalesce(_ records: inout [GapRecord]) {
        var best: (left: Int, right: Int, joined: GapRecord, distance: UInt64)?
        for right in records.indices.dropFirst() {
            guard let left = records[..<right].lastIndex(where: { $0.isAlike(records[right]) }),
                let joined = records[left].joined(by: records[right], onlyIfTouching: false)
            else { continue }
            let (from, to) = (records[left].numbers.upperBound, records[right].numbers.lowerBound)
            let distance = to > from ? to - from : 0
            if best.map({ distance < $0.distance }) ?? true { best = (left, right, joined, distance) }
        }
        guard let best else { return }
        records[best.left] = best.joined
        records.remove(at: best.right)
    }
}

extension GapRecord {
    fileprivate func isAlike(_ other: GapRecord) -> Bool {
        guard run == other.run, stream == other.stream, kind == other.kind else { return false }
        switch (extent, other.extent) {
        case (.numbers, .numbers), (.atMost, .atMost): return true
        default: return false
        }
    }

    /// One record for both. Touching ones must also have the same cause, so that nothing is lost in joining them.
    fileprivate func joined(by other: GapRecord, onlyIfTouching: Bool) -> GapRecord? {
        guard isAlike(other), !onlyIfTouching || (cause, who) == (other.cause, other.who) else { return nil }
        var result = self
        result.time = max(time, other.time)
        if cause != other.cause { result.cause = "\(cause); \(other.cause)".clipped(toUTF8: GapRecord.mostCauseBytes) }
        if who != other.who { result.who = "\(who), \(other.who)".clipped(toUTF8: GapRecord.mostWhoBytes) }
        switch (extent, other.extent) {
        case (.numbers(let first, let end, let lost), .numbers(let otherFirst, let otherEnd, let otherLost)):
            guard !onlyIfTouching || end == otherFirst && lost == end - first && otherLost == otherEnd - otherFirst
            else { return nil }
            let whole = min(first, otherFirst)..<max(end, otherEnd)
            let size = whole.upperBound - whole.lowerBound
            result.extent = .numbers(
                first: whole.lowerBound, end: whole.upperBound, lost: min(size, lost.clampedSum(otherLost)))
        case (.atMost(let after, let duration, let samples), .atMost(let otherAfter, let more, let moreSamples)):
            guard !onlyIfTouching else { return nil }
            result.extent = .atMost(
                after: min(after, otherAfter), durationNs: duration.clampedSum(more),
                samples: samples.clampedSum(moreSamples))
        default: return nil
        }
        return result
    }
}
