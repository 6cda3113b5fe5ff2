/// A stretch of a boot in which one offset holds.
struct ClockSegment: Hashable, Sendable {
    struct Knot: Hashable, Sendable {
        var time: BootTime
        var interval: OffsetInterval
    }

    /// At least one, by time; each interval is what all anchors of the segment allow there.
    var knots: [Knot]

    /// When its first anchor was made.
    var start: BootTime { knots[0].time }

    /// What the segment allows at `time`: the neighbouring knots' bounds, grown.
    func interval(at time: BootTime) -> OffsetInterval {
        var (low, high) = (0, knots.count)
        while low < high {
            let middle = (low + high) / 2
            if knots[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return knots[0].interval.grown(by: knots[0].time - time) }
        let left = knots[low - 1].interval.grown(by: time - knots[low - 1].time)
        guard low < knots.count else { return left }
        return left.intersection(knots[low].interval.grown(by: knots[low].time - time)) ?? left
    }

    // MARK: Building

    /// Segments from sorted anchors; none where nothing places the boot.
    static func build(_ anchors: [ClockAnchor]) -> [ClockSegment] {
        guard let rank = anchors.map(\.rank).min(), rank < 3 else { return [] }
        let best = anchors.filter { $0.rank == rank }.map { Knot(time: $0.time, interval: $0.interval) }
        if rank > 0 { return [ClockSegment(knots: tightened(agreeing(best)))] }
        var result: [ClockSegment] = []
        var current: [Knot] = []
        var running: Knot?
        for knot in best {
            let reach = running.map { $0.interval.grown(by: knot.time - $0.time) }
            if let shared = reach?.intersection(knot.interval) {
                running = Knot(time: knot.time, interval: shared)
            } else {
                if !current.isEmpty { result.append(ClockSegment(knots: tightened(current))) }
                current = []
                running = knot
            }
            current.append(knot)
        }
        result.append(ClockSegment(knots: tightened(current)))
        return result
    }

    /// Those of `knots` that share the offset on which most agree at the time of the last.
    private static func agreeing(_ knots: [Knot]) -> [Knot] {
        let last = knots[knots.count - 1].time
        let grown = knots.map { $0.interval.grown(by: last - $0.time) }
        guard let agreed = OffsetInterval.agreed(grown) else { return knots }
        return zip(knots, grown).filter { $0.1.intersection(agreed.interval) == agreed.interval }.map(\.0)
    }

    /// Each knot narrowed to what the knots before and after it allow.
    private static func tightened(_ knots: [Knot]) -> [Knot] {
        var knots = knots
        for index in knots.indices.dropFirst() { knots.tighten(index, by: index - 1) }
        for index in knots.indices.dropLast().reversed() { knots.tighten(index, by: index + 1) }
        return knots
    }

    // MARK: Looking up

    /// The segment that speaks for `time`: the last that began by then, else the first.
    static func at(_ segments: [ClockSegment], _ time: BootTime) -> ClockSegment? {
        segments.last { $0.start <= time } ?? segments.first
    }

    /// What all of them allow at `time`. Between the last anchor before a step and the first after it, either may hold.
    static func interval(_ segments: [ClockSegment], at time: BootTime) -> OffsetInterval? {
        guard let index = segments.lastIndex(where: { $0.start <= time }) ?? segments.indices.first else { return nil }
        let own = segments[index].interval(at: time)
        guard index + 1 < segments.count, let last = segments[index].knots.last, time > last.time else { return own }
        return own.hull(segments[index + 1].interval(at: time))
    }
}

extension [ClockSegment.Knot] {
    fileprivate mutating func tighten(_ index: Int, by other: Int) {
        let grown = self[other].interval.grown(by: self[index].time - self[other].time)
        if let shared = self[index].interval.intersection(grown) { self[index].interval = shared }
    }
}
