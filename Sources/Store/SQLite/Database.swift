import CSQLite

/// One connection. It is used by one thread at a time, so it is not Sendable; `interrupt` has its own handle.
public final class Database {
    public struct Options: Sendable {
        public var readOnly = false
        public var create = true
        /// SQLite's page cache, in bytes.
        public var cacheBytes = 512 * 1024
        /// Which of SQLite's file layers; nil for the ordinary one. `unix-excl` keeps the index of the WAL in memory.
        public var fileLayer: String?
        public var busyTimeoutMs: Int32 = 2_000

        public init() {}
    }

    public let path: String
    let handle: OpaquePointer
    private var prepared: [String: Statement] = [:]
    static let mostPrepared = 128

    public init(_ path: String, _ options: Options = Options()) throws(StoreError) {
        self.path = path
        var flags = options.readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        if options.create && !options.readOnly { flags |= SQLITE_OPEN_CREATE }
        // One thread at a time uses a connection; SQLite's own locks would guard what is guarded already.
        flags |= SQLITE_OPEN_NOMUTEX
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, options.fileLayer)
        guard let opened, code == SQLITE_OK else {
            let error = Database.failure(opened, code, "open", path)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, options.busyTimeoutMs)
        try run("PRAGMA cache_size = -\(max(16, options.cacheBytes / 1024))")
        // Debian's library overwrites freed pages with zeros unless told not to: writes for nothing.
        try run("PRAGMA secure_delete = OFF")
    }

    deinit {
        prepared.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Runs statements that give nothing back.
    public func run(_ sql: String) throws(StoreError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw failure(code, sql) }
    }

    /// A prepared statement, made once and kept. The caller resets it by finishing it or with `reset`.
    public func statement(_ sql: String) throws(StoreError) -> Statement {
        if let kept = prepared[sql] {
            kept.reset()
            return kept
        }
        let made = try Statement(self, sql)
        if prepared.count >= Database.mostPrepared { prepared.removeAll() }
        prepared[sql] = made
        return made
    }

    /// Runs `body` in one write transaction; an error undoes all of it.
    public func transaction<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
        try statement("BEGIN IMMEDIATE").execute()
        do {
            let result = try body()
            try statement("COMMIT").execute()
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends a transaction that failed; after some failures SQLite has already done so.
    func rollBack() {
        if sqlite3_get_autocommit(handle) == 0 { _ = sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    var inTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
    public var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }
    public var changes: Int { Int(sqlite3_changes(handle)) }

    func integer(_ sql: String) throws(StoreError) -> Int64 {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    func failure(_ code: Int32, _ statement: String) -> StoreError { Database.failure(handle, code, statement, path) }

    private static func failure(
        _ handle: OpaquePointer?, _ code: Int32, _ statement: String, _ path: String
    ) -> StoreError {
        let systemCode = handle.map { sqlite3_system_errno($0) } ?? 0
        let plain = code & 0xff
        let below = plain == SQLITE_IOERR || plain == SQLITE_CANTOPEN || plain == SQLITE_FULL
        let extended = handle.map { sqlite3_extended_errcode($0) } ?? code
        let said = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        return StoreError(
            cause: StoreError.cause(of: code, systemCode: below ? systemCode : 0),
            code: extended & 0xff == plain ? extended : code,
            systemCode: below ? systemCode : 0, statement: statement, path: path, message: said)
    }
}

extension Database {
    /// What another thread may hold of a connection: the means to stop what it is doing.
    struct Interrupter: @unchecked Sendable {  // because sqlite3_interrupt may be called from any thread
        let handle: OpaquePointer
        func interrupt() { sqlite3_interrupt(handle) }
    }

    var interrupter: Interrupter { Interrupter(handle: handle) }

    /// How far the WAL could be written back.
    struct Checkpoint {
        var framesInLog: Int
        var framesWrittenBack: Int
        /// Somebody was in the way.
        var wasBusy: Bool
        var complete: Bool { !wasBusy && framesInLog == framesWrittenBack }
    }

    enum CheckpointKind: Int32 {
        /// As much as readers allow, waiting for nobody.
        case passive = 0
        /// Waits for readers, then starts the log anew.
        case restart = 2
    }

    func checkpoint(_ kind: CheckpointKind) throws(StoreError) -> Checkpoint {
        var (inLog, back): (Int32, Int32) = (0, 0)
        let code = sqlite3_wal_checkpoint_v2(handle, nil, kind.rawValue, &inLog, &back)
        // Busy is an answer here: a reader holds an old snapshot.
        if code != SQLITE_OK, code & 0xff != SQLITE_BUSY { throw failure(code, "checkpoint") }
        return Checkpoint(
            framesInLog: Int(max(0, inLog)), framesWrittenBack: Int(max(0, back)),
            wasBusy: code != SQLITE_OK)
    }
}
