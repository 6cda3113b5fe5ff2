import Measurements

/// Puts minimum, mean and maximum at a tenth of the rate in the place of samples. The block's address stays, so that what
/// was signed can still be named; it is never served as samples.
struct RingThinning {
    let ring: Ring

    /// Samples that become one.
    static let ratio = 10

    init(_ ring: Ring) { self.ring = ring }

    private var database: Database { ring.database }

    /// Thins a pack. What is left joins the newest thinned pack of its group where it fits: then the slot is free and the
    /// answer true. Else it stays where it was, and there is no slot yet.
    func thin(_ index: Int, _ transaction: inout RingTransaction) throws(StoreError) -> Bool {
        let meta = ring.state.packs[index]
        guard let pack = try LoadedPack.read(database, slot: Int64(meta.slot), withBody: true) else {
            try RingRoom(ring, now: 0).drop(index, &transaction)
            return true
        }
        ring.state.counters.packsThinned += 1
        var left: [(entry: PackEntry, packed: [UInt8])] = []
        for entry in pack.entries {
            try RingRoom(ring, now: 0).account(entry, .thinned, &transaction)
            left.append(thinned(entry, (try? pack.packed(entry, path: ring.path)) ?? []))
        }
        if let target = newestThinned(of: meta.group, before: meta.age), try join(left, target, from: index) {
            return true
        }
        try replace(index, with: left)
        return false
    }

    private func thinned(_ entry: PackEntry, _ packed: [UInt8]) -> (entry: PackEntry, packed: [UInt8]) {
        var entry = entry
        let bytes = Thinned.pack(packed)
        entry.isThinned = true
        entry.length = bytes.count
        entry.checksum = Checksum.of(bytes)
        return (entry, bytes)
    }

    private func newestThinned(of group: UInt8, before age: Int64) -> Int? {
        let packs = ring.state.packs
        return packs.indices.filter { packs[$0].kind == .thinned && packs[$0].group == group && packs[$0].age < age }
            .max { packs[$0].age < packs[$1].age }
    }

    private func join(
        _ left: [(entry: PackEntry, packed: [UInt8])], _ target: Int, from index: Int
    ) throws(StoreError) -> Bool {
        let (meta, old) = (ring.state.packs[target], ring.state.packs[index])
        guard let loaded = try LoadedPack.read(database, slot: Int64(meta.slot), withBody: true) else { return false }
        var pack = OpenPack(slot: Int64(meta.slot), loaded, firstSeal: meta.seal)
        for (entry, packed) in left where !pack.add(entry, packed, now: 0) { return false }
        try store(&pack, target, seal: min(meta.seal, old.seal))
        try RingRoom(ring, now: 0).lowerFence(old)
        ring.state.packs[index] = PackMeta(slot: old.slot, group: old.group, kind: .free)
        try ring.state.packs[index].store(database)
        return true
    }

    private func replace(_ index: Int, with left: [(entry: PackEntry, packed: [UInt8])]) throws(StoreError) {
        let meta = ring.state.packs[index]
        var pack = OpenPack(group: Int(meta.group), place: meta.place, firstSeal: meta.seal)
        pack.slot = Int64(meta.slot)
        for (entry, packed) in left { _ = pack.add(entry, packed, now: 0) }
        try store(&pack, index, seal: meta.seal)
    }

    private func store(_ pack: inout OpenPack, _ index: Int, seal: Int64) throws(StoreError) {
        let slot = Int64(ring.state.packs[index].slot)
        let row = Fence.row(group: pack.group, place: pack.place)
        var fence = try Fence.load(database, row: row) ?? .empty
        for entry in pack.unwritten { fence.add(entry, bit: Fence.bit(pack.place)) }
        fence.slots[Fence.bit(pack.place)] = UInt32(slot)
        try fence.store(database, row: row)
        let blob = try BlobHandle(database, table: "pack", column: "body", row: slot, writable: true)
        try pack.write(with: blob)
        try blob.close()
        ring.state.packs[index].kind = .thinned
        ring.state.packs[index].bytes = UInt32(pack.bytes)
        ring.state.packs[index].seal = seal
        ring.state.packs[index].isReplicated = false
        ring.state.packs[index].lookedAt = 0
        try ring.state.packs[index].store(database)
    }
}

/// What is left of a thinned block: for every ten samples the time of the first, and minimum, mean and maximum of each
/// part, packed like doubles. Texts leave nothing.
public enum Thinned {
    static func pack(_ packed: [UInt8]) -> [UInt8] {
        guard let samples = try? Packing.unpack(packed, mostSamples: Block.mostSamples), samples.kind != .text,
            samples.width * 3 <= AttributeDeclaration.mostComponents
        else { return [] }
        var rest = Samples(kind: .double, width: samples.width * 3)
        var start = 0
        while start < samples.count {
            let ten = samples[start..<min(start + RingThinning.ratio, samples.count)]
            rest.times.append(ten.times[0])
            for summary in ten.summaries() { rest.doubles += [summary.min, summary.mean, summary.max] }
            start += RingThinning.ratio
        }
        return Packing.pack(rest)
    }
}
