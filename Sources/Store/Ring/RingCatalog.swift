import Measurements

/// Runs and streams, their short numbers in this ring and what was declared of them. Rows are loaded when they are asked
/// for: most runs are long over.
struct RingCatalog {
    let database: Database

    init(_ database: Database) { self.database = database }

    /// Streams kept in memory; then those of other runs than the current ones are forgotten again.
    static let mostStreams = 16_384

    func run(_ key: RunKey, boot: BootID?, in state: inout RingState) throws(StoreError) -> Int64 {
        if let known = state.runs[key] { return known }
        if let found = try RingCatalog.row(of: key, database) {
            state.runs[key] = found
            return found
        }
        let insert = try database.statement("INSERT INTO run (gateway, run, boot) VALUES (?, ?, ?)")
        insert.bind(1, key.gateway.bytes).bind(2, key.run.bytes)
        if let boot { insert.bind(3, boot.bytes) } else { insert.bindNull(3) }
        try insert.execute()
        let made = database.lastInsertedRow
        state.runs[key] = made
        return made
    }

    /// The row of a run of which the boot is known; nil for others.
    func openRun(_ key: RunKey, in state: inout RingState) throws(StoreError) -> Int64? {
        if state.openRuns.contains(key) { return state.runs[key] }
        guard let run = try RingCatalog.row(of: key, database) else { return nil }
        let statement = try database.statement("SELECT boot FROM run WHERE id = ?")
        defer { statement.reset() }
        guard try statement.bind(1, run).step(), !statement.isNull(0) else { return nil }
        state.runs[key] = run
        state.openRuns.insert(key)
        return run
    }

    func stream(of block: Block, in state: inout RingState) throws(StoreError) -> LocalStream {
        let run = try run(block.key.runKey, boot: block.boot, in: &state)
        try boot(block.boot, of: run)
        return try stream(block.key, run: run, in: &state)
    }

    /// A block's boot is its run's: a run never outlives a boot.
    private func boot(_ boot: BootID, of run: Int64) throws(StoreError) {
        let known = try database.statement("SELECT boot FROM run WHERE id = ?")
        defer { known.reset() }
        guard try known.bind(1, run).step() else { return }
        if known.isNull(0) {
            known.reset()
            try database.statement("UPDATE run SET boot = ? WHERE id = ?").bind(1, boot.bytes).bind(2, run).execute()
        } else if known.bytes(0) != boot.bytes {
            throw StoreError(
                cause: .invalid, statement: "boot of a block", path: database.path,
                message: "a block names another boot than its run")
        }
    }

    func store(_ open: Signed<RunOpen>, in state: inout RingState) throws(StoreError) -> Int64 {
        let run = try run(open.record.key, boot: open.record.boot, in: &state)
        try boot(open.record.boot, of: run)
        try database.statement("UPDATE run SET body = ? WHERE id = ? AND body IS NULL")
            .bind(1, open.bytes).bind(2, run).execute()
        return run
    }

    func declare(_ declaration: StreamDeclaration, run: Int64, key: RunKey, in state: inout RingState)
        throws(StoreError)
    {
        let stream = try self.stream(StreamKey(key, stream: declaration.number), run: run, in: &state)
        guard state.streams[stream]?.declaration != declaration else { return }
        var writer = ByteWriter()
        declaration.encode(into: &writer)
        try database.statement("UPDATE stream SET body = ? WHERE id = ?").bind(1, writer.bytes).bind(2, Int64(stream))
            .execute()
        state.streams[stream]?.declaration = declaration
    }

    /// The stream's number here; makes one where there is none.
    func stream(_ key: StreamKey, run: Int64, in state: inout RingState) throws(StoreError) -> LocalStream {
        if let found = try find(key, in: &state) { return found }
        try database.statement("INSERT INTO stream (run, number) VALUES (?, ?)")
            .bind(1, run).bind(2, Int64(key.stream)).execute()
        guard let made = LocalStream(exactly: database.lastInsertedRow) else {
            throw StoreError(
                cause: .refused, statement: "stream", path: database.path, message: "no numbers for streams are left")
        }
        state.numbers[key] = made
        state.streams[made] = StreamState(key: key, run: run)
        return made
    }

    func find(_ key: StreamKey, in state: inout RingState) throws(StoreError) -> LocalStream? {
        if let known = state.numbers[key] { return known }
        let statement = try database.statement(
            """
            SELECT stream.id, stream.run, replicated, stream.body FROM stream JOIN run ON run.id = stream.run
            WHERE number = ? AND gateway = ? AND run.run = ?
            """)
        defer { statement.reset() }
        statement.bind(1, Int64(key.stream)).bind(2, key.gateway.bytes).bind(3, key.run.bytes)
        guard try statement.step() else { return nil }
        let stream = LocalStream(truncatingIfNeeded: statement.integer(0))
        try load(stream, key, statement, in: &state)
        return stream
    }

    /// Makes sure that the stream is in memory.
    func load(_ stream: LocalStream, in state: inout RingState) throws(StoreError) {
        if state.streams[stream] != nil { return }
        let statement = try database.statement(
            """
            SELECT stream.id, stream.run, replicated, stream.body, number, gateway, run.run
            FROM stream JOIN run ON run.id = stream.run WHERE stream.id = ?
            """)
        defer { statement.reset() }
        guard try statement.bind(1, Int64(stream)).step(), let gateway = GatewayID(statement.bytes(5)),
            let run = RunID(statement.bytes(6))
        else { throw .corrupt(database.path, "stream \(stream)", "no such stream is declared") }
        let key = StreamKey(gateway: gateway, run: run, stream: StreamNumber(truncatingIfNeeded: statement.integer(4)))
        try load(stream, key, statement, in: &state)
    }

    private func load(
        _ stream: LocalStream, _ key: StreamKey, _ row: Statement, in state: inout RingState
    ) throws(StoreError) {
        if state.streams.count >= RingCatalog.mostStreams { forget(in: &state) }
        var loaded = StreamState(key: key, run: row.integer(1))
        loaded.replicatedNext = row.unsigned(2)
        if !row.isNull(3) { loaded.declaration = try? StreamDeclaration(row.bytes(3)) }
        let packed = try PackedNext.of(stream, database)
        loaded.packedNext = packed
        loaded.closedNext = packed
        loaded.committedNext = packed
        state.streams[stream] = loaded
        state.numbers[key] = stream
    }

    /// Streams that nothing waits for.
    private func forget(in state: inout RingState) {
        for (stream, kept) in state.streams where kept.openPage == nil && kept.packedNext == kept.committedNext {
            state.streams[stream] = nil
            state.numbers[kept.key] = nil
        }
    }

    static func row(of key: RunKey, _ database: Database) throws(StoreError) -> Int64? {
        let statement = try database.statement("SELECT id FROM run WHERE gateway = ? AND run = ?")
        defer { statement.reset() }
        return try statement.bind(1, key.gateway.bytes).bind(2, key.run.bytes).step() ? statement.integer(0) : nil
    }
}

extension StreamDeclaration {
    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes)
        self = try StreamDeclaration.decode(from: &reader)
        try reader.finish("declaration")
    }
}

/// How far the streams of a group are in packs on disk; one small row a group, written with its packs.
enum PackedNext {
    static func of(_ stream: LocalStream, _ database: Database) throws(StoreError) -> SampleNumber {
        let group = PackLayout.group(of: stream)
        if let next = try load(database, group: group)[stream] { return next }
        // Nothing of it is in the tail: what the fences know is all there is.
        let statement = try database.statement(
            "SELECT id, body FROM fence WHERE id >= ? AND id < ? ORDER BY id DESC")
        defer { statement.reset() }
        let rows = Fence.rows(group: group)
        statement.bind(1, rows.lowerBound).bind(2, rows.upperBound)
        while try statement.step() {
            let fence = try Fence.decode(statement.bytes(1), database, statement.integer(0))
            if let entry = fence.entry(of: stream) { return entry.end }
        }
        return 0
    }

    static func load(_ database: Database, group: Int) throws(StoreError) -> [LocalStream: SampleNumber] {
        let statement = try database.statement("SELECT value FROM meta WHERE name = ?")
        defer { statement.reset() }
        guard try statement.bind(1, "packed\(group)").step() else { return [:] }
        var reader = ByteReader(statement.bytes(0))
        var found: [LocalStream: SampleNumber] = [:]
        do throws(Malformed) {
            for _ in 0..<(try reader.count("packed streams", most: RingCatalog.mostStreams)) {
                let stream = LocalStream(try reader.varint("stream", most: UInt64(LocalStream.max)))
                found[stream] = try reader.varint("next number")
            }
        } catch {
            throw .corrupt(database.path, "packed\(group)", error.description)
        }
        return found
    }

    static func store(
        _ next: [LocalStream: SampleNumber], _ database: Database, group: Int
    ) throws(StoreError) {
        var writer = ByteWriter(reserving: next.count * 8 + 4)
        writer.varint(next.count)
        for (stream, number) in next.sorted(by: { $0.key < $1.key }) {
            writer.varint(stream)
            writer.varint(number)
        }
        try RingMeta.set("packed\(group)", writer.bytes, database)
    }
}

enum RingMeta {
    static func set(_ name: String, _ value: [UInt8], _ database: Database) throws(StoreError) {
        try database.statement("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
            .bind(1, name).bind(2, value).execute()
    }

    static func get(_ name: String, _ database: Database) throws(StoreError) -> [UInt8]? {
        let statement = try database.statement("SELECT value FROM meta WHERE name = ?")
        defer { statement.reset() }
        return try statement.bind(1, name).step() ? statement.bytes(0) : nil
    }
}
