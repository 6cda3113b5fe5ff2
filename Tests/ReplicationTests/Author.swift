import Hashing
import Measurements
import Replication
import Simulator

/// A gateway that records: makes blocks, gaps and seals of one run, as the real one does.
struct Author {
    let key: LogKey
    private(set) var entries: [[UInt8]] = []
    private(set) var indexes: [[Leaf]] = []
    private(set) var blocks: [Bytes32: [UInt8]] = [:]
    private(set) var head: Bytes32
    private var next: [SampleNumber]
    private var time: BootTime = 0

    init(id: Bytes32, run: UInt64, streams: Int) {
        let runID = RunID(high: run, low: 1)
        key = LogKey(kind: .run, author: id, log: runID)
        next = Array(repeating: 0, count: streams)
        let open = RunOpen(
            gateway: id, run: runID, ordinal: 0, previousRun: .none, previousSeal: .zero,
            boot: BootID(high: 1, low: run), opened: 0, hardware: .zero, version: "test")
        entries = [open.signed(by: Signing.sign(as: id)).bytes]
        indexes = [[]]
        head = open.hash
    }

    /// Records a little and seals it. `losing` numbers of each stream are declared lost instead of stored.
    mutating func seal(samples: Int, losing lost: Int = 0, _ random: inout SeededGenerator) {
        var made: [Block] = []
        var gaps: [GapRecord] = []
        for stream in next.indices {
            var samples = Samples(kind: .integer(scale: 0)).filled(samples, from: &time, &random)
            samples.times.sort()
            let block = Block(
                key: StreamKey(key.run, stream: StreamNumber(stream)), first: next[stream],
                boot: BootID(high: 1, low: 1), samples: samples)
            made.append(block)
            next[stream] = block.end
            guard lost > 0 else { continue }
            let end = next[stream] + SampleNumber(lost)
            gaps.append(
                GapRecord(
                    run: key.log, stream: StreamNumber(stream), kind: .overflow,
                    extent: .numbers(first: next[stream], end: end, lost: SampleNumber(lost)), time: time,
                    cause: "test"))
            next[stream] = end
        }
        seal(made, gaps)
    }

    /// Declares lost what a seal covered.
    mutating func declareLost(position: Int) {
        seal(
            [],
            indexes[position].map {
                GapRecord(
                    run: key.log, stream: $0.stream, kind: .evicted,
                    extent: .numbers(first: $0.first, end: $0.numbers.upperBound, lost: SampleNumber($0.count)),
                    time: time, cause: "the ring was full")
            })
        for leaf in indexes[position] { blocks[leaf.address] = nil }
    }

    private mutating func seal(_ made: [Block], _ gaps: [GapRecord]) {
        for block in made { blocks[block.address] = RunReading.attachment(block) }
        let seal = Seal(
            gateway: key.author, run: key.log, number: UInt64(entries.count - 1), previous: head,
            root: MerkleTree.root(made.map(\.address)), blocks: UInt32(made.count), time: time,
            next: next.enumerated().map { Seal.Next(stream: StreamNumber($0.offset), number: $0.element) }, gaps: gaps,
            declarations: [], anchors: [])
        entries.append(seal.signed(by: Signing.sign(as: key.author)).bytes)
        indexes.append(made.map { Leaf($0.head) })
        head = seal.hash
    }
}

extension Samples {
    fileprivate func filled(_ count: Int, from time: inout BootTime, _ random: inout SeededGenerator) -> Samples {
        var samples = self
        for _ in 0..<count {
            time += 1_000_000
            samples.times.append(time)
            samples.integers.append(Int64.random(in: 0..<1000, using: &random))
        }
        return samples
    }
}
