import Measurements

/// Finds a slot for a pack: a free one, a new one while there is room, else one whose content goes.
struct RingRoom {
    let ring: Ring
    let now: Int64

    init(_ ring: Ring, now: Int64) {
        self.ring = ring
        self.now = now
    }

    private var database: Database { ring.database }

    /// Packs were dated with the clock as it was; below this one it had not been set.
    private static let leastCredibleTime: Int64 = 1_577_836_800  // 2020

    func takeSlot(_ transaction: inout RingTransaction) throws(StoreError) -> Int64 {
        try letGoOfOld(&transaction)
        if let free = ring.state.packs.first(where: { $0.kind == .free }) { return Int64(free.slot) }
        if let made = try makeSlot() { return made }
        while true {
            guard let victim = try choose() else {
                throw StoreError(
                    cause: .refused, statement: "evict", path: ring.path,
                    message: "the ring is full, and its policy lets nothing go")
            }
            switch victim {
            case .drop(let index):
                try drop(index, &transaction)
                return Int64(ring.state.packs[index].slot)
            case .thin(let index):
                let thinning = RingThinning(ring)
                if try thinning.thin(index, &transaction) { return Int64(ring.state.packs[index].slot) }
            }
        }
    }

    private func makeSlot() throws(StoreError) -> Int64? {
        guard ring.state.packs.count < ring.shares.packSlots else { return nil }
        let free = try Durability.of(folder: Folder.of(ring.path)).freeBytes
        guard free - PackLayout.diskBytes >= ring.limits.floorBytes || ring.state.packs.count < PackLayout.groups
        else { return nil }
        let slot = ring.state.packs.count + 1
        try database.statement("INSERT INTO pack VALUES (?, ?)")
            .bind(1, slot).bind(2, zeros: PackLayout.slotBytes).execute()
        let meta = PackMeta(slot: UInt32(slot), group: 0, kind: .free)
        ring.state.packs.append(meta)
        try meta.store(database)
        return Int64(slot)
    }

    // MARK: - What goes

    enum Victim {
        case drop(Int)
        case thin(Int)
    }

    private func choose() throws(StoreError) -> Victim? {
        let order = byAge()
        let outside = order.prefix(order.count - order.count * ring.limits.protectedPercent / 100)
        for index in outside where try isReplicated(index) { return .drop(index) }
        switch ring.limits.policy {
        case .refuse:
            for index in order.dropFirst(outside.count) where try isReplicated(index) { return .drop(index) }
            return nil
        case .dropOldest:
            return order.first.map { .drop($0) }
        case .thin:
            if let oldest = outside.first(where: { ring.state.packs[$0].kind == .samples }) { return .thin(oldest) }
            return order.first.map { .drop($0) }
        }
    }

    /// Packs that may be chosen, the oldest first: all but those still open.
    private func byAge() -> [Int] {
        let open = Set(ring.state.open.compactMap { $0?.slot })
        let packs = ring.state.packs
        return packs.indices.filter { packs[$0].kind != .free && !open.contains(Int64(packs[$0].slot)) }
            .sorted { packs[$0].age < packs[$1].age }
    }

    private func isReplicated(_ index: Int) throws(StoreError) -> Bool {
        let meta = ring.state.packs[index]
        if meta.isReplicated { return true }
        if meta.lookedAt == ring.state.marks { return false }
        ring.state.packs[index].lookedAt = ring.state.marks
        guard let pack = try LoadedPack.read(database, slot: Int64(meta.slot), withBody: false) else { return true }
        for entry in pack.entries {
            try RingCatalog(database).load(entry.stream, in: &ring.state)
            if (ring.state.streams[entry.stream]?.replicatedNext ?? 0) < entry.end { return false }
        }
        ring.state.packs[index].isReplicated = true
        return true
    }

    private func letGoOfOld(_ transaction: inout RingTransaction) throws(StoreError) {
        guard let age = ring.limits.ageSeconds else { return }
        let open = Set(ring.state.open.compactMap { $0?.slot })
        for index in ring.state.packs.indices {
            let meta = ring.state.packs[index]
            guard meta.kind != .free, meta.written >= RingRoom.leastCredibleTime, now - meta.written > age,
                !open.contains(Int64(meta.slot))
            else { continue }
            try drop(index, &transaction)
        }
    }

    /// Forgets a pack; its slot is free.
    func drop(_ index: Int, _ transaction: inout RingTransaction) throws(StoreError) {
        let meta = ring.state.packs[index]
        if let pack = try? LoadedPack.read(database, slot: Int64(meta.slot), withBody: false) {
            for entry in pack.entries { try account(entry, .evicted, &transaction) }
        }
        try lowerFence(meta)
        ring.state.packs[index] = PackMeta(slot: meta.slot, group: meta.group, kind: .free)
        try ring.state.packs[index].store(database)
        ring.state.counters.packsEvicted += 1
        try RingRecords(ring).letGoOfSeals()
    }

    func lowerFence(_ meta: PackMeta) throws(StoreError) {
        let row = Fence.row(group: Int(meta.group), place: meta.place)
        guard var fence = try Fence.load(database, row: row) else { return }
        fence.remove(bit: Fence.bit(meta.place))
        try fence.store(database, row: row)
    }

    func account(
        _ entry: PackEntry, _ kind: RingLoss.Kind, _ transaction: inout RingTransaction
    ) throws(StoreError) {
        try RingCatalog(database).load(entry.stream, in: &ring.state)
        guard let stream = ring.state.streams[entry.stream] else { return }
        let loss = RingLoss(
            key: stream.key, numbers: entry.first..<entry.end, kind: kind,
            wasReplicated: entry.end <= stream.replicatedNext)
        transaction.written.add(loss)
    }
}

extension RingWritten {
    /// Neighbours become one.
    mutating func add(_ loss: RingLoss) {
        let same = losses.lastIndex {
            $0.key == loss.key && $0.kind == loss.kind && $0.wasReplicated == loss.wasReplicated
                && $0.numbers.upperBound == loss.numbers.lowerBound
        }
        if let same {
            losses[same].numbers = losses[same].numbers.lowerBound..<loss.numbers.upperBound
        } else {
            losses.append(loss)
        }
    }
}
