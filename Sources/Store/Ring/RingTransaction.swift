import Measurements

/// One write on its way into the tables.
struct RingTransaction {
    let ring: Ring
    let now: Int64
    var written = RingWritten()
    /// Packs went to disk: how far the tail is needed has to be stored.
    var packed: Set<Int> = []
    /// The first seal that may cover what comes now: one that comes with it does.
    let firstSeal: Int64
    private var toPack: [RingState.Waiting] = []

    var database: Database { ring.database }
    private var catalog: RingCatalog { RingCatalog(ring.database) }

    init(_ ring: Ring, now: Int64) {
        self.ring = ring
        self.now = now
        firstSeal = ring.state.lastSeal + 1
    }

    mutating func run(_ write: RingWrite) throws(StoreError) {
        for open in write.opens { _ = try catalog.store(open, in: &ring.state) }
        try prepareTail(for: write)
        var tail = TailWriter(database, ring.state.tail, mostRows: ring.shares.tailPages)
        if let commit = write.commit { try add(commit, of: write.gateway, to: &tail) }
        try mark(write.blocks, in: &tail)
        try carry(write.carried, in: &tail)
        try tail.finish()
        let grew = tail.grew
        ring.state.tail = tail.position
        try RingRecords(ring).store(write)
        try packAll()
        try flushDue()
        if grew || !packed.isEmpty { try storeTail() }
    }

    mutating func flushAll() throws(StoreError) {
        for group in 0..<PackLayout.groups { try flush(group) }
        if !packed.isEmpty { try storeTail() }
    }

    // MARK: - The tail

    /// Makes sure that the tail takes all of it; packs are written early where it does not.
    private mutating func prepareTail(for write: RingWrite) throws(StoreError) {
        var bytes = 0
        if let commit = write.commit {
            bytes += 256 + commit.segments.reduce(0) { $0 + $1.packed.count + 32 }
            bytes += commit.declarations.count * 400 + commit.gaps.count * 300 + commit.anchors.count * 160
        }
        bytes += write.blocks.count * 64 + write.carried.reduce(0) { $0 + $1.packed.count + 64 }
        // What is kept for gap records when nothing else gets in any more.
        let onlyRecords = write.commit?.segments.isEmpty ?? true && write.carried.isEmpty
        let reserve = onlyRecords ? 0 : min(256, ring.shares.tailPages / 8)
        let needed = TailPosition.pages(forBytes: bytes) + reserve
        if ring.shares.tailPages - ring.state.tail.pagesKept >= needed { return }
        for group in 0..<PackLayout.groups { try flush(group) }
        ring.state.tail.keepFrom = ring.state.neededFrom()
        guard ring.shares.tailPages - ring.state.tail.pagesKept >= needed else {
            throw StoreError(
                cause: .refused, statement: "tail", path: ring.path,
                message: "the tail is full of samples that are in no block yet")
        }
    }

    private mutating func add(_ commit: Commit, of gateway: GatewayID, to tail: inout TailWriter) throws(StoreError) {
        let key = RunKey(gateway: gateway, run: commit.run)
        if let open = commit.open { _ = try catalog.store(open, in: &ring.state) }
        guard let run = try catalog.openRun(key, in: &ring.state) else {
            throw StoreError(
                cause: .invalid, statement: "commit", path: ring.path,
                message: "the first commit of a run has to open it")
        }
        for declaration in commit.declarations {
            try catalog.declare(declaration, run: run, key: key, in: &ring.state)
        }
        let bytes = commit.bytes
        let page = try tail.append(.commit, run: run, bytes)
        for segment in commit.segments {
            let stream = try catalog.stream(StreamKey(key, stream: segment.stream), run: run, in: &ring.state)
            ring.state.streams[stream]?.take(segment.first..<segment.end, page: page)
            ring.state.counters.samples += UInt64(segment.count)
            ring.state.counters.packedBytes += UInt64(segment.packed.count)
        }
        ring.state.counters.commits += 1
    }

    /// Notes in the tail which blocks were closed: after a crash they are made again from the samples there.
    private mutating func mark(_ blocks: [Block], in tail: inout TailWriter) throws(StoreError) {
        guard !blocks.isEmpty else { return }
        var writer = ByteWriter(reserving: 8 + blocks.count * 64)
        writer.varint(blocks.count)
        for block in blocks {
            let stream = try catalog.stream(of: block, in: &ring.state)
            TailMark(stream: stream, first: block.first, count: block.count, address: block.address)
                .encode(into: &writer)
            let page = ring.state.streams[stream]?.openPage ?? tail.position.page
            ring.state.streams[stream]?.close(block.end)
            toPack.append(.init(entry: PackEntry(block, stream: stream), packed: block.packed, page: page))
        }
        _ = try tail.append(.mark, run: 0, writer.bytes)
    }

    private mutating func carry(_ blocks: [Block], in tail: inout TailWriter) throws(StoreError) {
        for block in blocks {
            let stream = try catalog.stream(of: block, in: &ring.state)
            let page = try tail.append(.carried, run: 0, TailCarried(stream: stream, block).bytes)
            ring.state.streams[stream]?.lastPage = page
            ring.state.counters.packedBytes += UInt64(block.packed.count)
            toPack.append(.init(entry: PackEntry(block, stream: stream), packed: block.packed, page: page))
        }
    }

    private func storeTail() throws(StoreError) {
        ring.state.tail.keepFrom = ring.state.neededFrom()
        let tail = ring.state.tail
        try TailPlace(keepFrom: tail.keepFrom, map: tail.map).store(database)
        for group in packed {
            var next: [LocalStream: SampleNumber] = [:]
            for (stream, kept) in ring.state.streams where PackLayout.group(of: stream) == group {
                if let page = kept.lastPage, page >= tail.keepFrom { next[stream] = kept.packedNext }
            }
            try PackedNext.store(next, database, group: group)
        }
    }

    // MARK: - Packs

    private mutating func packAll() throws(StoreError) {
        let waiting = ring.state.overflow + toPack
        ring.state.overflow = []
        for block in waiting {
            try RingPacking(ring, now: now).add(block.entry, block.packed, page: block.page, &self)
            ring.state.counters.blocks += 1
        }
    }

    private mutating func flushDue() throws(StoreError) {
        for group in 0..<PackLayout.groups {
            if let since = ring.state.open[group]?.waitingSince, now - since >= ring.limits.packAgeSeconds {
                try flush(group)
            }
        }
    }

    mutating func flush(_ group: Int) throws(StoreError) {
        guard let open = ring.state.open[group], open.isDirty else { return }
        try RingPacking(ring, now: now).write(group, &self)
    }
}
