import Measurements

/// Seals, gap records, anchors and cursors: small, signed or soon to be, in tables of their own.
struct RingRecords {
    let ring: Ring

    init(_ ring: Ring) { self.ring = ring }

    private var database: Database { ring.database }

    /// Gap records a stream; then neighbours of one kind become one that says how many of its range are lost.
    static let mostGapsOfStream = 64
    /// Anchors a run; then the oldest but one goes. The first and the newest bound the mapping.
    static let mostAnchorsOfRun = 1_024

    func store(_ write: RingWrite) throws(StoreError) {
        if let commit = write.commit {
            let run = try run(of: commit.run, write.gateway)
            for gap in commit.gaps { try store(gap, of: write.gateway) }
            for anchor in commit.anchors { try store(anchor, run: run) }
        }
        for (gateway, gap) in write.gaps { try store(gap, of: gateway) }
        for seal in write.seals { try store(seal) }
        for (name, value) in write.cursors { try ring.storeCursor(name, value) }
    }

    private func run(of run: RunID, _ gateway: GatewayID) throws(StoreError) -> Int64 {
        try RingCatalog(database).run(RunKey(gateway: gateway, run: run), boot: nil, in: &ring.state)
    }

    private func store(_ seal: Signed<Seal>) throws(StoreError) {
        let record = seal.record
        let run = try run(of: record.run, record.gateway)
        for declaration in record.declarations {
            try RingCatalog(database).declare(declaration, run: run, key: record.key, in: &ring.state)
        }
        for gap in record.gaps { try store(gap, of: record.gateway) }
        for anchor in record.anchors { try store(anchor, run: run) }
        try database.statement("INSERT INTO seal (run, number, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(1, run).bind(2, record.number).bind(3, seal.bytes).execute()
        if database.changes > 0 { ring.state.lastSeal = database.lastInsertedRow }
    }

    private func store(_ gap: GapRecord, of gateway: GatewayID) throws(StoreError) {
        let run = try run(of: gap.run, gateway)
        var writer = ByteWriter(reserving: 96)
        gap.encode(into: &writer)
        let (extent, first) = gap.place
        try database.statement(
            """
            INSERT INTO gap (run, stream, kind, extent, first, body) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET body = excluded.body
            """
        )
        .bind(1, run).bind(2, Int64(gap.stream)).bind(3, Int64(gap.kind.rawValue)).bind(4, extent).bind(5, first)
        .bind(6, writer.bytes).execute()
        try coalesce(run: run, stream: gap.stream)
    }

    /// Seals of which every block is gone go too: those from before the oldest pack that is left.
    func letGoOfSeals() throws(StoreError) {
        var needed = ring.state.lastSeal
        for pack in ring.state.packs where pack.kind != .free { needed = min(needed, pack.seal) }
        for open in ring.state.open { if let open { needed = min(needed, open.firstSeal) } }
        try database.statement("DELETE FROM seal WHERE id < ?").bind(1, needed).execute()
    }

    private func store(_ anchor: ClockAnchor, run: Int64) throws(StoreError) {
        var writer = ByteWriter(reserving: 64)
        anchor.encode(into: &writer)
        let known = try database.statement("SELECT 1 FROM anchor WHERE run = ? AND time = ? AND body = ?")
        defer { known.reset() }
        if try known.bind(1, run).bind(2, anchor.time).bind(3, writer.bytes).step() { return }
        try database.statement("INSERT INTO anchor (run, time, body) VALUES (?, ?, ?)")
            .bind(1, run).bind(2, anchor.time).bind(3, writer.bytes).execute()
        let count = try database.statement("SELECT count(*) FROM anchor WHERE run = ?")
        defer { count.reset() }
        guard try count.bind(1, run).step(), count.integer(0) > RingRecords.mostAnchorsOfRun else { return }
        count.reset()
        try database.statement(
            "DELETE FROM anchor WHERE id = (SELECT id FROM anchor WHERE run = ? ORDER BY time LIMIT 1 OFFSET 1)"
        ).bind(1, run).execute()
    }

    private func coalesce(run: Int64, stream: StreamNumber) throws(StoreError) {
        let statement = try database.statement(
            "SELECT id, body FROM gap WHERE run = ? AND stream = ? ORDER BY kind, extent, first")
        defer { statement.reset() }
        statement.bind(1, run).bind(2, Int64(stream))
        var gaps: [(id: Int64, gap: GapRecord)] = []
        while try statement.step() {
            if let gap = try? GapRecord(statement.bytes(1)) { gaps.append((statement.integer(0), gap)) }
        }
        statement.reset()
        guard gaps.count > RingRecords.mostGapsOfStream, let pair = RingRecords.nearest(gaps) else { return }
        var writer = ByteWriter()
        gaps[pair].gap.joined(gaps[pair + 1].gap).encode(into: &writer)
        try database.statement("DELETE FROM gap WHERE id = ?").bind(1, gaps[pair + 1].id).execute()
        try database.statement("UPDATE gap SET body = ? WHERE id = ?").bind(1, writer.bytes).bind(2, gaps[pair].id)
            .execute()
    }

    /// The two of one kind with the least between them.
    private static func nearest(_ gaps: [(id: Int64, gap: GapRecord)]) -> Int? {
        var best: (index: Int, distance: UInt64)?
        for index in 0..<gaps.count - 1 {
            let (left, right) = (gaps[index].gap, gaps[index + 1].gap)
            guard left.kind == right.kind, left.place.extent == right.place.extent else { continue }
            let distance = right.numbers.lowerBound - min(right.numbers.lowerBound, left.numbers.upperBound)
            if best.map({ distance < $0.distance }) ?? true { best = (index, distance) }
        }
        return best?.index
    }
}

extension GapRecord {
    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes)
        self = try GapRecord.decode(from: &reader)
        try reader.finish("gap")
    }

    /// Which extent, and where: with stream and kind what makes two records the same one.
    fileprivate var place: (extent: Int64, first: UInt64) {
        switch extent {
        case .numbers(let first, _, _): (0, first)
        case .atMost(let after, _, _): (1, after)
        }
    }

    /// One record for two of the same kind and extent, this one before the other.
    fileprivate func joined(_ next: GapRecord) -> GapRecord {
        var joined = self
        switch (extent, next.extent) {
        case (.numbers(let first, let end, let lost), .numbers(_, let nextEnd, let nextLost)):
            let upper = max(end, nextEnd)
            joined.extent = .numbers(first: first, end: upper, lost: min(lost &+ nextLost, upper - first))
        case (.atMost(let after, let duration, let samples), .atMost(_, let nextDuration, let nextSamples)):
            joined.extent = .atMost(
                after: after, durationNs: duration &+ nextDuration, samples: samples &+ nextSamples)
        default: break
        }
        if cause != next.cause { joined.cause = cause.isEmpty ? next.cause : cause }
        return joined
    }
}
