import Hashing
import Measurements

/// Finds a stream's blocks by the fences, within one snapshot of its caller.
struct PackSearch {
    let database: Database

    init(_ database: Database) { self.database = database }

    /// A pack that a fence says has blocks of the stream.
    struct Candidate: Hashable {
        var slot: Int64
        var group: Int
        var place: UInt64
    }

    /// Up to 64 packs whose numbers belong together, and the numbers their fences speak of.
    struct Stretch {
        var row: Int64
        var numbers: Range<SampleNumber>
        var firstTime: BootTime
        var lastTime: BootTime
        var candidates: [Candidate]
    }

    /// All fences that know the stream, by number.
    func stretches(of stream: LocalStream) throws(StoreError) -> [Stretch] {
        let group = PackLayout.group(of: stream)
        let rows = Fence.rows(group: group)
        let statement = try database.statement("SELECT id, body FROM fence WHERE id >= ? AND id < ? ORDER BY id")
        defer { statement.reset() }
        statement.bind(1, rows.lowerBound).bind(2, rows.upperBound)
        var found: [Stretch] = []
        while try statement.step() {
            let row = statement.integer(0)
            let fence = try Fence.decode(statement.bytes(1), database, row)
            guard let entry = fence.entry(of: stream) else { continue }
            var candidates: [Candidate] = []
            for bit in 0..<Fence.packs where entry.mask >> UInt64(bit) & 1 == 1 && fence.slots[bit] != 0 {
                let place = UInt64(row - rows.lowerBound) * UInt64(Fence.packs) + UInt64(bit)
                candidates.append(Candidate(slot: Int64(fence.slots[bit]), group: group, place: place))
            }
            found.append(
                Stretch(
                    row: row, numbers: entry.first..<entry.end, firstTime: entry.firstTime, lastTime: entry.lastTime,
                    candidates: candidates))
        }
        return found.sorted { ($0.numbers.lowerBound, $0.row) < ($1.numbers.lowerBound, $1.row) }
    }

    /// The pack, unless the ring has turned under its reader.
    func load(_ candidate: Candidate, withBody: Bool) throws(StoreError) -> LoadedPack? {
        guard let pack = try LoadedPack.read(database, slot: candidate.slot, withBody: withBody),
            pack.header.group == candidate.group, pack.header.place == candidate.place
        else { return nil }
        return pack
    }

    /// What directories say of a stream's blocks that meet a range; in one snapshot, for few blocks.
    func heads(of stream: LocalStream, in range: Range<SampleNumber>) throws(StoreError) -> [PackEntry] {
        var found: [PackEntry] = []
        for stretch in try stretches(of: stream) where stretch.numbers.overlaps(range) {
            for candidate in stretch.candidates {
                guard let pack = try load(candidate, withBody: false) else { continue }
                found += pack.entries.filter {
                    $0.stream == stream && $0.end > range.lowerBound && $0.first < range.upperBound
                }
            }
        }
        return found
    }
}
