import Measurements

/// What a look at everything in a ring found.
public struct RingCheck: Hashable, Sendable {
    public var packs = 0
    public var blocks = 0
    public var samples: UInt64 = 0
    public var thinnedBlocks = 0
    /// Overwritten while the check went on; nothing is wrong with them.
    public var turned = 0
    public var tailFrames = 0
    /// The first ones, in words.
    public var problems: [String] = []
    public var problemCount = 0

    public static let mostProblems = 100

    public var isSound: Bool { problemCount == 0 }

    mutating func note(_ problem: String) {
        problemCount += 1
        if problems.count < RingCheck.mostProblems { problems.append(problem) }
    }
}

extension RingReader {
    /// Reads everything and holds it against its checksums and addresses, while the ring is in use. `progress` gets the
    /// share done; false stops it.
    public func check(progress: (Double) -> Bool = { _ in true }) throws(StoreError) -> RingCheck {
        var check = RingCheck()
        let slots = try snapshot { database throws(StoreError) in
            try database.integer("SELECT coalesce(max(id), 0) FROM packmeta WHERE state & 3 != 0")
        }
        for slot in stride(from: Int64(1), through: slots, by: 1) {
            do throws(StoreError) {
                try self.check(slot, &check)
            } catch  where error.cause == .corrupt {
                check.note(error.description)
            }
            if !progress(Double(slot) / Double(slots + 1)) { return check }
        }
        try checkTail(&check)
        return check
    }

    /// SQLite's own look at its pages; in one snapshot, so for a ring that nobody writes.
    public func checkPages() throws(StoreError) -> [String] {
        try Check.problems(database, limit: RingCheck.mostProblems)
    }

    private func check(_ slot: Int64, _ check: inout RingCheck) throws(StoreError) {
        var found: (pack: LoadedPack, keys: [LocalStream: (StreamKey, BootID)])?
        found = try snapshot { database throws(StoreError) in
            let used = try database.integer("SELECT state & 3 FROM packmeta WHERE id = \(slot)")
            guard used != 0, let pack = try LoadedPack.read(database, slot: slot, withBody: true) else { return nil }
            let row = Fence.row(group: pack.header.group, place: pack.header.place)
            let fence = try Fence.load(database, row: row)
            guard fence?.slots[Fence.bit(pack.header.place)] == UInt32(slot) else {
                throw .corrupt(database.path, "fence \(row)", "does not know pack \(slot)")
            }
            return (pack, try self.keys(of: pack, database))
        }
        guard let (pack, keys) = found else { return }
        check.packs += 1
        for entry in pack.entries {
            check.blocks += 1
            check.samples += UInt64(entry.count)
            if entry.isThinned { check.thinnedBlocks += 1 }
            let packed = try pack.packed(entry, path: database.path)
            guard !entry.isThinned else { continue }
            guard let (key, boot) = keys[entry.stream] else {
                check.note("pack \(slot): stream \(entry.stream) is not declared")
                continue
            }
            let block = try? Block(received: packed, key: key, first: entry.first, boot: boot)
            if block?.address != entry.address || block?.count != entry.count {
                check.note("pack \(slot): block \(entry.first) of stream \(key.stream) is not what its address says")
            }
        }
    }

    private func keys(
        of pack: LoadedPack, _ database: Database
    ) throws(StoreError) -> [LocalStream: (StreamKey, BootID)] {
        var keys: [LocalStream: (StreamKey, BootID)] = [:]
        let statement = try database.statement(
            """
            SELECT gateway, run.run, number, boot FROM stream JOIN run ON run.id = stream.run WHERE stream.id = ?
            """)
        defer { statement.reset() }
        for stream in Set(pack.entries.map(\.stream)) {
            statement.reset()
            guard try statement.bind(1, Int64(stream)).step(), let gateway = GatewayID(statement.bytes(0)),
                let run = RunID(statement.bytes(1)), let boot = BootID(statement.bytes(3))
            else { continue }
            let number = StreamNumber(truncatingIfNeeded: statement.integer(2))
            keys[stream] = (StreamKey(gateway: gateway, run: run, stream: number), boot)
        }
        return keys
    }

    private func checkTail(_ check: inout RingCheck) throws(StoreError) {
        var tail = try snapshot { database throws(StoreError) -> TailReader in
            let place = try TailPlace.load(database)
            let map = place?.map ?? TailMap(rows: RingRecovery.firstRows)
            return TailReader(database, map, from: place?.keepFrom ?? 0)
        }
        while true {
            let (next, frames) = try snapshot { database throws(StoreError) in
                var (next, frames): (TailReader, [TailFormat.Frame]) = (tail, [])
                while frames.count < TailScan.framesAtOnce, let frame = try next.next() { frames.append(frame) }
                return (next, frames)
            }
            tail = next
            if frames.isEmpty { break }
            check.tailFrames += frames.count
            for frame in frames where frame.kind == .commit && (try? Commit(frame.body)) == nil {
                check.note("frame \(frame.number) of the tail is no commit")
            }
        }
        for damage in tail.damage { check.note(damage) }
    }
}
