import Measurements

/// Runs, streams and records.
extension RingReader {
    public struct Run: Hashable, Sendable {
        public var key: RunKey
        public var boot: BootID?
        /// The signed beginning, once it is known here.
        public var open: Signed<RunOpen>?
    }

    public struct Stream: Hashable, Sendable {
        public var key: StreamKey
        public var declaration: StreamDeclaration?
        /// A hub has everything before.
        public var replicatedNext: SampleNumber
    }

    /// Every run that ever wrote here, the earliest first.
    public func runs() throws(StoreError) -> [Run] {
        try snapshot { database throws(StoreError) in
            let statement = try database.statement("SELECT gateway, run, boot, body FROM run ORDER BY id")
            defer { statement.reset() }
            var found: [Run] = []
            while try statement.step() {
                guard let gateway = GatewayID(statement.bytes(0)), let run = RunID(statement.bytes(1)) else {
                    throw .corrupt(database.path, "run", "a key of another length")
                }
                found.append(
                    Run(
                        key: RunKey(gateway: gateway, run: run), boot: BootID(statement.bytes(2)),
                        open: statement.isNull(3) ? nil : try? Signed<RunOpen>(statement.bytes(3))))
            }
            return found
        }
    }

    /// The streams of a run by their number, or all of all runs.
    public func streams(of run: RunKey? = nil) throws(StoreError) -> [Stream] {
        try snapshot { database throws(StoreError) in
            let filter = run == nil ? "" : "WHERE gateway = ? AND run.run = ?"
            let statement = try database.statement(
                """
                SELECT gateway, run.run, number, stream.body, replicated FROM stream JOIN run ON run.id = stream.run
                \(filter) ORDER BY stream.run, number
                """)
            defer { statement.reset() }
            if let run { statement.bind(1, run.gateway.bytes).bind(2, run.run.bytes) }
            var found: [Stream] = []
            while try statement.step() {
                guard let gateway = GatewayID(statement.bytes(0)), let run = RunID(statement.bytes(1)) else { continue }
                found.append(
                    Stream(
                        key: StreamKey(
                            gateway: gateway, run: run, stream: StreamNumber(truncatingIfNeeded: statement.integer(2))),
                        declaration: statement.isNull(3) ? nil : try? StreamDeclaration(statement.bytes(3)),
                        replicatedNext: statement.unsigned(4)))
            }
            return found
        }
    }

    /// Seals of a run from number `first` on, at most `limit`.
    public func seals(of run: RunKey, from first: UInt64 = 0, limit: Int = 256) throws(StoreError) -> [Signed<Seal>] {
        try records(
            "SELECT body FROM seal WHERE run = ? AND number >= ? ORDER BY number LIMIT \(limit)", of: run, from: first
        ) { bytes throws(Malformed) in try Signed<Seal>(bytes) }
    }

    /// The last seal that a run left here.
    public func lastSeal(of run: RunKey) throws(StoreError) -> Signed<Seal>? {
        try records("SELECT body FROM seal WHERE run = ? ORDER BY number DESC LIMIT 1", of: run) {
            bytes throws(Malformed) in
            try Signed<Seal>(bytes)
        }.first
    }

    /// Gap records of a run, by stream.
    public func gaps(of run: RunKey) throws(StoreError) -> [GapRecord] {
        try records("SELECT body FROM gap WHERE run = ? ORDER BY stream, first", of: run) { bytes throws(Malformed) in
            try GapRecord(bytes)
        }
    }

    public func anchors(of run: RunKey) throws(StoreError) -> [ClockAnchor] {
        try records("SELECT body FROM anchor WHERE run = ? ORDER BY time", of: run) { bytes throws(Malformed) in
            var reader = ByteReader(bytes)
            return try ClockAnchor.decode(from: &reader)
        }
    }

    private func records<Record>(
        _ sql: String, of run: RunKey, from first: UInt64? = nil, _ decode: ([UInt8]) throws(Malformed) -> Record
    ) throws(StoreError) -> [Record] {
        try snapshot { database throws(StoreError) in
            guard let row = try RingCatalog.row(of: run, database) else { return [] }
            let statement = try database.statement(sql)
            defer { statement.reset() }
            statement.bind(1, row)
            if let first { statement.bind(2, first) }
            var found: [Record] = []
            while try statement.step() {
                do throws(Malformed) {
                    found.append(try decode(statement.bytes(0)))
                } catch {
                    throw .corrupt(database.path, sql, error.description)
                }
            }
            return found
        }
    }
}
