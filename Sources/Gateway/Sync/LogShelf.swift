import Hashing
import Measurements
import Replication
import Store
import System

/// Where replicated logs lie: openings, seals and blocks in the ring, what ties blocks to seals in the state. Reads and
/// writes for replication; all of it on the disk's thread, so that what was stored before is seen by what is read later.
final class LogShelf: @unchecked Sendable {  // because everything is touched on the disk's loop only
    private let disk: Disk
    private let state: StateKeeper
    private let reading: RunReading
    private var reader: RingReader?
    /// Numbers held of each stream, while a survey or an entry is looked at.
    private var held: [StreamKey: Ranges] = [:]

    init(disk: Disk, state: StateKeeper, reading: RunReading) {
        self.disk = disk
        self.state = state
        self.reading = reading
    }

    /// Runs `body` on the disk's thread.
    func later(_ body: @escaping @Sendable (LogShelf) -> Void) { disk.loop.post { [self] in body(self) } }

    // MARK: Surveying

    /// What is held of every run.
    func survey() throws -> [(key: LogKey, chains: [Chain], receipts: [Signed<Receipt>])] {
        let reader = try ringReader()
        var found: [(key: LogKey, chains: [Chain], receipts: [Signed<Receipt>])] = []
        for run in try reader.runs() where run.open != nil {
            let key = LogKey(run.key)
            let chain = try chain(of: key, reader)
            found.append((key: key, chains: [chain] + (try forks(of: key)), receipts: try receipts(of: key)))
        }
        held = [:]
        return found
    }

    private func chain(of key: LogKey, _ reader: RingReader) throws -> Chain {
        var chain = Chain()
        for (position, entry) in try entries(of: key, from: 0, count: .max, mostBytes: .max, reader).enumerated() {
            let place = UInt64(position)
            let facts = try reading.read(entry, of: key, at: place, isNew: false)
            chain.count = place + 1
            chain.head = facts.hash
            guard facts.count > 0 else {
                chain.complete.insert(place..<place + 1)
                continue
            }
            guard let leaves = try index(of: key, position: place) else { continue }
            let here = try heldLeaves(leaves, of: key)
            if here.contains(0..<UInt64(leaves.count)) {
                chain.complete.insert(place..<place + 1)
            } else if !here.isEmpty {
                chain.partial.insert(place..<place + 1)
            }
        }
        return chain
    }

    // MARK: Loading

    func entries(
        of key: LogKey, from first: UInt64, count: UInt64, mostBytes: Int, _ given: RingReader? = nil
    ) throws -> [[UInt8]] {
        let reader = try given ?? ringReader()
        var found: [[UInt8]] = []
        var bytes = 0
        func add(_ entry: [UInt8]) -> Bool {
            bytes += entry.count
            guard found.isEmpty || bytes <= mostBytes else { return false }
            found.append(entry)
            return UInt64(found.count) < count
        }
        if first == 0 {
            guard let open = try reader.runs().first(where: { $0.key == key.run })?.open else { return [] }
            guard add(open.bytes) else { return found }
        }
        var next = max(first, 1) - 1
        while true {
            let seals = try reader.seals(of: key.run, from: next, limit: 256)
            for seal in seals {
                // A ring that turned has let go of the oldest seals: the chain is not whole any more.
                guard seal.record.number == next else { return found }
                next += 1
                guard add(seal.bytes) else { return found }
            }
            if seals.isEmpty { return found }
        }
    }

    func index(of key: LogKey, position: UInt64) throws -> [Leaf]? {
        let statement = try stateNow().database.statement(
            "SELECT leaves FROM log_index WHERE author = ? AND log = ? AND chain = 0 AND position = ?")
        defer { statement.reset() }
        statement.bind(1, key.author.bytes).bind(2, key.log.bytes).bind(3, Int64(position))
        return try statement.step() ? LeafList.read(statement.bytes(0)) : nil
    }

    func heldLeaves(_ leaves: [Leaf], of key: LogKey) throws -> Ranges {
        let reader = try ringReader()
        var here = Ranges()
        for (number, leaf) in leaves.enumerated() {
            let stream = StreamKey(key.run, stream: leaf.stream)
            if held[stream] == nil { held[stream] = try reader.held(stream) }
            if held[stream]?.contains(leaf.numbers) == true { here.insert(UInt64(number)..<UInt64(number) + 1) }
        }
        return here
    }

    func open(_ key: LogKey, position: UInt64) throws -> Opened? {
        held = [:]
        guard let entry = try entries(of: key, from: position, count: 1, mostBytes: .max).first else { return nil }
        let leaves = try index(of: key, position: position)
        return Opened(entry: entry, leaves: leaves, held: try leaves.map { try heldLeaves($0, of: key) } ?? Ranges())
    }

    func attachments(
        of key: LogKey, position: UInt64, leaves wanted: Ranges, mostBytes: Int
    ) throws -> (found: [Attachment], notHeld: Ranges) {
        let reader = try ringReader()
        let leaves = try index(of: key, position: position) ?? []
        var found: [Attachment] = []
        var notHeld = Ranges()
        var bytes = 0
        for number in wanted.ranges.joined() {
            guard number < leaves.count, let block = try block(leaves[Int(number)], of: key, reader) else {
                notHeld.insert(number..<number + 1)
                continue
            }
            let attachment = RunReading.attachment(block)
            bytes += attachment.count
            if bytes > mostBytes, !found.isEmpty { break }
            found.append(Attachment(leaf: number, bytes: attachment))
        }
        return (found, notHeld)
    }

    private func block(_ leaf: Leaf, of key: LogKey, _ reader: RingReader) throws -> Block? {
        var found: Block?
        try reader.blocks(of: StreamKey(key.run, stream: leaf.stream), in: leaf.numbers) { head, block in
            if head.address == leaf.address { found = block }
            return found == nil
        }
        return found
    }

    // MARK: Storing

    func store(entries: [[UInt8]], of key: LogKey, from first: UInt64, ring: Ring) throws {
        var write = RingWrite(gateway: key.author)
        for (offset, entry) in entries.enumerated() {
            if first + UInt64(offset) == 0 {
                write.opens.append(try Signed<RunOpen>(entry))
            } else {
                write.seals.append(try Signed<Seal>(entry))
            }
        }
        try ring.write(write, now: SystemClock.unixTime / 1_000_000_000)
    }

    func store(_ received: [Received], of key: LogKey, ring: Ring) throws {
        var write = RingWrite(gateway: key.author)
        for item in received {
            guard let boot = BootID(item.bytes.prefix(BootID.count)) else { continue }
            write.carried.append(
                try Block(
                    received: Array(item.bytes.dropFirst(BootID.count)),
                    key: StreamKey(key.run, stream: item.leaf.stream),
                    first: item.leaf.first, boot: boot))
        }
        try ring.write(write, now: SystemClock.unixTime / 1_000_000_000)
    }

    func store(index leaves: [Leaf], of key: LogKey, chain: Int, position: UInt64) throws {
        try stateNow().database.statement("INSERT OR REPLACE INTO log_index VALUES (?, ?, ?, ?, ?)")
            .bind(1, key.author.bytes).bind(2, key.log.bytes).bind(3, chain).bind(4, Int64(position))
            .bind(5, LeafList.bytes(leaves)).execute()
    }

    // MARK: Forks, whose entries the ring has no place for

    func store(fork entries: [[UInt8]], of key: LogKey, chain: Int, from first: UInt64) throws {
        for (offset, entry) in entries.enumerated() {
            try stateNow().database.statement("INSERT OR REPLACE INTO log_fork VALUES (?, ?, ?, ?, ?)")
                .bind(1, key.author.bytes).bind(2, key.log.bytes).bind(3, chain).bind(4, Int64(first) + Int64(offset))
                .bind(5, entry).execute()
        }
    }

    func drop(chain: Int, of key: LogKey) throws {
        for table in ["log_fork", "log_index"] {
            try stateNow().database.statement("DELETE FROM \(table) WHERE author = ? AND log = ? AND chain = ?")
                .bind(1, key.author.bytes).bind(2, key.log.bytes).bind(3, chain).execute()
        }
    }

    private func forks(of key: LogKey) throws -> [Chain] {
        let statement = try stateNow().database.statement(
            "SELECT chain, position, entry FROM log_fork WHERE author = ? AND log = ? ORDER BY chain, position")
        defer { statement.reset() }
        statement.bind(1, key.author.bytes).bind(2, key.log.bytes)
        var chains: [Int64: Chain] = [:]
        while try statement.step() {
            let position = UInt64(statement.integer(1))
            let facts = try reading.read(statement.bytes(2), of: key, at: position, isNew: false)
            chains[statement.integer(0), default: Chain()].count = position + 1
            chains[statement.integer(0)]?.head = facts.hash
        }
        return chains.sorted { $0.key < $1.key }.map(\.value)
    }

    // MARK: Receipts

    func keep(_ receipt: Signed<Receipt>) throws {
        let record = receipt.record
        try stateNow().database.statement("INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?)")
            .bind(1, record.hub.bytes).bind(2, record.gateway.bytes).bind(3, record.run.bytes).bind(4, receipt.bytes)
            .execute()
    }

    private func receipts(of key: LogKey) throws -> [Signed<Receipt>] {
        let statement = try stateNow().database.statement("SELECT body FROM receipt WHERE author = ? AND log = ?")
        defer { statement.reset() }
        statement.bind(1, key.author.bytes).bind(2, key.log.bytes)
        var found: [Signed<Receipt>] = []
        while try statement.step() {
            if let receipt = try? Signed<Receipt>(statement.bytes(0)) { found.append(receipt) }
        }
        return found
    }

    func void(receiptsOf hub: Bytes32, except epoch: StoreEpoch) throws {
        let statement = try stateNow().database.statement("SELECT author, log, body FROM receipt WHERE hub = ?")
        var stale: [(author: [UInt8], log: [UInt8])] = []
        statement.bind(1, hub.bytes)
        while try statement.step() {
            guard let receipt = try? Signed<Receipt>(statement.bytes(2)), receipt.record.epoch != epoch else {
                continue
            }
            stale.append((author: statement.bytes(0), log: statement.bytes(1)))
        }
        statement.reset()
        for one in stale {
            try stateNow().database.statement("DELETE FROM receipt WHERE hub = ? AND author = ? AND log = ?")
                .bind(1, hub.bytes).bind(2, one.author).bind(3, one.log).execute()
        }
    }

    /// What a hub acknowledged up to a seal, by stream: that may be overwritten first.
    func acknowledged(_ run: RunKey, through seal: UInt64) throws -> [(stream: StreamNumber, number: SampleNumber)] {
        let reader = try ringReader()
        var next: [StreamNumber: SampleNumber] = [:]
        var from: UInt64 = 0
        while from <= seal {
            let seals = try reader.seals(of: run, from: from, limit: 256)
            for one in seals where one.record.number <= seal {
                for pair in one.record.next { next[pair.stream] = pair.number }
            }
            guard let last = seals.last else { break }
            from = last.record.number + 1
        }
        return next.map { (stream: $0.key, number: $0.value) }
    }

    private func ringReader() throws -> RingReader {
        if let reader { return reader }
        let made = try disk.readersHere().makeReader()
        reader = made
        return made
    }

    private func stateNow() throws -> State { try state.here() }
}

/// Leaves as bytes: what the index of an entry is kept as.
enum LeafList {
    static func bytes(_ leaves: [Leaf]) -> [UInt8] {
        var writer = ByteWriter(reserving: leaves.count * 44)
        writer.varint(leaves.count)
        for leaf in leaves {
            writer.varint(leaf.stream)
            writer.varint(leaf.first)
            writer.varint(leaf.count)
            writer.identifier(leaf.address)
        }
        return writer.bytes
    }

    static func read(_ bytes: [UInt8]) -> [Leaf]? {
        var reader = ByteReader(bytes)
        var leaves: [Leaf] = []
        do throws(Malformed) {
            for _ in 0..<(try reader.count("leaves", most: 1 << 20)) {
                leaves.append(
                    Leaf(
                        stream: StreamNumber(truncatingIfNeeded: try reader.varint("stream")),
                        first: try reader.varint("first"),
                        count: UInt32(truncatingIfNeeded: try reader.varint("count")),
                        address: try reader.identifier32("address")))
            }
        } catch {
            return nil
        }
        return leaves
    }
}
