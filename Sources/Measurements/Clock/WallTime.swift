/// A time of day with what is known about its truth.
public struct WallTime: Hashable, Sendable {
    public enum Quality: UInt8, Hashable, Sendable, Comparable {
        /// Within a second and not about to move.
        case settled = 0
        /// The best guess so far; it may move.
        case provisional = 1
        /// Nobody told this boot the time: it lies somewhere between its neighbours.
        case unplaced = 2

        public static func < (left: Quality, right: Quality) -> Bool { left.rawValue < right.rawValue }
    }

    public var unixNs: UnixTime
    /// The truth is within this; `UInt64.max` where nothing bounds it.
    public var errorNs: UInt64
    public var quality: Quality

    public init(unixNs: UnixTime, errorNs: UInt64, quality: Quality) {
        self.unixNs = unixNs
        self.errorNs = errorNs
        self.quality = quality
    }
}

/// Where wall time less boot time lies, at one time of a boot; both ends belong to it.
struct OffsetInterval: Hashable, Sendable {
    var low: Int64
    var high: Int64

    /// 36 years of uptime, wall times from 1823 to 2116, errors of 36 years: sums of them stay within 64 bits.
    static let boots: ClosedRange<Int64> = -(1 << 60)...1 << 60
    static let walls: ClosedRange<Int64> = -(1 << 62)...1 << 62
    static let mostError: UInt64 = 1 << 60
    private static let limit: Int64 = 3 << 61

    static func bounded(_ time: BootTime) -> BootTime { min(max(time, boots.lowerBound), boots.upperBound) }

    /// Boot clocks run free between anchors: a Pi's crystal is within this over its temperatures.
    static let driftPpm: Int64 = 100

    /// As much wider as the clocks may have drifted apart in `elapsed`, which may be negative.
    func grown(by elapsed: Int64) -> OffsetInterval {
        let drift = abs(elapsed) / 1_000_000 * OffsetInterval.driftPpm + OffsetInterval.driftPpm
        let width = elapsed == 0 ? 0 : drift
        return OffsetInterval(
            low: max(low - width, -OffsetInterval.limit), high: min(high + width, OffsetInterval.limit))
    }

    func intersection(_ other: OffsetInterval) -> OffsetInterval? {
        let (low, high) = (max(low, other.low), min(high, other.high))
        return low <= high ? OffsetInterval(low: low, high: high) : nil
    }

    func hull(_ other: OffsetInterval) -> OffsetInterval {
        OffsetInterval(low: min(low, other.low), high: max(high, other.high))
    }

    var middle: Int64 { (low >> 1) + (high >> 1) + (low & high & 1) }
    /// From the middle to the farther end.
    var error: UInt64 { UInt64(high - middle) }

    /// Marzullo: the stretch that most of `intervals` share, the narrowest and then the first of several, and by how many.
    static func agreed(_ intervals: [OffsetInterval]) -> (interval: OffsetInterval, votes: Int)? {
        var edges: [(at: Int64, opens: Bool)] = []
        for interval in intervals {
            edges.append((interval.low, true))
            edges.append((interval.high, false))
        }
        edges.sort { ($0.at, $0.opens ? 0 : 1) < ($1.at, $1.opens ? 0 : 1) }
        var best: (interval: OffsetInterval, votes: Int)?
        var votes = 0
        for (index, edge) in edges.enumerated() {
            votes += edge.opens ? 1 : -1
            guard edge.opens, index + 1 < edges.count, !edges[index + 1].opens else { continue }
            let candidate = OffsetInterval(low: edge.at, high: edges[index + 1].at)
            let isBetter =
                best.map { best in
                    votes > best.votes
                        || votes == best.votes
                            && candidate.high - candidate.low < best.interval.high - best.interval.low
                } ?? true
            if isBetter { best = (candidate, votes) }
        }
        return best
    }
}
