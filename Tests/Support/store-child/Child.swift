import Glibc
import Hashing
import Measurements
import Store
import System

final class Child {
    static let gateway = Bytes32 { out in out[0] = 7 }
    static let streams = 3
    static let attribute = AttributeDeclaration(name: "a", kind: .integer(scale: 0))

    private let ring: Ring
    private let pending: PendingBuffer
    private let left: [PendingBuffer.Batch]
    private let run: RunKey
    private let boot: BootID
    private var writers: [StreamWriter]
    private var commits: UInt64 = 0

    init(folder: String, run number: UInt64) throws {
        let limits = RingLimits(bytes: 64 << 20, floorBytes: 0, packAgeSeconds: 2)
        ring = try Ring.open(at: folder + "/ring.db", limits: limits)
        (pending, left) = try PendingBuffer.open(at: folder + "/pending", bytes: 1 << 20)
        run = RunKey(gateway: Child.gateway, run: RunID(high: 1, low: number))
        boot = BootID(high: 1, low: 1)
        (writers, _) = ([], ())
        writers = (0..<Child.streams).map {
            StreamWriter(key: StreamKey(run, stream: StreamNumber($0)), boot: boot, attribute: Child.attribute)
        }
    }

    private static func declaration(_ stream: Int) -> StreamDeclaration {
        let sensor = SensorDeclaration(
            id: "s\(stream)", name: "s", kind: "test", origin: "simulated", decoder: "test/1", attributes: [attribute])
        return StreamDeclaration(number: StreamNumber(stream), sensor: sensor, attribute: attribute)
    }

    /// Samples that were pending get into a commit of their run, then the run's open blocks are closed.
    func finishWhatWasLeft() throws {
        var open: [StreamKey: StreamWriter] = [:]
        for one in ring.opened.unfinished {
            var writer = StreamWriter(key: one.key, boot: one.boot, attribute: Child.attribute, nextNumber: one.from)
            for segment in one.segments { try writer.replay(segment, now: 0) }
            open[one.key] = writer
        }
        var segments: [RunID: [Segment]] = [:]
        for batch in left {
            let key = StreamKey(gateway: Child.gateway, run: batch.run, stream: batch.stream)
            let committed = try ring.committedNext(of: key)
            let samples = try Packing.unpack(batch.body, mostSamples: Block.mostSamples)
            let end = batch.first + SampleNumber(samples.count)
            let known = max(open[key]?.nextNumber ?? committed, committed, batch.first)
            guard known < end else { continue }
            var writer =
                open[key] ?? StreamWriter(key: key, boot: boot, attribute: Child.attribute, nextNumber: known)
            writer.append(samples[Int(known - batch.first)..<samples.count])
            open[key] = writer
        }
        var blocks: [Block] = []
        for key in open.keys.sorted() {
            segments[key.run, default: []] += open[key]?.takeSegments(now: 0) ?? []
            blocks += open[key]?.closeAll() ?? []
        }
        for (run, segments) in segments {
            var commit = Commit(run: run, number: 1 << 32, time: 0, segments: segments)
            commit.open = opening(run)
            commit.declarations = (0..<Child.streams).map(Child.declaration)
            try ring.write(
                RingWrite(gateway: Child.gateway, commit: commit, blocks: blocks.filter { $0.key.run == run }), now: 0)
        }
        pending.begin(run.run)
    }

    private func opening(_ run: RunID) -> Signed<RunOpen>? {
        // Nobody looks at signatures here.
        guard let signature = Signature([UInt8](repeating: 1, count: Signature.count)) else { return nil }
        return RunOpen(
            gateway: Child.gateway, run: run, ordinal: 0, previousRun: .none, previousSeal: .zero, boot: boot,
            opened: 0, hardware: .zero, version: "test"
        ).signed { _ in signature }
    }

    func record() throws -> Never {
        var state = run.run.low &* 0x9e37_79b9_7f4a_7c15
        var turns = 0
        while true {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let stream = Int(state >> 33) % Child.streams
            let count = 1 + state >> 40 & 63
            let first = writers[stream].nextNumber
            let samples = Child.samples(first..<first + count, stream: stream, run: run.run.low)
            guard
                pending.append(
                    stream: StreamNumber(stream), first: first, count: UInt32(count), Packing.pack(samples))
            else { continue }
            writers[stream].append(samples)
            Child.say("\(stream) \(first + count)\n")
            turns += 1
            if turns % 20 == 0 { try commit() }
        }
    }

    private func commit() throws {
        pending.turn()
        var commit = Commit(run: run.run, number: commits, time: Int64(commits))
        if commits == 0 {
            commit.open = opening(run.run)
            commit.declarations = (0..<Child.streams).map(Child.declaration)
        }
        var write = RingWrite(gateway: Child.gateway)
        for stream in writers.indices {
            commit.segments += writers[stream].takeSegments(now: Int64(commits) * 100_000_000)
            write.blocks += writers[stream].takeBlocks(now: Int64(commits) * 100_000_000)
        }
        write.commit = commit
        try ring.write(write, now: 1_790_000_000 + Int64(commits) / 10)
        commits += 1
        pending.release()
    }

    static func samples(_ numbers: Range<SampleNumber>, stream: Int, run: UInt64) -> Samples {
        var samples = Samples(kind: .integer(scale: 0))
        for number in numbers {
            samples.times.append(BootTime(number) * 1_000_000)
            samples.integers.append(Int64((number &* 7_919 &+ run &* 31 &+ UInt64(stream)) % 1_000))
        }
        return samples
    }

    private static func say(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = write(1, bytes.baseAddress, bytes.count) }
    }
}
