import Measurements

/// Which of 64 consecutive packs of a group hold blocks of which stream: what makes an index by stream and time
/// unnecessary.
struct Fence: Hashable {
    static let packs = 64

    struct Entry: Hashable {
        var stream: LocalStream
        /// Bit n stands for the n-th of the 64 packs.
        var mask: UInt64
        var first: SampleNumber
        var end: SampleNumber
        var firstTime: BootTime
        var lastTime: BootTime
    }

    /// Slots of the packs, 0 where the pack is gone or not there yet.
    var slots: [UInt32]
    /// By stream.
    var entries: [Entry]

    static let empty = Fence(slots: [UInt32](repeating: 0, count: packs), entries: [])
    static let version: UInt8 = 1

    /// The row in which the fence over a pack lies.
    static func row(group: Int, place: UInt64) -> Int64 { Int64(group) << 40 | Int64(place / UInt64(packs)) }
    static func rows(group: Int) -> Range<Int64> { Int64(group) << 40..<Int64(group + 1) << 40 }
    static func bit(_ place: UInt64) -> Int { Int(place % UInt64(packs)) }

    var isEmpty: Bool { slots.allSatisfy { $0 == 0 } }

    func entry(of stream: LocalStream) -> Entry? {
        let index = position(of: stream)
        return index < entries.count && entries[index].stream == stream ? entries[index] : nil
    }

    mutating func add(_ block: PackEntry, bit: Int) {
        let index = position(of: block.stream)
        if index < entries.count, entries[index].stream == block.stream {
            entries[index].mask |= 1 << UInt64(bit)
            entries[index].first = min(entries[index].first, block.first)
            entries[index].end = max(entries[index].end, block.end)
            entries[index].firstTime = min(entries[index].firstTime, block.firstTime)
            entries[index].lastTime = max(entries[index].lastTime, block.lastTime)
        } else {
            entries.insert(
                Entry(
                    stream: block.stream, mask: 1 << UInt64(bit), first: block.first, end: block.end,
                    firstTime: block.firstTime, lastTime: block.lastTime), at: index)
        }
    }

    /// The pack is gone; its streams' bounds stay as they were, which only makes a reader look in vain.
    mutating func remove(bit: Int) {
        slots[bit] = 0
        for index in entries.indices { entries[index].mask &= ~(1 << UInt64(bit)) }
        entries.removeAll { $0.mask == 0 }
    }

    private func position(of stream: LocalStream) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].stream < stream { low = middle + 1 } else { high = middle }
        }
        return low
    }

    var bytes: [UInt8] {
        var writer = ByteWriter(reserving: 300 + entries.count * 48)
        writer.byte(Fence.version)
        for slot in slots { writer.fixed(slot) }
        writer.varint(entries.count)
        for entry in entries {
            writer.varint(entry.stream)
            writer.fixed(entry.mask)
            writer.varint(entry.first)
            writer.varint(entry.end - entry.first)
            writer.fixed(entry.firstTime)
            writer.fixed(entry.lastTime)
        }
        return writer.bytes
    }

    init(slots: [UInt32], entries: [Entry]) {
        self.slots = slots
        self.entries = entries
    }

    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes)
        guard try reader.byte("fence's version") == Fence.version else { throw Malformed("fence", .unknown, at: 0) }
        slots = []
        for _ in 0..<Fence.packs { slots.append(try reader.fixed(UInt32.self, "slot")) }
        entries = []
        for _ in 0..<(try reader.count("fence's streams", most: Fence.packs * Int(UInt16.max))) {
            let stream = LocalStream(try reader.varint("stream", most: UInt64(LocalStream.max)))
            let mask = try reader.fixed(UInt64.self, "mask")
            let first = try reader.varint("first number")
            entries.append(
                Entry(
                    stream: stream, mask: mask, first: first,
                    end: first + (try reader.varint("count", most: .max - first)),
                    firstTime: try reader.fixed(BootTime.self, "time"),
                    lastTime: try reader.fixed(BootTime.self, "time")))
        }
        try reader.finish("fence")
    }
}

extension Fence {
    static func load(_ database: Database, row: Int64) throws(StoreError) -> Fence? {
        let statement = try database.statement("SELECT body FROM fence WHERE id = ?")
        defer { statement.reset() }
        guard try statement.bind(1, row).step() else { return nil }
        return try decode(statement.bytes(0), database, row)
    }

    static func decode(_ bytes: [UInt8], _ database: Database, _ row: Int64) throws(StoreError) -> Fence {
        do throws(Malformed) {
            return try Fence(bytes)
        } catch {
            throw .corrupt(database.path, "fence \(row)", error.description)
        }
    }

    func store(_ database: Database, row: Int64) throws(StoreError) {
        if isEmpty {
            try database.statement("DELETE FROM fence WHERE id = ?").bind(1, row).execute()
        } else {
            try database.statement("INSERT INTO fence VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body")
                .bind(1, row).bind(2, bytes).execute()
        }
    }
}
