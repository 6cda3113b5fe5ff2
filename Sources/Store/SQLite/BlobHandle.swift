import CSQLite

/// Reads and overwrites parts of one column of one row without a statement of SQL, and so without rewriting the row.
/// It lives within a transaction: an open handle is an open read transaction.
final class BlobHandle {
    private let database: Database
    private let what: String
    private var handle: OpaquePointer?

    init(
        _ database: Database, table: String, column: String, row: Int64, writable: Bool
    ) throws(StoreError) {
        self.database = database
        what = "\(table).\(column) of row \(row)"
        let code = sqlite3_blob_open(database.handle, "main", table, column, row, writable ? 1 : 0, &handle)
        if code != SQLITE_OK {
            sqlite3_blob_close(handle)
            handle = nil
            throw BlobHandle.failure(code, what, database)
        }
    }

    deinit { if handle != nil { sqlite3_blob_close(handle) } }

    var count: Int { Int(sqlite3_blob_bytes(handle)) }

    /// Goes on to another row of the same table, cheaper than a new handle.
    func move(to row: Int64) throws(StoreError) {
        let code = sqlite3_blob_reopen(handle, row)
        if code != SQLITE_OK { throw BlobHandle.failure(code, "\(what), then row \(row)", database) }
    }

    /// A row is asked for because the file's own tables name it: one that is not there means that the file contradicts
    /// itself, which SQLite calls a plain error.
    private static func failure(_ code: Int32, _ what: String, _ database: Database) -> StoreError {
        let failure = database.failure(code, what)
        return code & 0xff == SQLITE_ERROR ? .corrupt(failure.path, what, failure.message) : failure
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(StoreError) {
        let code = bytes.withUnsafeBytes { part in
            part.isEmpty
                ? SQLITE_OK : sqlite3_blob_write(handle, part.baseAddress, Int32(part.count), Int32(offset))
        }
        if code != SQLITE_OK { throw database.failure(code, "write \(what)") }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) { try write(bytes[...], at: offset) }

    func bytes(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        guard count > 0 else { return [] }
        var code = SQLITE_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            code = sqlite3_blob_read(handle, buffer.baseAddress, Int32(count), Int32(offset))
            filled = code == SQLITE_OK ? count : 0
        }
        if code != SQLITE_OK { throw database.failure(code, "read \(what)") }
        return bytes
    }

    func close() throws(StoreError) {
        let code = sqlite3_blob_close(handle)
        handle = nil
        if code != SQLITE_OK { throw database.failure(code, "close \(what)") }
    }
}
