import Hashing
import Measurements
import Notation
import Store
import System

/// What it costs to keep samples: how many a second a disk takes for good, and how many bytes the disk is written for
/// each. What others make of the same samples is measured by `Benchmarks/ring`, which runs this one in turn with them.
enum RingBench {
    static let subject = Subject(
        name: "ring",
        summary:
            "durable samples a second and bytes at the device: --folder DIR, --commits N, --samples N, --streams N,"
            + " --cap MIB, --seconds BETWEEN, --turns N, --export FILE, --signal ecg|slow",
        run: run)

    /// What is measured, in words of the command line.
    struct Setting {
        var folder = "."
        var commits = 2_000
        var samples = 1_000
        var streams = 10
        var capBytes = 64 << 20
        /// By the streams' own clock, which decides when blocks and packs are due.
        var secondsBetween = 1.0
        /// How often the ring has turned before measuring begins.
        var turns = 0
        var signal = "ecg"
        var export: String?
        /// Commits a second of real time; 0 for as many as possible.
        var pace = 0.0

        init(_ options: Options) throws {
            func number(_ name: String, _ value: inout Int) throws {
                guard let given = options[name] else { return }
                guard let read = Int(given), read >= 0 else {
                    throw Options.Wrong(description: "--\(name) is a number")
                }
                value = read
            }
            if options.tiny { (commits, capBytes, samples) = (120, 8 << 20, 400) }
            folder = options["folder"] ?? folder
            try number("commits", &commits)
            try number("samples", &samples)
            try number("streams", &streams)
            try number("turns", &turns)
            var cap = capBytes >> 20
            try number("cap", &cap)
            capBytes = cap << 20
            secondsBetween = options["seconds"].flatMap(Double.init) ?? secondsBetween
            pace = options["pace"].flatMap(Double.init) ?? pace
            signal = options["signal"] ?? signal
            export = options["export"]
        }
    }

    static func run(_ options: Options) throws -> Report {
        let setting = try Setting(options)
        let path = setting.folder + "/ring.db"
        let ring = try Ring.open(
            at: path, limits: RingLimits(bytes: setting.capBytes, floorBytes: 0, policy: .dropOldest))
        let load = RingLoad(setting)
        while ring.turns < Double(setting.turns) { try load.commit(to: ring) }
        let before = try ring.stats()
        let packedBefore = load.packedBytes
        let start = SystemClock.bootTime
        for commit in 0..<setting.commits {
            if setting.pace > 0 { wait(until: start + Int64(Double(commit) / setting.pace * 1e9)) }
            try load.commit(to: ring)
        }
        let seconds = Double(SystemClock.bootTime - start) / 1e9
        sync()
        let after = try ring.stats()
        if let export = setting.export { try Files.write(load.exported, to: export) }
        return report(
            setting, before, after, seconds: seconds, packed: load.packedBytes - packedBefore, turns: ring.turns,
            tiny: options.tiny)
    }

    private static func report(
        _ setting: Setting, _ before: RingStats, _ after: RingStats, seconds: Double, packed: Int, turns: Double,
        tiny: Bool
    ) -> Report {
        let samples = Double(after.counters.samples - before.counters.samples)
        let own = Double(after.bytesWritten - before.bytesWritten)
        let device = zip(before.deviceBytesWritten, after.deviceBytesWritten).map { Double($1 - $0) }
        let days = setting.secondsBetween * Double(setting.commits) / 86_400
        let bar = (20_480 * Double(setting.commits) + 5 * Double(packed)) / samples
        var rows = [["samples", "samples/s", "turns", "packed B", "SQLite B", "device B", "bar B", "device MB a day"]]
        rows.append([
            "\(Int(samples))", spelled(samples / seconds, places: 0), spelled(turns, places: 1),
            spelled(Double(packed) / samples), spelled(own / samples), device.map { spelled($0 / samples) } ?? "–",
            spelled(bar), device.map { spelled($0 / days / 1e6, places: 1) } ?? "–",
        ])
        let raw: JSON = [
            "commits": .init(setting.commits), "samplesACommit": .init(setting.samples),
            "streams": .init(setting.streams), "secondsBetween": .init(setting.secondsBetween),
            "turns": .init(turns), "samples": .init(samples), "seconds": .init(seconds),
            "packedBytes": .init(packed), "ownBytes": .init(own), "deviceBytes": .init(device ?? -1),
            "checkpoints": .init(Int(after.counters.checkpoints - before.counters.checkpoints)),
            "packsWritten": .init(Int(after.counters.packsWritten - before.counters.packsWritten)),
        ]
        let table = tiny ? "\(Int(samples)) samples, \(packed) bytes" : aligned(rows)
        return Report(table: table, raw: raw)
    }

    private static func zip(_ left: UInt64?, _ right: UInt64?) -> (UInt64, UInt64)? {
        guard let left, let right else { return nil }
        return (left, right)
    }

    private static func sync() { Files.sync() }

    private static func wait(until time: Int64) {
        while SystemClock.bootTime < time { Files.pause(milliseconds: 1) }
    }
}

extension Ring {
    /// How often all of it was written over.
    fileprivate var turns: Double {
        guard let stats = try? stats(), stats.packSlots > 0 else { return 0 }
        return Double(stats.counters.packsWritten) / Double(stats.packSlots)
    }
}
