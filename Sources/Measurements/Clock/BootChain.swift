import Hashing

/// The boots of one gateway in the order in which its runs name each other, each with its mapping: a boot that nobody
/// told the time lies between its neighbours.
public struct BootChain: Sendable {
    public struct Boot: Sendable {
        public var mapping: ClockMapping
        /// The first and the last time of it that anything is known of.
        public var first: BootTime
        public var last: BootTime
    }

    /// By the ordinal of each boot's first run.
    public private(set) var boots: [Boot] = []
    private var ordinals: [UInt64] = []

    /// Boots kept; the oldest go first, and what was recorded in them keeps only what its anchors say.
    public static let mostBoots = 4_096

    public init() {}

    /// Takes up that a run began; two runs of one boot are one boot.
    public mutating func add(_ run: RunOpen) {
        let opened = OffsetInterval.bounded(run.opened)
        if index(of: run.boot) != nil {
            extend(run.boot, to: opened)
            return
        }
        let place = ordinals.firstIndex { $0 > run.ordinal } ?? ordinals.count
        ordinals.insert(run.ordinal, at: place)
        boots.insert(
            Boot(mapping: ClockMapping(boot: run.boot), first: opened, last: opened), at: place)
        if boots.count > BootChain.mostBoots {
            boots.removeFirst()
            ordinals.removeFirst()
        }
    }

    /// That something happened in `boot` at `time`.
    public mutating func extend(_ boot: BootID, to time: BootTime) {
        guard let index = index(of: boot) else { return }
        let time = OffsetInterval.bounded(time)
        boots[index].first = min(boots[index].first, time)
        boots[index].last = max(boots[index].last, time)
    }

    @discardableResult
    public mutating func add(_ anchor: ClockAnchor) -> ClockMapping.Correction? {
        guard let index = index(of: anchor.boot) else { return nil }
        extend(anchor.boot, to: anchor.time)
        return boots[index].mapping.add(anchor)
    }

    /// That no run of `boot` goes on; a later boot's beginning says so too.
    public mutating func end(_ boot: BootID) {
        guard let index = index(of: boot) else { return }
        boots[index].mapping.end(at: boots[index].last)
    }

    private func index(of boot: BootID) -> Int? { boots.lastIndex { $0.mapping.boot == boot } }

    /// Nil for a boot of which nothing is known.
    public func wallTime(of time: BootTime, in boot: BootID) -> WallTime? {
        guard let index = index(of: boot) else { return nil }
        if boots[index].mapping.isPlaced || index == boots.count - 1 {
            if let wall = boots[index].mapping.wallTime(of: time, now: boots[index].last) { return wall }
        }
        return between(time, index)
    }

    /// After the end of the boot before, and before the beginning of the boot after.
    private func between(_ time: BootTime, _ index: Int) -> WallTime? {
        let boot = boots[index]
        let earlier = boots[..<index].lastIndex { $0.mapping.isPlaced }
        let later = boots[(index + 1)...].firstIndex { $0.mapping.isPlaced }
        let low = earlier.flatMap { edge(boots[$0], boots[$0].last) }.map { $0.low - boot.first }
        let high = later.flatMap { edge(boots[$0], boots[$0].first) }.map { $0.high - boot.last }
        switch (low, high) {
        case (let low?, let high?) where low <= high:
            let interval = OffsetInterval(low: low, high: high)
            return WallTime(unixNs: time &+ interval.middle, errorNs: interval.error, quality: .unplaced)
        case (let low?, _):
            // Only a beginning is known, or the neighbours contradict each other.
            return WallTime(unixNs: time &+ low, errorNs: .max, quality: .unplaced)
        case (nil, let high?):
            return WallTime(unixNs: time &+ high, errorNs: .max, quality: .unplaced)
        case (nil, nil):
            return boot.mapping.wallTime(of: time, now: boot.last)
        }
    }

    /// The wall times that are possible at `time` of a placed boot.
    private func edge(_ boot: Boot, _ time: BootTime) -> (low: Int64, high: Int64)? {
        guard let wall = boot.mapping.wallTime(of: time, now: boot.last), wall.errorNs < 1 << 61 else { return nil }
        return (wall.unixNs &- Int64(wall.errorNs), wall.unixNs &+ Int64(wall.errorNs))
    }
}
