import System

/// How full the ring is, what may go, and what it costs the disk.
public struct RingStats: Hashable, Sendable {
    /// The cap, and what is taken of it on disk; the log is part of both.
    public var capBytes: Int
    public var usedBytes: Int
    /// Packs that fit, and those that hold something.
    public var packSlots: Int
    public var packsUsed: Int
    /// Of those that hold something:
    public var packsThinned: Int
    public var packsReplicated: Int
    public var packsProtected: Int
    /// Packed samples in packs.
    public var sampleBytes: Int
    /// Pages that hold what no pack has taken yet, and pages that there are for it.
    public var tailPagesKept: Int
    public var tailPages: Int
    public var logBytes: Int
    /// Unix time in seconds when the oldest and the newest pack were written, by the clock of then.
    public var oldestPack: Int64?
    public var newestPack: Int64?
    public var counters: RingCounters
    public var secondsOpen: Double
    /// By SQLite's own count: pages to the log and back.
    public var bytesWritten: UInt64
    /// By the block device, whoever wrote; nil where there is none to ask.
    public var deviceBytesWritten: UInt64?
    public var durability: Durability

    public var fill: Double { packSlots == 0 ? 1 : Double(packsUsed) / Double(packSlots) }
    public var bytesADay: Double { secondsOpen > 0 ? Double(bytesWritten) / secondsOpen * 86_400 : 0 }

    public var deviceBytesADay: Double? {
        deviceBytesWritten.flatMap { secondsOpen > 0 ? Double($0) / secondsOpen * 86_400 : nil }
    }

    /// Until the oldest would have to go, at the pace since the ring was opened; nil where nothing was written.
    public var secondsUntilFull: Double? {
        guard counters.packsWritten > 0, secondsOpen > 0 else { return nil }
        return Double(packSlots - packsUsed) / (Double(counters.packsWritten) / secondsOpen)
    }
}

extension Ring {
    public func stats() throws(StoreError) -> RingStats {
        let used = state.packs.filter { $0.kind != .free }
        let pages = Int(try database.integer("PRAGMA page_count"))
        let counters = state.counters
        let (durability, _) = try Durability.of(folder: Folder.of(path))
        return RingStats(
            capBytes: limits.bytes, usedBytes: pages * RingShares.pageBytes + max(log.bytes, shares.firstLogBytes),
            packSlots: shares.packSlots, packsUsed: used.count,
            packsThinned: used.count { $0.kind == .thinned }, packsReplicated: used.count { $0.isReplicated },
            packsProtected: used.count * limits.protectedPercent / 100,
            sampleBytes: used.reduce(0) { $0 + Int($1.bytes) }, tailPagesKept: state.tail.pagesKept,
            tailPages: state.tail.map.rows, logBytes: log.bytes, oldestPack: used.map(\.written).min(),
            newestPack: used.map(\.written).max(), counters: counters,
            secondsOpen: Double(SystemClock.bootTime - openedAt) / 1e9,
            bytesWritten: counters.logFrames * UInt64(RingShares.pageBytes + 24)
                + counters.pagesWrittenBack * UInt64(RingShares.pageBytes),
            deviceBytesWritten: disk.flatMap { disk in
                disk.bytesWritten().map { $0 - min($0, diskAtOpening) }
            }, durability: durability)
    }
}
