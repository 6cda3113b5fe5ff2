import Hashing
import Measurements
import Notation
import System

/// What packing makes of real signals: bytes a sample with times and header counted, and how fast. What others make of
/// them is measured by `Benchmarks/codec`, which runs this one in turn with them.
enum CodecBench {
    static let subject = Subject(
        name: "codec",
        summary: "bytes a sample and samples a second of packing: --recordings FOLDER, --samples N, --rounds N",
        run: run)

    static let sizes = [100, 256, 1_024, 4_096]
    static let speedSize = 4_096

    static func run(_ options: Options) throws -> Report {
        let most = options["samples"].flatMap(Int.init) ?? 120_000
        let rounds = options.tiny ? 1 : options["rounds"].flatMap(Int.init) ?? 5
        let recordings =
            try options["recordings"].map { try Recording.all(in: $0, most: most) } ?? [Recording.madeUp]
        var rows = [["recording", "block", "bothy", "gorilla", "json", "encode M/s", "decode M/s"]]
        var raw: [JSON] = []
        var outcome = ByteWriter()
        for recording in recordings {
            for size in sizes where recording.values.count >= size {
                let measured = try measure(recording, size, rounds: rounds, outcome: &outcome)
                rows.append(measured.row)
                raw.append(measured.raw)
            }
        }
        var table = aligned(rows)
        if options.tiny { table = Hex.encode(SHA256.hash(outcome.bytes).bytes) }
        return Report(table: table, raw: .array(raw))
    }

    private static func measure(
        _ recording: Recording, _ size: Int, rounds: Int, outcome: inout ByteWriter
    ) throws -> (row: [String], raw: JSON) {
        let blocks = recording.blocks(of: size)
        let packed = blocks.map { Packing.pack($0) }
        let samples = Double(blocks.count * size)
        for (block, bytes) in zip(blocks, packed) {
            guard try Packing.unpack(bytes, mostSamples: size) == block else {
                throw Options.Wrong(description: "\(recording.name) does not come back as it was")
            }
            outcome.block(bytes)
        }
        let own = Double(packed.reduce(0) { $0 + $1.count }) / samples
        let gorilla = Double(blocks.reduce(0) { $0 + Gorilla.bytes($1.integers.map(Double.init)) }) / samples
        let json = Double(blocks.reduce(0) { $0 + spelledOut($1) }) / samples
        var row = [recording.name, String(size)] + [own, gorilla, json].map { spelled($0) }
        var raw: JSON = [
            "recording": .init(recording.name), "block": .init(size), "samples": .init(Int(samples)),
            "bothy": .init(own), "gorilla": .init(gorilla), "json": .init(json),
        ]
        guard size == speedSize else { return (row, raw) }
        let rates = try speed(blocks, packed, rounds: rounds)
        row += [spelled(median(rates.encode), places: 1), spelled(median(rates.decode), places: 1)]
        if case .object(var members) = raw {
            members.append(.init("encodeMillionsPerSecond", .array(rates.encode.map { .init($0) })))
            members.append(.init("decodeMillionsPerSecond", .array(rates.decode.map { .init($0) })))
            raw = .object(members)
        }
        return (row, raw)
    }

    private static func speed(
        _ blocks: [Samples], _ packed: [[UInt8]], rounds: Int
    ) throws -> (encode: [Double], decode: [Double]) {
        var (encode, decode): ([Double], [Double]) = ([], [])
        let values = Double(blocks.count * speedSize)
        let repeats = max(1, 200_000 / (blocks.count * speedSize))
        for _ in 0..<rounds {
            var (bytes, samples) = (0, 0)
            let start = SystemClock.bootTime
            for _ in 0..<repeats { for block in blocks { bytes += Packing.pack(block).count } }
            let middle = SystemClock.bootTime
            for _ in 0..<repeats {
                for block in packed { samples += try Packing.unpack(block, mostSamples: speedSize).count }
            }
            let end = SystemClock.bootTime
            guard bytes > 0, samples > 0 else { break }
            encode.append(values * Double(repeats) * 1e3 / Double(max(1, middle - start)))
            decode.append(values * Double(repeats) * 1e3 / Double(max(1, end - middle)))
        }
        return (encode, decode)
    }

    /// Bytes of the same samples as JSON with a timestamp each.
    private static func spelledOut(_ samples: Samples) -> Int {
        (0..<samples.count).reduce(0) { sum, index in
            sum + "{\"t\":\(samples.times[index]),\"v\":\(samples.integers[index])},".utf8.count
        }
    }
}
