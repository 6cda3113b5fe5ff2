import Measurements

/// Goes through a stream's packed blocks by number, one short snapshot a pack.
struct BlockScan {
    struct Found {
        var entry: PackEntry
        /// Nil where it could not be read: damaged, or overwritten since.
        var packed: [UInt8]?
    }

    let reader: RingReader
    let stream: LocalStream
    let numbers: Range<SampleNumber>
    let times: ClosedRange<BootTime>?
    let withBodies: Bool

    /// Calls `body` for each block until it says false; false then, too.
    func run(_ body: (Found) throws(StoreError) -> Bool) throws(StoreError) -> Bool {
        let stretches = try reader.snapshot { database throws(StoreError) in
            try PackSearch(database).stretches(of: stream).filter(matches)
        }
        var index = 0
        while index < stretches.count {
            // Fences whose numbers overlap, as they do where blocks came out of order, are read as one.
            var candidates = stretches[index].candidates
            var end = stretches[index].numbers.upperBound
            index += 1
            while index < stretches.count, stretches[index].numbers.lowerBound < end {
                candidates += stretches[index].candidates
                end = max(end, stretches[index].numbers.upperBound)
                index += 1
            }
            guard try run(candidates, body) else { return false }
        }
        return true
    }

    private func matches(_ stretch: PackSearch.Stretch) -> Bool {
        stretch.numbers.overlaps(numbers)
            && (times.map { stretch.firstTime <= $0.upperBound && stretch.lastTime >= $0.lowerBound } ?? true)
    }

    private func matches(_ entry: PackEntry) -> Bool {
        entry.stream == stream && entry.end > numbers.lowerBound && entry.first < numbers.upperBound
            && (times.map { entry.firstTime <= $0.upperBound && entry.lastTime >= $0.lowerBound } ?? true)
    }

    private func run(
        _ candidates: [PackSearch.Candidate], _ body: (Found) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        var entries: [(entry: PackEntry, from: Int)] = []
        for (index, candidate) in candidates.enumerated() {
            let pack = try reader.snapshot { database throws(StoreError) in
                try PackSearch(database).load(candidate, withBody: false)
            }
            for entry in pack?.entries ?? [] where matches(entry) { entries.append((entry, index)) }
        }
        entries.sort { ($0.entry.first, $0.from) < ($1.entry.first, $1.from) }
        var loaded: (index: Int, pack: LoadedPack?)?
        for (entry, index) in entries {
            if withBodies, loaded?.index != index {
                let pack = try reader.snapshot { database throws(StoreError) in
                    try PackSearch(database).load(candidates[index], withBody: true)
                }
                loaded = (index, pack)
            }
            let packed = withBodies ? try? loaded?.pack?.packed(entry, path: reader.database.path) : nil
            guard try body(Found(entry: entry, packed: packed)) else { return false }
        }
        return true
    }
}
