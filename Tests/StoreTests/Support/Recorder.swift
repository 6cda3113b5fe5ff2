import Hashing
import Measurements
import Store
import Testing

/// Writes a ring as a gateway does, and remembers what it wrote.
final class Recorder {
    let gateway: GatewayID
    let run: RunID
    let boot: BootID
    private(set) var writers: [StreamWriter] = []
    private(set) var declarations: [StreamDeclaration] = []
    private var undeclared: [StreamDeclaration] = []
    private(set) var commits: UInt64 = 0
    private(set) var seals: UInt64 = 0
    private var sealed: [BlockHead] = []
    /// What each seal said to be closed of the first stream.
    private(set) var sealedNext: [SampleNumber] = []
    private(set) var losses: [RingLoss] = []
    /// Of all blocks that were stored.
    private(set) var heads: [BlockHead] = []
    /// Taken from the writers; a write that failed left them behind for the next one.
    private var blocks: [Block] = []
    private var segments: [Segment] = []
    private var isOpen = false
    var limits = BlockLimits.standard

    init(run: UInt64 = 1, gateway: UInt8 = 7, boot: UInt64 = 1) {
        self.gateway = Bytes32 { out in for index in 0..<32 { out[index] = gateway } }
        self.run = RunID(high: 0xb0b0, low: run)
        self.boot = BootID(high: 0xb007, low: boot)
    }

    var runKey: RunKey { RunKey(gateway: gateway, run: run) }
    func key(_ stream: Int) -> StreamKey { StreamKey(runKey, stream: StreamNumber(stream)) }

    func heads(of stream: Int) -> [BlockHead] { heads.filter { $0.key.stream == StreamNumber(stream) } }

    @discardableResult
    func addStream(_ kind: ValueKind = .integer(scale: -2), components: [String] = [], at number: SampleNumber = 0)
        -> Int
    {
        let attribute = AttributeDeclaration(name: "a\(writers.count)", kind: kind, components: components)
        let sensor = SensorDeclaration(
            id: "sensor", name: "Sensor", kind: "test", origin: "simulated", decoder: "test/1", attributes: [attribute])
        let declaration = StreamDeclaration(
            number: StreamNumber(writers.count), sensor: sensor, attribute: attribute)
        writers.append(StreamWriter(key: key(writers.count), boot: boot, attribute: attribute, nextNumber: number))
        declarations.append(declaration)
        undeclared.append(declaration)
        return writers.count - 1
    }

    func append(_ samples: Samples, to stream: Int) { writers[stream].append(samples) }

    func replay(_ segment: Segment, _ stream: Int, now: BootTime) throws {
        try writers[stream].replay(segment, now: now)
    }

    /// One commit of all that was appended, with what blocks fell due.
    @discardableResult
    func commit(to ring: Ring, at time: BootTime, closing: Bool = false, sealing: Bool = false) throws -> RingWritten {
        var commit = Commit(run: run, number: commits, time: time)
        if !isOpen { commit.open = signedOpen() }
        commit.declarations = undeclared
        for stream in writers.indices { segments += writers[stream].takeSegments(now: time) }
        commit.segments = segments
        for stream in writers.indices {
            blocks +=
                closing
                ? writers[stream].closeAll(limits: limits) : writers[stream].takeBlocks(now: time, limits: limits)
        }
        var write = RingWrite(gateway: gateway, commit: commit, blocks: blocks)
        if sealing { write.seals = [seal(with: blocks, at: time)] }
        let written = try ring.write(write, now: 1_790_000_000 + time / 1_000_000_000)
        sealed += blocks.map(\.head)
        heads += blocks.map(\.head)
        (blocks, segments) = ([], [])
        (isOpen, undeclared) = (true, [])
        commits += 1
        if sealing {
            sealed = []
            seals += 1
            sealedNext.append(writers[0].closedNumber)
        }
        losses += written.losses
        return written
    }

    private func seal(with blocks: [Block], at time: BootTime) -> Signed<Seal> {
        let heads = (sealed + blocks.map(\.head)).sorted { ($0.key.stream, $0.first) < ($1.key.stream, $1.first) }
        let next = writers.indices.map {
            Seal.Next(stream: StreamNumber($0), number: writers[$0].closedNumber)
        }
        let seal = Seal(
            gateway: gateway, run: run, number: seals, previous: .zero, root: MerkleTree.root(heads.map(\.address)),
            blocks: UInt32(heads.count), time: time, next: next, gaps: [], declarations: declarations, anchors: [])
        return seal.signed { _ in Recorder.signature }
    }

    private func signedOpen() -> Signed<RunOpen> {
        RunOpen(
            gateway: gateway, run: run, ordinal: 0, previousRun: .none, previousSeal: .zero, boot: boot, opened: 0,
            hardware: .zero, version: "test"
        ).signed { _ in Recorder.signature }
    }

    /// The store checks no signatures: that is the business of those who read.
    static let signature = Signature([UInt8](repeating: 0x5a, count: Signature.count))!
}

/// What a stream should hold: sample `number` of a stream has values that follow from the number.
enum Wave {
    static func samples(
        _ numbers: Range<SampleNumber>, kind: ValueKind = .integer(scale: -2), width: Int = 1,
        stepNs: Int64 = 10_000_000
    ) -> Samples {
        var samples = Samples(kind: kind, width: width)
        for number in numbers {
            samples.times.append(BootTime(number) * stepNs)
            for part in 0..<width {
                let value = Int64((number &* 2_654_435_761 >> 7) % 199) + Int64(number % 1000) + Int64(part)
                switch kind {
                case .integer: samples.integers.append(value)
                case .double: samples.doubles.append(Double(value) / 8)
                case .boolean: samples.booleans.append(value % 2 == 0)
                case .text: samples.texts.append("value \(value)")
                }
            }
        }
        return samples
    }
}

extension RingReader {
    /// Everything of a stream, in one piece where nothing is missing.
    func all(
        _ key: StreamKey, numbers: Range<SampleNumber> = 0..<SampleNumber.max, times: ClosedRange<BootTime>? = nil
    ) throws -> (pieces: [(first: SampleNumber, samples: Samples)], thinned: Ranges, missing: Ranges) {
        var pieces: [(first: SampleNumber, samples: Samples)] = []
        var (thinned, missing) = (Ranges(), Ranges())
        try read(key, numbers: numbers, times: times) { piece throws(StoreError) in
            switch piece {
            case .samples(let first, let samples):
                if let last = pieces.last, last.first + SampleNumber(last.samples.count) == first {
                    pieces[pieces.count - 1].samples.append(samples)
                } else {
                    pieces.append((first, samples))
                }
            case .thinned(let range, _): thinned.insert(range)
            case .missing(let range): missing.insert(range)
            }
            return true
        }
        return (pieces, thinned, missing)
    }
}
