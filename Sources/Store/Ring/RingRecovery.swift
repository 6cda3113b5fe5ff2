import Measurements

/// Makes the writer's memory from the file: which packs there are, and from the tail what no pack has taken yet. Blocks
/// that were closed before a crash are made again, the same to the bit.
struct RingRecovery {
    let database: Database
    let shares: RingShares
    private(set) var damage: [String] = []
    private var state: RingState
    /// Samples in no block yet, by stream.
    private var loose: [LocalStream: [Segment]] = [:]
    private var boots: [Int64: BootID] = [:]

    init(_ database: Database, _ shares: RingShares) {
        self.database = database
        self.shares = shares
        state = RingState(tail: .start(rows: RingRecovery.firstRows))
    }

    /// Rows of a new tail; it grows while the ring is in use.
    static let firstRows = 256

    mutating func run() throws(StoreError) -> RingState {
        state.packs = try PackMeta.loadAll(database)
        state.nextAge = (state.packs.map(\.age).max() ?? 0) + 1
        state.lastSeal = try database.integer("SELECT coalesce(max(id), 0) FROM seal")
        try openPacks()
        try readTail()
        return state
    }

    func unfinished() -> [RingOpened.Unfinished] {
        loose.sorted { $0.key < $1.key }.compactMap { number, segments in
            guard let stream = state.streams[number], !segments.isEmpty, let boot = boots[stream.run] else {
                return nil
            }
            return RingOpened.Unfinished(
                key: stream.key, boot: boot, declaration: stream.declaration, from: stream.closedNext,
                segments: RingOpened.Unfinished.cut(segments, from: stream.closedNext))
        }
    }

    /// The newest pack of each group goes on being filled.
    private mutating func openPacks() throws(StoreError) {
        for group in 0..<PackLayout.groups {
            let last = try database.statement(
                "SELECT id, body FROM fence WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1")
            defer { last.reset() }
            let rows = Fence.rows(group: group)
            var place: UInt64 = 0
            if try last.bind(1, rows.lowerBound).bind(2, rows.upperBound).step() {
                let row = last.integer(0)
                let fence = try Fence.decode(last.bytes(1), database, row)
                if let bit = fence.slots.lastIndex(where: { $0 != 0 }) {
                    let newest = UInt64(row - rows.lowerBound) * UInt64(Fence.packs) + UInt64(bit)
                    place = newest + 1
                    try reopen(Int64(fence.slots[bit]), group, newest)
                }
            }
            state.nextPlace[group] = place
        }
    }

    private mutating func reopen(_ slot: Int64, _ group: Int, _ place: UInt64) throws(StoreError) {
        guard slot >= 1, slot <= state.packs.count else {
            throw .corrupt(database.path, "fence of group \(group)", "slot \(slot) does not exist")
        }
        let meta = state.packs[Int(slot) - 1]
        guard meta.kind == .samples else { return }
        guard let pack = try LoadedPack.read(database, slot: slot, withBody: true), pack.header.group == group,
            pack.header.place == place
        else { throw .corrupt(database.path, "pack \(slot)", "another pack than its fence says") }
        state.open[group] = OpenPack(slot: slot, pack, firstSeal: meta.seal)
    }

    // MARK: - The tail

    private mutating func readTail() throws(StoreError) {
        if let place = try TailPlace.load(database) {
            (state.tail.keepFrom, state.tail.map) = (place.keepFrom, place.map)
        }
        state.tail.rowsMade = Int(try database.integer("SELECT coalesce(max(id), 0) FROM tail"))
        var reader = TailReader(database, state.tail.map, from: state.tail.keepFrom)
        while let frame = try reader.next() { try take(frame, on: reader.framePage) }
        damage += reader.damage
        state.tail.page = state.tail.keepFrom
        if let end = reader.end {
            (state.tail.page, state.tail.used, state.tail.firstFrame, state.tail.nextFrame) = end
        }
        loose = loose.filter { !$0.value.isEmpty }
    }

    private mutating func take(_ frame: TailFormat.Frame, on page: UInt64) throws(StoreError) {
        do {
            switch frame.kind {
            case .commit: try take(Commit(frame.body), run: frame.run, on: page)
            case .mark: for mark in try TailMark.list(frame.body) { try close(mark) }
            case .carried: try carry(TailCarried(frame.body), on: page)
            }
        } catch let error as Malformed {
            damage.append("frame \(frame.number) of the tail: \(error)")
        } catch let error as StoreError {
            throw error
        } catch {
            preconditionFailure("nothing else is thrown here")
        }
    }

    private mutating func take(_ commit: Commit, run: Int64, on page: UInt64) throws(StoreError) {
        guard let key = try self.key(of: run) else {
            damage.append("a commit of run \(run), which is not known")
            return
        }
        for segment in commit.segments {
            let catalog = RingCatalog(database)
            guard let stream = try catalog.find(StreamKey(key, stream: segment.stream), in: &state),
                let kept = state.streams[stream]
            else {
                damage.append("a commit of stream \(segment.stream) of run \(run), which is not known")
                continue
            }
            guard segment.end > kept.packedNext else { continue }
            state.streams[stream]?.take(segment.first..<segment.end, page: page)
            loose[stream, default: []].append(segment)
        }
    }

    /// Makes a closed block again out of the samples of the tail.
    private mutating func close(_ mark: TailMark) throws(StoreError) {
        try RingCatalog(database).load(mark.stream, in: &state)
        guard let stream = state.streams[mark.stream], mark.end > stream.packedNext else { return }
        let page = stream.openPage ?? state.tail.keepFrom
        let segments = loose[mark.stream] ?? []
        loose[mark.stream] = segments.filter { $0.end > mark.end }
        state.streams[mark.stream]?.close(mark.end)
        guard let boot = boots[stream.run],
            let samples = RingRecovery.samples(mark.first..<mark.end, of: segments)
        else {
            damage.append("samples \(mark.first)..<\(mark.end) of \(stream.key.stream) are not in the tail")
            return
        }
        let block = Block(key: stream.key, first: mark.first, boot: boot, samples: samples)
        guard block.address == mark.address else {
            damage.append("samples \(mark.first)..<\(mark.end) of \(stream.key.stream) are not those that were sealed")
            return
        }
        pack(block, mark.stream, page)
    }

    private mutating func carry(_ carried: TailCarried, on page: UInt64) throws(StoreError) {
        try RingCatalog(database).load(carried.stream, in: &state)
        guard let stream = state.streams[carried.stream] else { return }
        state.streams[carried.stream]?.lastPage = page
        let group = PackLayout.group(of: carried.stream)
        if let open = state.open[group] {
            let known = open.entries.contains { $0.stream == carried.stream && $0.first == carried.first }
            if known { return }
        }
        do throws(Malformed) {
            let block = try Block(
                received: carried.packed, key: stream.key, first: carried.first, boot: carried.boot)
            if try isPacked(block, carried.stream) { return }
            pack(block, carried.stream, page)
        } catch {
            damage.append("a carried block in the tail: \(error)")
        }
    }

    /// Blocks from elsewhere come in any order, so only the packs themselves know.
    private func isPacked(_ block: Block, _ stream: LocalStream) throws(Malformed) -> Bool {
        let heads = try? PackSearch(database).heads(of: stream, in: block.first..<block.end)
        return heads?.contains { $0.first == block.first && $0.address == block.address } ?? false
    }

    private mutating func pack(_ block: Block, _ stream: LocalStream, _ page: UInt64) {
        let group = PackLayout.group(of: stream)
        let entry = PackEntry(block, stream: stream)
        if state.open[group] == nil { begin(group) }
        if state.open[group]?.add(entry, block.packed, now: 0) != true {
            // A full pack that is on disk already is left; one that is not waits for the first write.
            if state.open[group]?.isDirty == true {
                state.overflow.append(RingState.Waiting(entry: entry, packed: block.packed, page: page))
            } else {
                begin(group)
                _ = state.open[group]?.add(entry, block.packed, now: 0)
            }
        }
        state.waitingPage[group] = min(state.waitingPage[group] ?? page, page)
    }

    private mutating func begin(_ group: Int) {
        let place = state.nextPlace[group]
        state.nextPlace[group] += 1
        // What waits in the tail was closed after what is in the group's newest pack, and sealed no earlier.
        let newest = state.packs.filter { $0.kind != .free && Int($0.group) == group }.max { $0.age < $1.age }
        state.open[group] = OpenPack(group: group, place: place, firstSeal: newest?.seal ?? 1)
    }

    private mutating func key(of run: Int64) throws(StoreError) -> RunKey? {
        let statement = try database.statement("SELECT gateway, run, boot FROM run WHERE id = ?")
        defer { statement.reset() }
        guard try statement.bind(1, run).step(), let gateway = GatewayID(statement.bytes(0)),
            let id = RunID(statement.bytes(1))
        else { return nil }
        if let boot = BootID(statement.bytes(2)) { boots[run] = boot }
        return RunKey(gateway: gateway, run: id)
    }

    /// The samples of a range out of the segments that hold them, nil where one is missing.
    static func samples(_ range: Range<SampleNumber>, of segments: [Segment]) -> Samples? {
        var found: Samples?
        var next = range.lowerBound
        for segment in segments where segment.end > next && segment.first < range.upperBound {
            guard segment.first <= next, let samples = try? segment.samples() else { return nil }
            let end = min(range.upperBound, segment.end)
            let part = samples[Int(next - segment.first)..<Int(end - segment.first)]
            if found == nil { found = Samples(kind: part.kind, width: part.width) }
            guard found?.kind == part.kind, found?.width == part.width else { return nil }
            found?.append(part)
            next = end
        }
        return next == range.upperBound ? found : nil
    }
}
