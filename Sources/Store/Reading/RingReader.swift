import Measurements

/// Reads the ring while it is written: a connection of its own for one thread. Everything is read in short snapshots, one
/// slot or a few rows each, so that a slow reader holds up nothing; what the ring overwrites in between is reported as
/// missing.
public final class RingReader {
    /// Ends what this reader does, from any thread.
    public let cancellation: Cancellation

    let database: Database
    private let id: UInt64
    private let readers: RingReaders

    init(_ database: Database, _ cancellation: Cancellation, id: UInt64, readers: RingReaders) {
        self.database = database
        self.cancellation = cancellation
        self.id = id
        self.readers = readers
    }

    deinit { readers.forget(id) }

    /// Runs `body` in one snapshot. It must be short, and hand nothing out that is read later.
    func snapshot<Result>(_ body: (Database) throws(StoreError) -> Result) throws(StoreError) -> Result {
        var attempts = 0
        while true {
            if cancellation.isCancelled { throw cancelled() }
            do throws(StoreError) {
                return try once(body)
            } catch  where error.cause == .cancelled && !cancellation.isCancelled && attempts < RingReader.mostAttempts
            {
                // The writer needed the log; nothing was handed out of this snapshot yet.
                attempts += 1
            }
        }
    }

    private static let mostAttempts = 3

    private func once<Result>(_ body: (Database) throws(StoreError) -> Result) throws(StoreError) -> Result {
        _ = cancellation.takeInterrupt()
        readers.note(id, isReading: true)
        defer {
            database.rollBack()
            readers.note(id, isReading: false)
        }
        try database.statement("BEGIN").execute()
        let result = try body(database)
        if cancellation.takeInterrupt() { throw cancelled() }
        return result
    }

    private func cancelled() -> StoreError {
        StoreError(cause: .cancelled, statement: "read", path: database.path, message: "the reader was stopped")
    }

    /// The stream's number in this ring, nil where it is not known here.
    func local(_ key: StreamKey, _ database: Database) throws(StoreError) -> LocalStream? {
        let statement = try database.statement(
            """
            SELECT stream.id FROM stream JOIN run ON run.id = stream.run
            WHERE number = ? AND gateway = ? AND run.run = ?
            """)
        defer { statement.reset() }
        statement.bind(1, Int64(key.stream)).bind(2, key.gateway.bytes).bind(3, key.run.bytes)
        return try statement.step() ? LocalStream(truncatingIfNeeded: statement.integer(0)) : nil
    }
}
