/// The tables of one room in the precious file and how they came to be: step n leads from version n − 1 to n. Steps are
/// only ever added at the end; what is published is not changed.
public struct MigrationSeries: Sendable {
    public struct Step: Sendable {
        /// What it does, in a few words: `members and roles`.
        public var name: String
        public var sql: String

        public init(_ name: String, _ sql: String) {
            self.name = name
            self.sql = sql
        }
    }

    /// Whose tables: `rooms`, `trust`, `bonds` ….
    public var name: String
    public var steps: [Step]

    public init(_ name: String, _ steps: [Step]) {
        self.name = name
        self.steps = steps
    }
}

enum Migrations {
    static let table = """
        CREATE TABLE IF NOT EXISTS migration (
            series TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (series, number)
        ) WITHOUT ROWID
        """

    /// Brings every series up to date in one transaction, or leaves the file untouched.
    static func apply(_ series: [MigrationSeries], to database: Database) throws(StoreError) {
        try database.run(table)
        for one in series { try refuseNewer(one, database) }
        var upToDate = true
        for one in series where try version(one.name, database) != one.steps.count { upToDate = false }
        if upToDate { return }
        try database.transaction { () throws(StoreError) in
            for one in series {
                // Read again: another connection may have been quicker.
                let done = try version(one.name, database)
                for number in done..<max(done, one.steps.count) {
                    try database.run(one.steps[number].sql)
                    try database.statement("INSERT INTO migration VALUES (?, ?, ?)")
                        .bind(1, one.name).bind(2, number + 1).bind(3, one.steps[number].name).execute()
                }
            }
        }
    }

    private static func refuseNewer(_ series: MigrationSeries, _ database: Database) throws(StoreError) {
        let statement = try database.statement(
            "SELECT number, name FROM migration WHERE series = ? ORDER BY number DESC LIMIT 1")
        defer { statement.reset() }
        guard try statement.bind(1, series.name).step(), statement.integer(0) > series.steps.count else { return }
        throw StoreError(
            cause: .newer, statement: "migrate", path: database.path,
            message:
                "\(series.name) is at step \(statement.integer(0)), \u{201c}\(statement.text(1))\u{201d}, of a later "
                + "version of bothy; this one knows \(series.steps.count)")
    }

    private static func version(_ series: String, _ database: Database) throws(StoreError) -> Int {
        let statement = try database.statement("SELECT coalesce(max(number), 0) FROM migration WHERE series = ?")
        defer { statement.reset() }
        return try statement.bind(1, series).step() ? Int(statement.integer(0)) : 0
    }
}
