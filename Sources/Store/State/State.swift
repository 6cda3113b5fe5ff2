import CSQLite
import Glibc

/// The precious file, state.db: rooms, trust, cursors, bonds, settings. Small, never a ring. Rooms bring their tables as
/// a migration series and use `database` for them. Any thread may open a connection of its own.
public final class State {
    /// How it was found.
    public enum Condition: Hashable, Sendable {
        case sound
        /// It was damaged, and the last copy took its place; the damaged file was kept under this name.
        case restoredFromCopy(damaged: String)
        /// It was damaged and there was no sound copy: everything in it has to be made again.
        case startedEmpty(damaged: String)
    }

    public let database: Database
    public let condition: Condition

    static let own = MigrationSeries(
        "state",
        [
            MigrationSeries.Step(
                "settings", "CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        ])

    /// Opens the file and brings its tables up to date. A damaged file is put aside and the last copy used instead.
    public static func open(at path: String, _ series: [MigrationSeries] = []) throws(StoreError) -> State {
        do {
            return State(try ready(path, series), .sound)
        } catch  where error.cause == .corrupt {
            let damaged = try Quarantine.putAside(path)
            do {
                try Backup.restore(from: copyPath(path), to: path)
                return State(try ready(path, series), .restoredFromCopy(damaged: damaged))
            } catch  where error.cause != .newer {
                try Quarantine.remove(path)
                return State(try ready(path, series), .startedEmpty(damaged: damaged))
            }
        }
    }

    private init(_ database: Database, _ condition: Condition) {
        self.database = database
        self.condition = condition
    }

    private static func ready(_ path: String, _ series: [MigrationSeries]) throws(StoreError) -> Database {
        let database = try Database(path)
        try database.run("PRAGMA journal_mode = WAL")
        try database.run("PRAGMA synchronous = FULL")
        try database.run("PRAGMA foreign_keys = ON")
        try Check.quick(database)
        try Migrations.apply([own] + series, to: database)
        return database
    }

    /// Keeps a sound copy beside the file, for the day it is damaged. To be called now and then.
    public func keepCopy() throws(StoreError) {
        try Backup.write(database, to: State.copyPath(database.path))
    }

    static func copyPath(_ path: String) -> String { path + ".copy" }

    public func setting(_ name: String) throws(StoreError) -> [UInt8]? {
        let statement = try database.statement("SELECT value FROM setting WHERE name = ?")
        defer { statement.reset() }
        return try statement.bind(1, name).step() ? statement.bytes(0) : nil
    }

    /// Nil takes the setting away.
    public func set(_ name: String, _ value: [UInt8]?) throws(StoreError) {
        if let value {
            try database.statement("INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
                .bind(1, name).bind(2, value).execute()
        } else {
            try database.statement("DELETE FROM setting WHERE name = ?").bind(1, name).execute()
        }
    }

    public func text(_ name: String) throws(StoreError) -> String? {
        try setting(name).map { String(decoding: $0, as: UTF8.self) }
    }

    public func set(_ name: String, text: String?) throws(StoreError) { try set(name, text.map { Array($0.utf8) }) }
}
