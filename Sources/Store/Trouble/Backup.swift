import CSQLite
import Glibc
import System

/// Copies a database while it is in use.
public enum Backup {
    /// Pages copied between two looks at `progress`; the source is free in between.
    static let pagesAtOnce: Int32 = 256

    /// Writes a copy that is whole or not there: to a new name first, then renamed. `progress` gets pages done and
    /// pages in all; false stops it.
    public static func write(
        _ source: Database, to path: String, progress: (Int, Int) -> Bool = { _, _ in true }
    ) throws(StoreError) {
        let unfinished = path + ".unfinished"
        try Quarantine.remove(unfinished)
        do {
            try copy(from: source, to: Database(unfinished), progress)
        } catch {
            try? Quarantine.remove(unfinished)
            throw error
        }
        try replace(path, by: unfinished)
    }

    /// Puts a copy in the place of `path`, which nobody has open. What comes after a restored ring is a new run.
    public static func restore(from copyPath: String, to path: String) throws(StoreError) {
        var options = Database.Options()
        options.readOnly = true
        let source = try Database(copyPath, options)
        try Check.quick(source)
        let unfinished = path + ".unfinished"
        try Quarantine.remove(unfinished)
        try copy(from: source, to: Database(unfinished)) { _, _ in true }
        try Quarantine.remove(path)
        try replace(path, by: unfinished)
    }

    private static func copy(
        from source: Database, to target: Database, _ progress: (Int, Int) -> Bool
    ) throws(StoreError) {
        guard let handle = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
            throw target.failure(sqlite3_errcode(target.handle), "backup")
        }
        var code = SQLITE_OK
        repeat {
            code = sqlite3_backup_step(handle, pagesAtOnce)
            let total = Int(sqlite3_backup_pagecount(handle))
            if !progress(total - Int(sqlite3_backup_remaining(handle)), total) { code = SQLITE_INTERRUPT }
        } while code == SQLITE_OK
        sqlite3_backup_finish(handle)
        guard code == SQLITE_DONE else { throw target.failure(code, "backup") }
        // The copy is one file: it leaves without a log beside it.
        try target.run("PRAGMA journal_mode = DELETE")
    }

    private static func replace(_ path: String, by unfinished: String) throws(StoreError) {
        guard rename(unfinished, path) == 0 else { throw StoreError(.last("rename", unfinished)) }
        try Folder.sync(of: path)
    }
}
