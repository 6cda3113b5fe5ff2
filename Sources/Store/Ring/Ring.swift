import CSQLite
import Measurements
import System

/// The bounded store of samples: ring.db. One object writes, from one thread; `readers` makes any number of readers for
/// other threads.
public final class Ring {
    public let path: String
    public private(set) var limits: RingLimits
    /// Hands out readers; may be passed to any thread.
    public let readers: RingReaders
    public let opened: RingOpened

    let shares: RingShares
    let database: Database
    let log: LogWatch
    var state: RingState
    let openedAt = SystemClock.bootTime
    let disk: DiskCounter?
    let diskAtOpening: UInt64

    /// SQLite's file layer that keeps the log's index in memory: only one process has the ring open, and the index in a
    /// file would be written to disk every few seconds for nothing.
    static let fileLayer = "unix-excl"

    /// Opens the ring or makes it. A file that is damaged beyond use is put aside and a new one begun.
    public static func open(at path: String, limits: RingLimits = RingLimits()) throws(StoreError) -> Ring {
        try open(at: path, limits: limits, fileLayer: fileLayer)
    }

    static func open(at path: String, limits: RingLimits, fileLayer: String?) throws(StoreError) -> Ring {
        do {
            return try Ring(path, limits, fileLayer, replaced: nil)
        } catch  where error.cause == .corrupt {
            let damaged = try Quarantine.putAside(path)
            return try Ring(path, limits, fileLayer, replaced: .replaced(damaged: damaged, why: error.description))
        }
    }

    private init(
        _ path: String, _ limits: RingLimits, _ fileLayer: String?, replaced: RingOpened.Condition?
    ) throws(StoreError) {
        self.path = path
        self.limits = limits
        shares = RingShares(limits)
        let durability = try Durability.of(folder: Folder.of(path)).durability
        guard durability != .readOnly else {
            throw StoreError(cause: .readOnly, statement: "open", path: path, message: "the file system is read-only")
        }
        var options = Database.Options()
        options.fileLayer = fileLayer
        options.cacheBytes = 1 << 20
        database = try Database(path, options)
        let isNew = try RingFile.prepare(database, shares)
        log = LogWatch(database)
        let condition = replaced ?? (isNew ? .fresh : .existing)
        disk = DiskCounter(folder: Folder.of(path))
        diskAtOpening = disk?.bytesWritten() ?? 0
        var recovery = RingRecovery(database, shares)
        state = try recovery.run()
        opened = RingOpened(
            condition: condition, durability: durability, damage: recovery.damage, unfinished: recovery.unfinished())
        readers = RingReaders(path: path, fileLayer: fileLayer)
    }

    /// Changes what may change while running: age, floor, policy and protection. The size does at the next opening.
    public func change(_ limits: RingLimits) {
        let bytes = self.limits.bytes
        self.limits = limits
        self.limits.bytes = bytes
    }

    /// After the last committed sample of a stream; what is pending before it need not be committed again.
    public func committedNext(of key: StreamKey) throws(StoreError) -> SampleNumber {
        guard let stream = try RingCatalog(database).find(key, in: &state) else { return 0 }
        return state.streams[stream]?.committedNext ?? 0
    }

    /// Stores all of it durably, or nothing. `now` is Unix time in seconds, as good as it is known.
    @discardableResult
    public func write(_ write: RingWrite, now: Int64) throws(StoreError) -> RingWritten {
        try makeRoomInLog()
        let before = state
        var transaction = RingTransaction(self, now: now)
        do throws(StoreError) {
            try database.transaction { () throws(StoreError) in try transaction.run(write) }
        } catch {
            state = before
            throw error
        }
        return finish(transaction.written)
    }

    /// Writes out the blocks that wait for their pack to fill: before a clean stop, or for a backup.
    @discardableResult
    public func flush(now: Int64) throws(StoreError) -> RingWritten {
        let before = state
        var transaction = RingTransaction(self, now: now)
        do throws(StoreError) {
            try database.transaction { () throws(StoreError) in try transaction.flushAll() }
        } catch {
            state = before
            throw error
        }
        return finish(transaction.written)
    }

    /// What is committed is stored, whatever becomes of the log: that is tried again with the next write.
    private func finish(_ written: RingWritten) -> RingWritten {
        var written = written
        state.counters.logFrames += UInt64(log.takeFrames())
        do throws(StoreError) {
            try writeBackIfDue()
        } catch {
            written.trouble = error
        }
        return written
    }
}
