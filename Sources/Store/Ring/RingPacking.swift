import Measurements

/// Puts blocks into packs and packs into slots.
struct RingPacking {
    let ring: Ring
    let now: Int64

    init(_ ring: Ring, now: Int64) {
        self.ring = ring
        self.now = now
    }

    private var database: Database { ring.database }

    /// `page` is where in the tail the block's samples begin, which are needed there until the pack is written.
    func add(
        _ entry: PackEntry, _ packed: [UInt8], page: UInt64, _ transaction: inout RingTransaction
    ) throws(StoreError) {
        let group = PackLayout.group(of: entry.stream)
        if ring.state.open[group] == nil { begin(group, transaction) }
        if ring.state.open[group]?.add(entry, packed, now: now) != true {
            try write(group, &transaction)
            begin(group, transaction)
            guard ring.state.open[group]?.add(entry, packed, now: now) == true else {
                throw StoreError(
                    cause: .invalid, statement: "pack", path: ring.path,
                    message: "a block of \(packed.count) bytes fits into no pack")
            }
        }
        ring.state.waitingPage[group] = min(ring.state.waitingPage[group] ?? page, page)
    }

    private func begin(_ group: Int, _ transaction: RingTransaction) {
        let place = ring.state.nextPlace[group]
        ring.state.nextPlace[group] += 1
        ring.state.open[group] = OpenPack(group: group, place: place, firstSeal: transaction.firstSeal)
    }

    /// Writes what is new of a group's open pack.
    func write(_ group: Int, _ transaction: inout RingTransaction) throws(StoreError) {
        guard var pack = ring.state.open[group], pack.isDirty else { return }
        // The state holds no second reference to its bytes while they change.
        ring.state.open[group] = nil
        let isFirst = pack.slot == nil
        let slot: Int64
        if let known = pack.slot {
            slot = known
        } else {
            slot = try RingRoom(ring, now: now).takeSlot(&transaction)
        }
        pack.slot = slot
        let blob = try BlobHandle(database, table: "pack", column: "body", row: slot, writable: true)
        try pack.write(with: blob)
        try blob.close()
        try raiseFence(over: pack, slot)
        for entry in pack.unwritten {
            guard let kept = ring.state.streams[entry.stream] else { continue }
            ring.state.streams[entry.stream]?.packedNext = max(kept.packedNext, entry.end)
        }
        if isFirst { ring.state.counters.packsWritten += 1 }
        try note(pack, slot, isFirst: isFirst)
        pack.markWritten()
        ring.state.open[group] = pack
        ring.state.waitingPage[group] = nil
        transaction.packed.insert(group)
    }

    private func raiseFence(over pack: OpenPack, _ slot: Int64) throws(StoreError) {
        let row = Fence.row(group: pack.group, place: pack.place)
        var fence = try Fence.load(database, row: row) ?? .empty
        let bit = Fence.bit(pack.place)
        fence.slots[bit] = UInt32(slot)
        for entry in pack.unwritten { fence.add(entry, bit: bit) }
        try fence.store(database, row: row)
    }

    private func note(_ pack: OpenPack, _ slot: Int64, isFirst: Bool) throws(StoreError) {
        let index = Int(slot) - 1
        var meta = ring.state.packs[index]
        if isFirst {
            meta = PackMeta(slot: UInt32(slot), group: UInt8(pack.group), kind: .samples)
            meta.place = pack.place
            meta.age = ring.state.nextAge
            meta.seal = pack.firstSeal
            ring.state.nextAge += 1
        }
        meta.written = now
        meta.bytes = UInt32(pack.bytes)
        // What came in now may not be replicated, though what was there is.
        meta.isReplicated = false
        meta.lookedAt = 0
        ring.state.packs[index] = meta
        try meta.store(database)
    }
}

extension PackMeta {
    private var stateBits: Int64 { Int64(kind.rawValue) | (isReplicated ? 4 : 0) }

    func store(_ database: Database) throws(StoreError) {
        try database.statement(
            """
            INSERT INTO packmeta VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET
            grp = ?2, place = ?3, age = ?4, written = ?5, bytes = ?6, seal = ?7, state = ?8
            """
        )
        .bind(1, Int64(slot)).bind(2, Int64(group)).bind(3, place).bind(4, age).bind(5, written)
        .bind(6, Int64(bytes)).bind(7, seal).bind(8, stateBits).execute()
    }

    static func loadAll(_ database: Database) throws(StoreError) -> [PackMeta] {
        let statement = try database.statement("SELECT * FROM packmeta ORDER BY id")
        defer { statement.reset() }
        var all: [PackMeta] = []
        while try statement.step() {
            let bits = UInt8(truncatingIfNeeded: statement.integer(7))
            guard statement.integer(0) == all.count + 1, let kind = Kind(rawValue: bits & 3),
                (0..<Int64(PackLayout.groups)).contains(statement.integer(1))
            else { throw .corrupt(database.path, "packmeta", "row \(statement.integer(0)) is out of place") }
            var meta = PackMeta(
                slot: UInt32(statement.integer(0)), group: UInt8(statement.integer(1)), kind: kind,
                isReplicated: bits & 4 != 0)
            meta.place = statement.unsigned(2)
            meta.age = statement.integer(3)
            meta.written = statement.integer(4)
            meta.bytes = UInt32(truncatingIfNeeded: statement.integer(5))
            meta.seal = statement.integer(6)
            all.append(meta)
        }
        return all
    }
}
