import CSQLite

/// A prepared statement. Parameters and columns count as in SQLite: parameters from 1, columns from 0.
public final class Statement {
    // The database owns its statements and closes after them, so there is no cycle to keep alive here.
    private unowned let database: Database
    private let handle: OpaquePointer
    private let sql: String

    init(_ database: Database, _ sql: String) throws(StoreError) {
        self.database = database
        self.sql = sql
        var made: OpaquePointer?
        let code = sqlite3_prepare_v3(
            database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
        guard let made, code == SQLITE_OK else { throw database.failure(code, sql) }
        handle = made
    }

    deinit { sqlite3_finalize(handle) }

    public func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// True while there is a row.
    @discardableResult
    public func step() throws(StoreError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let error = database.failure(code, sql)
        sqlite3_reset(handle)
        throw error
    }

    /// Runs it to its end and makes it ready for the next time.
    public func execute() throws(StoreError) {
        while try step() {}
        reset()
    }

    @discardableResult
    public func bind(_ at: Int32, _ value: Int64) -> Statement {
        sqlite3_bind_int64(handle, at, value)
        return self
    }

    @discardableResult
    public func bind(_ at: Int32, _ value: Int) -> Statement { bind(at, Int64(value)) }

    /// Numbers above Int64.max keep their bits and come back by `unsigned`.
    @discardableResult
    public func bind(_ at: Int32, _ value: UInt64) -> Statement { bind(at, Int64(bitPattern: value)) }

    @discardableResult
    public func bind(_ at: Int32, _ value: String) -> Statement {
        sqlite3_bind_text(handle, at, value, -1, Statement.copied)
        return self
    }

    @discardableResult
    public func bind(_ at: Int32, _ value: [UInt8]) -> Statement {
        value.withUnsafeBytes { bytes in
            _ = sqlite3_bind_blob64(
                handle, at, bytes.baseAddress ?? Statement.nothing, UInt64(bytes.count), Statement.copied)
        }
        return self
    }

    /// The bytes are not copied: they stay valid until the statement was executed.
    @discardableResult
    public func bind(_ at: Int32, borrowed bytes: UnsafeRawBufferPointer) -> Statement {
        sqlite3_bind_blob64(handle, at, bytes.baseAddress ?? Statement.nothing, UInt64(bytes.count), nil)
        return self
    }

    @discardableResult
    public func bind(_ at: Int32, zeros count: Int) -> Statement {
        sqlite3_bind_zeroblob64(handle, at, UInt64(count))
        return self
    }

    @discardableResult
    public func bindNull(_ at: Int32) -> Statement {
        sqlite3_bind_null(handle, at)
        return self
    }

    public func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    public func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }
    public func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    public func text(_ column: Int32) -> String {
        sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
    }

    public func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

    /// The column's bytes, valid until the next step.
    public func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
    {
        let start = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    /// Something to point at: SQLite takes a null pointer for NULL, not for an empty blob.
    nonisolated(unsafe) private static let nothing: UnsafeRawPointer = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
}
