import Measurements

/// Blocks as their origin closed them: for replication, digests and proofs.
extension RingReader {
    /// Heads of a stream's blocks that meet a range, by number; those that wait for their pack included. Two blocks with
    /// the same numbers are a fork, and both come.
    public func heads(
        of key: StreamKey, in numbers: Range<SampleNumber> = 0..<SampleNumber.max
    ) throws(StoreError) -> [BlockHead] {
        var found: [BlockHead] = []
        try eachBlock(of: key, in: numbers, withBodies: false) { head, _ throws(StoreError) in
            found.append(head)
            return true
        }
        return found
    }

    /// Calls `body` for each block of a stream that meets a range, until it says false. Thinned and damaged ones have a
    /// head and no block.
    public func blocks(
        of key: StreamKey, in numbers: Range<SampleNumber> = 0..<SampleNumber.max,
        _ body: (BlockHead, Block?) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try eachBlock(of: key, in: numbers, withBodies: true, body)
    }

    /// The numbers of a stream that are here as samples, committed ones included.
    public func held(_ key: StreamKey) throws(StoreError) -> Ranges {
        var ranges = Ranges()
        guard let stream = try snapshot({ database throws(StoreError) in try self.local(key, database) }) else {
            return ranges
        }
        let scan = BlockScan(
            reader: self, stream: stream, numbers: 0..<SampleNumber.max, times: nil, withBodies: false)
        // The tail first: what leaves it in the meantime is found in the packs.
        try TailScan(self, run: key.runKey).run { found throws(StoreError) in
            switch found {
            case .segment(key, let segment): ranges.insert(segment.first..<segment.end)
            case .carried(let carried) where carried.stream == stream:
                if let samples = try? Packing.unpack(carried.packed, mostSamples: Block.mostSamples) {
                    ranges.insert(carried.first..<carried.first + SampleNumber(samples.count))
                }
            default: break
            }
            return true
        }
        _ = try scan.run { found throws(StoreError) in
            if !found.entry.isThinned { ranges.insert(found.entry.first..<found.entry.end) }
            return true
        }
        return ranges
    }

    private func eachBlock(
        of key: StreamKey, in numbers: Range<SampleNumber>, withBodies: Bool,
        _ body: (BlockHead, Block?) throws(StoreError) -> Bool
    ) throws(StoreError) {
        guard let (stream, boot) = try place(of: key) else { return }
        // The tail first: what leaves it in the meantime is found in the packs.
        var waiting = try waitingBlocks(key, stream, boot, numbers)[...]
        var early: Set<BlockHead> = []
        let scan = BlockScan(reader: self, stream: stream, numbers: numbers, times: nil, withBodies: withBodies)
        let goOn = try scan.run { found throws(StoreError) in
            let entry = found.entry
            let head = BlockHead(key: key, first: entry.first, count: entry.count, address: entry.address)
            while let next = waiting.first, next.head.first <= head.first {
                waiting.removeFirst()
                if next.head == head { continue }
                early.insert(next.head)
                guard try body(next.head, next.block) else { return false }
            }
            if early.contains(head) { return true }
            let block = entry.isThinned ? nil : found.packed.flatMap { Block(stored: $0, head, boot, entry) }
            return try body(head, block)
        }
        guard goOn else { return }
        for (head, block) in waiting { guard try body(head, block) else { return } }
    }

    private func place(of key: StreamKey) throws(StoreError) -> (LocalStream, BootID)? {
        try snapshot { database throws(StoreError) in
            guard let stream = try self.local(key, database), let run = try RingCatalog.row(of: key.runKey, database)
            else { return nil }
            let statement = try database.statement("SELECT boot FROM run WHERE id = ?")
            defer { statement.reset() }
            guard try statement.bind(1, run).step(), let boot = BootID(statement.bytes(0)) else { return nil }
            return (stream, boot)
        }
    }

    /// Blocks that are closed and in no pack on disk yet, made of the tail's samples.
    private func waitingBlocks(
        _ key: StreamKey, _ stream: LocalStream, _ boot: BootID, _ numbers: Range<SampleNumber>
    ) throws(StoreError) -> [(head: BlockHead, block: Block?)] {
        var segments: [Segment] = []
        var blocks: [(head: BlockHead, block: Block?)] = []
        try TailScan(self, run: key.runKey).run { found throws(StoreError) in
            switch found {
            case .segment(key, let segment): segments.append(segment)
            case .mark(let mark) where mark.stream == stream:
                let range = mark.first..<mark.end
                if range.overlaps(numbers) {
                    let head = BlockHead(key: key, first: mark.first, count: mark.count, address: mark.address)
                    let samples = RingRecovery.samples(range, of: segments)
                    // Older ones are in a pack: the tail keeps more than it must.
                    if let samples {
                        blocks.append((head, Block(key: key, first: mark.first, boot: boot, samples: samples)))
                    }
                }
                segments.removeAll { $0.end <= mark.end }
            case .carried(let carried) where carried.stream == stream:
                if let block = try? Block(received: carried.packed, key: key, first: carried.first, boot: boot),
                    (block.first..<block.end).overlaps(numbers)
                {
                    blocks.append((block.head, block))
                }
            default: break
            }
            return true
        }
        return blocks.sorted { $0.head.first < $1.head.first }
    }
}

extension Block {
    /// A block as this ring's directory and body have it, which a checksum holds together.
    fileprivate init?(stored packed: [UInt8], _ head: BlockHead, _ boot: BootID, _ entry: PackEntry) {
        guard let block = try? Block(received: packed, key: head.key, first: head.first, boot: boot),
            block.address == head.address
        else { return nil }
        self = block
    }
}
