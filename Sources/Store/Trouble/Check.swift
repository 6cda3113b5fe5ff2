import CSQLite

/// SQLite's own look at its pages.
enum Check {
    /// Throws `corrupt` with the first thing that is wrong.
    static func quick(_ database: Database) throws(StoreError) {
        let found = try problems(database, limit: 1)
        if let first = found.first { throw .corrupt(database.path, "PRAGMA quick_check", first) }
    }

    static func problems(_ database: Database, limit: Int) throws(StoreError) -> [String] {
        let statement = try database.statement("PRAGMA quick_check(\(limit))")
        defer { statement.reset() }
        var found: [String] = []
        while try statement.step() { found.append(statement.text(0)) }
        return found == ["ok"] ? [] : found
    }
}
