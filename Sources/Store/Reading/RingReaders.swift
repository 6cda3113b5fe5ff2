import System

/// Makes readers of a ring, for any thread, and can stop them: a reader must not keep the log from being reused.
public final class RingReaders: Sendable {
    private let path: String
    private let fileLayer: String?
    private let active = Locked<[UInt64: Active]>([:])
    private let lastID = Locked<UInt64>(0)

    private struct Active: Sendable {
        let interrupter: Database.Interrupter
        let cancellation: Cancellation
        /// It has a snapshot open right now.
        var isReading = false
    }

    init(path: String, fileLayer: String?) {
        self.path = path
        self.fileLayer = fileLayer
    }

    /// A reader for the calling thread.
    public func makeReader() throws(StoreError) -> RingReader {
        var options = Database.Options()
        options.readOnly = true
        options.create = false
        options.fileLayer = fileLayer
        options.cacheBytes = 256 * 1024
        let database = try Database(path, options)
        let id = lastID.withLock { last in
            last += 1
            return last
        }
        let cancellation = Cancellation()
        let entry = Active(interrupter: database.interrupter, cancellation: cancellation)
        active.withLock { $0[id] = entry }
        return RingReader(database, cancellation, id: id, readers: self)
    }

    /// Stops what readers are doing at this moment; returns how many were stopped. They can go on with their next read.
    func cancelAll() -> Int {
        active.withLock { active in
            var count = 0
            for reader in active.values where reader.isReading {
                reader.cancellation.interrupt()
                reader.interrupter.interrupt()
                count += 1
            }
            return count
        }
    }

    var areReading: Bool { active.withLock { $0.values.contains { $0.isReading } } }

    func note(_ id: UInt64, isReading: Bool) { active.withLock { $0[id]?.isReading = isReading } }
    func forget(_ id: UInt64) { active.withLock { $0[id] = nil } }
}

/// Stops one reader from another thread.
public final class Cancellation: Sendable {
    private struct State: Sendable {
        var isCancelled = false
        var isInterrupted = false
    }

    private let state = Locked(State())

    /// For good: everything the reader does from here on throws `cancelled`.
    public func cancel() { state.withLock { $0.isCancelled = true } }

    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Only what it is reading now.
    func interrupt() { state.withLock { $0.isInterrupted = true } }

    /// Whether it was interrupted since the last call.
    func takeInterrupt() -> Bool {
        state.withLock { state in
            defer { state.isInterrupted = false }
            return state.isInterrupted
        }
    }
}
