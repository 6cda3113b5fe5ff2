import CSQLite
import Glibc

/// A backup of the ring while it is written: some pages at a time, between commits, on the thread that writes. What is
/// written in the meantime gets into the copy too.
public final class RingBackup {
    public struct Progress: Hashable, Sendable {
        public var pagesDone: Int
        public var pages: Int
        public var isFinished: Bool
    }

    private let target: Database
    private let path: String
    private var handle: OpaquePointer?
    private static var unfinished: String { ".unfinished" }

    /// Everything that waits for its pack is written out first.
    init(of ring: Ring, to path: String) throws(StoreError) {
        self.path = path
        try Quarantine.remove(path + RingBackup.unfinished)
        target = try Database(path + RingBackup.unfinished)
        guard let made = sqlite3_backup_init(target.handle, "main", ring.database.handle, "main") else {
            throw target.failure(sqlite3_errcode(target.handle), "backup")
        }
        handle = made
    }

    deinit { if handle != nil { abandon() } }

    /// Copies some pages; the copy gets its name when it is whole.
    public func step(pages: Int = 256) throws(StoreError) -> Progress {
        guard let handle else { return Progress(pagesDone: 0, pages: 0, isFinished: true) }
        let code = sqlite3_backup_step(handle, Int32(pages))
        let all = Int(sqlite3_backup_pagecount(handle))
        let done = all - Int(sqlite3_backup_remaining(handle))
        if code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED {
            return Progress(pagesDone: done, pages: all, isFinished: false)
        }
        sqlite3_backup_finish(handle)
        self.handle = nil
        guard code == SQLITE_DONE else {
            let error = target.failure(code, "backup")
            try Quarantine.remove(path + RingBackup.unfinished)
            throw error
        }
        try target.run("PRAGMA journal_mode = DELETE")
        guard rename(path + RingBackup.unfinished, path) == 0 else { throw StoreError(.last("rename", path)) }
        try Folder.sync(of: path)
        return Progress(pagesDone: all, pages: all, isFinished: true)
    }

    public func abandon() {
        if let handle { sqlite3_backup_finish(handle) }
        handle = nil
        try? Quarantine.remove(path + RingBackup.unfinished)
    }
}

extension Ring {
    public func backUp(to path: String) throws(StoreError) -> RingBackup { try RingBackup(of: self, to: path) }

    /// Puts a backup in the place of a ring that nobody has open. Whoever writes next has to open a new run, and says so:
    /// what was recorded since the backup is not in it, and the run that it ends with goes on elsewhere.
    public static func restore(from copy: String, to path: String) throws(StoreError) -> RestoredRing {
        try Backup.restore(from: copy, to: path)
        let ring = try Ring.open(at: path)
        let reader = try ring.readers.makeReader()
        guard let last = try reader.runs().last else { return RestoredRing(lastRun: nil, seals: 0) }
        return RestoredRing(
            lastRun: last.key, seals: try reader.lastSeal(of: last.key).map { $0.record.number + 1 } ?? 0)
    }
}
