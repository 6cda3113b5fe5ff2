/// From the boot time of one boot to wall time, version 1: whoever has the same anchors computes the same times.
///
/// 1. Anchors of the best class present count: synchronised system clock; then GPS, peers, phones and people; then a
///    hardware clock; then an unsynchronised system clock, which places nothing.
/// 2. The synchronised system clock changes against the boot clock only by steps: where two anchors contradict each
///    other a new segment begins. In the other classes the offset that most anchors agree on wins, the others are wrong.
/// 3. Within a segment each anchor's bound holds at its time and grows by 100 ppm away from it; at any time the bounds of
///    the anchors around it intersect.
public struct ClockMapping: Sendable {
    public static let version: UInt8 = 1
    /// Anchors kept of one boot; beyond, every other one between the first and the newest eighth is left out.
    public static let mostAnchors = 1_024
    public static let settledErrorNs: UInt64 = 1_000_000_000
    public static let settledAfterNs: Int64 = 600_000_000_000
    /// A battery-backed clock has whole seconds and is read between two of them.
    public static let leastHardwareErrorNs: UInt64 = 2_000_000_000

    public let boot: BootID
    /// Sorted by time.
    private var anchors: [ClockAnchor] = []
    private var segments: [ClockSegment] = []
    /// When the boot, or its last run, came to an end: nothing will move any more.
    public private(set) var ended: BootTime?

    public init(boot: BootID) { self.boot = boot }

    /// That times from `from` on (in boot time) are now elsewhere than was said before.
    public struct Correction: Hashable, Sendable {
        public var from: BootTime
        public var byNs: Int64
    }

    /// Whether anything but a guess is known.
    public var isPlaced: Bool { !segments.isEmpty }

    public mutating func end(at time: BootTime) { ended = max(ended ?? time, time) }

    /// Takes up an anchor of this boot; others and impossible ones are ignored.
    /// - Returns: by how much times known before have moved, if they did by more than a millisecond.
    @discardableResult
    public mutating func add(_ anchor: ClockAnchor) -> Correction? {
        guard anchor.boot == boot, OffsetInterval.boots.contains(anchor.time),
            OffsetInterval.walls.contains(anchor.wall), !anchors.contains(anchor)
        else { return nil }
        let probe = anchors.first?.time ?? anchor.time
        let before = isPlaced ? interval(at: probe)?.middle : nil
        let place = anchors.firstIndex { anchor.precedes($0) } ?? anchors.count
        anchors.insert(anchor, at: place)
        thin()
        segments = ClockSegment.build(anchors)
        guard let before, let after = interval(at: probe)?.middle, abs(after - before) > 1_000_000 else { return nil }
        return Correction(from: probe, byNs: after - before)
    }

    private mutating func thin() {
        guard anchors.count > ClockMapping.mostAnchors else { return }
        let newest = anchors.count - anchors.count / 8
        anchors = anchors.enumerated().filter { $0.offset == 0 || $0.offset >= newest || $0.offset % 2 == 0 }
            .map(\.element)
    }

    private func interval(at time: BootTime) -> OffsetInterval? { ClockSegment.interval(segments, at: time) }

    /// Wall time of `time`; `now` is the newest time of the same boot that is known. Nil while the boot is not placed.
    public func wallTime(of time: BootTime, now: BootTime) -> WallTime? {
        // Times that no machine reaches are taken for the furthest that one might.
        let (near, now) = (OffsetInterval.bounded(time), OffsetInterval.bounded(now))
        guard let interval = interval(at: near), let segment = ClockSegment.at(segments, near) else {
            return guess(of: time)
        }
        let isOld = ended != nil || now - segment.start >= ClockMapping.settledAfterNs
        let isSettled = isOld && interval.error <= ClockMapping.settledErrorNs
        return WallTime(
            unixNs: time &+ interval.middle, errorNs: interval.error, quality: isSettled ? .settled : .provisional)
    }

    /// What the system clock says while nothing synchronises it: better than nothing for a person to read.
    private func guess(of time: BootTime) -> WallTime? {
        guard let last = anchors.last(where: { $0.source == .unsynchronised }) else { return nil }
        return WallTime(unixNs: last.wall &+ (time &- last.time), errorNs: .max, quality: .provisional)
    }
}

extension ClockAnchor {
    /// 0 is the best.
    var rank: Int {
        switch source {
        case .system: 0
        case .gps, .peer, .phone, .manual: 1
        case .hardware: 2
        case .unsynchronised: 3
        }
    }

    /// A total order, so that the order of arrival does not matter.
    func precedes(_ other: ClockAnchor) -> Bool {
        if (time, wall, errorNs) != (other.time, other.wall, other.errorNs) {
            return (time, wall, errorNs) < (other.time, other.wall, other.errorNs)
        }
        if source != other.source { return source.rawValue < other.source.rawValue }
        return witness.utf8.lexicographicallyPrecedes(other.witness.utf8)
    }

    /// At its own time.
    var interval: OffsetInterval {
        let least = source == .hardware ? ClockMapping.leastHardwareErrorNs : 0
        let error = Int64(min(max(errorNs, least), OffsetInterval.mostError))
        let offset = wall - time
        return OffsetInterval(low: offset - error, high: offset + error)
    }
}
