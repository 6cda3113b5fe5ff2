import CLinux
import CSQLite
import Glibc
import System

/// The file itself: its settings, its tables, and its log.
enum RingFile {
    /// True where the file is new.
    static func prepare(_ database: Database, _ shares: RingShares) throws(StoreError) -> Bool {
        try database.run("PRAGMA page_size = \(RingShares.pageBytes)")
        try database.run("PRAGMA auto_vacuum = NONE")
        try database.run("PRAGMA journal_mode = WAL")
        try database.run("PRAGMA synchronous = FULL")
        keepLog(database)
        let isNew = try make(database)
        let pages = Int(try database.integer("PRAGMA page_count"))
        try database.run("PRAGMA max_page_count = \(max(shares.databasePages, pages))")
        try growLog(database.path + "-wal", to: shares.firstLogBytes)
        return isNew
    }

    private static func make(_ database: Database) throws(StoreError) -> Bool {
        let version = try database.integer("PRAGMA user_version")
        let application = try database.integer("PRAGMA application_id")
        if version == 0, application == 0 {
            guard try database.integer("SELECT count(*) FROM sqlite_master") == 0 else {
                throw .corrupt(database.path, "open", "not a ring, but some other database")
            }
            try database.transaction { () throws(StoreError) in
                try database.run(RingSchema.sql)
                try database.run("PRAGMA application_id = \(RingSchema.applicationID)")
                try database.run("PRAGMA user_version = \(RingSchema.version)")
            }
            return true
        }
        guard application == RingSchema.applicationID else {
            throw .corrupt(database.path, "open", "not a ring, but some other database")
        }
        guard version <= RingSchema.version else {
            throw StoreError(
                cause: .newer, statement: "open", path: database.path,
                message: "a ring of version \(version), of a later bothy; this one knows \(RingSchema.version)")
        }
        return false
    }

    /// The log stays when the last connection closes: making it anew costs more than all it holds.
    private static func keepLog(_ database: Database) {
        var on: Int32 = 1
        sqlite3_file_control(database.handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on)
    }

    /// Fills the log up with zeros, once: writing into a file that is there already costs less than half of growing one.
    /// Zeros after its end are no part of a log.
    private static func growLog(_ path: String, to bytes: Int) throws(StoreError) {
        let descriptor = bothy_open(path, O_WRONLY | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw StoreError(.last("open", path)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StoreError(.last("fstat", path)) }
        var at = Int(status.st_size)
        if at >= bytes { return }
        let zeros = [UInt8](repeating: 0, count: 64 * 1024)
        while at < bytes {
            let count = zeros.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, min($0.count, bytes - at), off_t(at))
            }
            guard count > 0 else { throw StoreError(.last("pwrite", path)) }
            at += count
        }
        guard fsync(descriptor) == 0 else { throw StoreError(.last("fsync", path)) }
    }
}

/// Knows how long the log is: SQLite tells it at each commit, instead of writing the log back by itself.
final class LogWatch {
    private let counted: UnsafeMutablePointer<Int32>
    private var before: Int32 = 0

    init(_ database: Database) {
        counted = .allocate(capacity: 1)
        counted.initialize(to: 0)
        sqlite3_wal_hook(
            database.handle,
            { context, _, _, frames in
                context?.assumingMemoryBound(to: Int32.self).pointee = frames
                return SQLITE_OK
            }, counted)
    }

    deinit { counted.deallocate() }

    var frames: Int { Int(counted.pointee) }
    var bytes: Int { 32 + frames * (RingShares.pageBytes + 24) }

    func beganAnew() {
        counted.pointee = 0
        before = 0
    }

    /// Frames written since the last call.
    func takeFrames() -> Int {
        let now = counted.pointee
        defer { before = now }
        return Int(now >= before ? now - before : now)
    }
}
