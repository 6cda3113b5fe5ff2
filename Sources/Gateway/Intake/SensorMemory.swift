import Store

/// What people said of sensors: their names, and whether they are recorded. Kept with the precious state; read whole at
/// the start, since it is small.
final class SensorMemory {
    struct Said: Sendable, Hashable {
        var name: String?
        var isEnabled: Bool
    }

    static let migrations = MigrationSeries(
        "sensors",
        [
            MigrationSeries.Step(
                "names and switches",
                "CREATE TABLE sensor (id TEXT PRIMARY KEY, name TEXT, enabled INTEGER NOT NULL) WITHOUT ROWID")
        ])

    private let state: StateKeeper
    private var said: [String: Said]

    init(_ state: StateKeeper) throws {
        self.state = state
        said = try state.now { state in
            var said: [String: Said] = [:]
            let statement = try state.database.statement("SELECT id, name, enabled FROM sensor")
            defer { statement.reset() }
            while try statement.step() {
                said[statement.text(0)] = Said(
                    name: statement.isNull(1) ? nil : statement.text(1), isEnabled: statement.integer(2) != 0)
            }
            return said
        }
    }

    func recall(_ id: String) -> Said? { said[id] }

    func remember(_ id: String, _ words: Said) {
        said[id] = words
        state.later("remember \(id)") { state in
            let statement = try state.database.statement(
                "INSERT INTO sensor VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, enabled = excluded.enabled"
            )
            statement.bind(1, id)
            if let name = words.name { statement.bind(2, name) } else { statement.bindNull(2) }
            try statement.bind(3, words.isEnabled ? 1 : 0).execute()
        }
    }

    func forget(_ id: String) {
        said[id] = nil
        state.later("forget \(id)") { state in
            try state.database.statement("DELETE FROM sensor WHERE id = ?").bind(1, id).execute()
        }
    }
}
