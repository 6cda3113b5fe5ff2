import Hashing
import Measurements
import Store

/// Streams of one gateway that never tire.
final class RingLoad {
    private let setting: RingBench.Setting
    private let gateway = Bytes32 { out in out[0] = 1 }
    private let run = RunID(high: 1, low: 1)
    private let boot = BootID(high: 1, low: 1)
    private var writers: [StreamWriter]
    private let declarations: [StreamDeclaration]
    private var commits: UInt64 = 0
    private var number: SampleNumber = 0
    private(set) var packedBytes = 0
    /// The bytes of all commits, each after its length: for those who store the same.
    private(set) var exported: [UInt8] = []
    private var noise: UInt64 = 1

    init(_ setting: RingBench.Setting) {
        self.setting = setting
        let attribute = AttributeDeclaration(name: "a", kind: .integer(scale: -2))
        let sensor = SensorDeclaration(
            id: "bench", name: "Bench", kind: "bench", origin: "simulated", decoder: "bench/1", attributes: [attribute])
        let key = RunKey(gateway: gateway, run: run)
        writers = []
        for stream in 0..<setting.streams {
            writers.append(
                StreamWriter(key: StreamKey(key, stream: StreamNumber(stream)), boot: boot, attribute: attribute))
        }
        declarations = (0..<setting.streams).map {
            StreamDeclaration(number: StreamNumber($0), sensor: sensor, attribute: attribute)
        }
    }

    /// The next commit, with the blocks that fall due, stored durably.
    func commit(to ring: Ring) throws {
        let now = Int64(Double(commits + 1) * setting.secondsBetween * 1e9)
        var commit = Commit(run: run, number: commits, time: now)
        if commits == 0 {
            commit.declarations = declarations
            commit.open = opening
        }
        var write = RingWrite(gateway: gateway)
        let each = max(1, setting.samples / setting.streams)
        for stream in writers.indices {
            writers[stream].append(samples(each, stream))
            commit.segments += writers[stream].takeSegments(now: now)
        }
        for stream in writers.indices { write.blocks += writers[stream].takeBlocks(now: now) }
        packedBytes += commit.segments.reduce(0) { $0 + $1.packed.count }
        if setting.export != nil {
            let bytes = commit.bytes
            withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { exported += $0 }
            exported += bytes
        }
        write.commit = commit
        try ring.write(write, now: 1_790_000_000 + now / 1_000_000_000)
        number += SampleNumber(each)
        commits += 1
    }

    private func samples(_ count: Int, _ stream: Int) -> Samples {
        var samples = Samples(kind: .integer(scale: -2))
        let step = Int64(setting.secondsBetween * 1e9) / Int64(count)
        let ecg = Recording.madeUp.values
        for index in 0..<count {
            noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let at = Int(number) + index
            samples.times.append(Int64(at) * step + Int64(stream))
            let value =
                setting.signal == "slow"
                ? 2_150 + Int64(at / 40 % 60) + Int64(noise >> 62)
                : ecg[(at + stream * 577) % ecg.count] + Int64(noise >> 62)
            samples.integers.append(value)
        }
        return samples
    }

    private var opening: Signed<RunOpen>? {
        guard let signature = Signature([UInt8](repeating: 1, count: Signature.count)) else { return nil }
        return RunOpen(
            gateway: gateway, run: run, ordinal: 0, previousRun: .none, previousSeal: .zero, boot: boot, opened: 0,
            hardware: .zero, version: "bench"
        ).signed { _ in signature }
    }
}
