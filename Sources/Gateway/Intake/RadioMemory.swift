import Links
import Store

/// What the radio must not forget: the bonds, in the precious state, and what devices have, which spares asking again.
final class RadioMemory: BluetoothKeeper {
    static let migrations = MigrationSeries(
        "bluetooth",
        [
            MigrationSeries.Step(
                "bonds and databases",
                """
                CREATE TABLE bluetooth_bond (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
                CREATE TABLE bluetooth_database (address TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID
                """),
            MigrationSeries.Step(
                "keys of encrypted beacons",
                "CREATE TABLE bluetooth_key (address TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID"),
        ])

    private let state: StateKeeper

    init(_ state: StateKeeper) { self.state = state }

    var bonds: [[UInt8]] {
        let found = try? state.now { state in
            var bonds: [[UInt8]] = []
            let statement = try state.database.statement("SELECT body FROM bluetooth_bond ORDER BY place")
            defer { statement.reset() }
            while try statement.step() { bonds.append(statement.bytes(0)) }
            return bonds
        }
        return found ?? []
    }

    func store(bonds: [[UInt8]]) throws {
        try state.now { state in
            try state.database.transaction { () throws(StoreError) in
                try state.database.run("DELETE FROM bluetooth_bond")
                for (place, bond) in bonds.enumerated() {
                    try state.database.statement("INSERT INTO bluetooth_bond VALUES (?, ?)").bind(1, place).bind(
                        2, bond
                    )
                    .execute()
                }
            }
        }
    }

    func key(of address: BluetoothAddress) -> [UInt8]? {
        body("SELECT body FROM bluetooth_key WHERE address = ?", address)
    }

    func store(key: [UInt8]?, of address: BluetoothAddress) throws {
        let name = "\(address)"
        try state.now { state in
            guard let key else {
                return try state.database.statement("DELETE FROM bluetooth_key WHERE address = ?").bind(1, name)
                    .execute()
            }
            try state.database.statement(
                "INSERT INTO bluetooth_key VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"
            ).bind(1, name).bind(2, key).execute()
        }
    }

    func database(of address: BluetoothAddress) -> [UInt8]? {
        body("SELECT body FROM bluetooth_database WHERE address = ?", address)
    }

    private func body(_ question: String, _ address: BluetoothAddress) -> [UInt8]? {
        let name = "\(address)"
        let found = try? state.now { state -> [UInt8]? in
            let statement = try state.database.statement(question)
            defer { statement.reset() }
            return try statement.bind(1, name).step() ? statement.bytes(0) : nil
        }
        return found ?? nil
    }

    func store(database: [UInt8], of address: BluetoothAddress) {
        let name = "\(address)"
        state.later("keep what \(name) has") { state in
            try state.database.statement(
                "INSERT INTO bluetooth_database VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"
            ).bind(1, name).bind(2, database).execute()
        }
    }
}
