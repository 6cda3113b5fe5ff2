import Measurements
import Notation

/// One signal as a package ships it: numbers at a scale, sampled evenly.
struct Recording {
    var name: String
    var scale: Int8
    var rateHz: Double
    var values: [Int64]

    /// `manifest.json` in `folder` lists {name, file, scale, rateHz}; each file holds little-endian 64-bit numbers.
    static func all(in folder: String, most: Int) throws -> [Recording] {
        let manifest = try JSONReader.read(try Files.read(folder + "/manifest.json"))
        return try (manifest.array ?? []).map { entry in
            guard let name = entry["name"]?.string, let file = entry["file"]?.string,
                let scale = entry["scale"]?.integer.flatMap(Int8.init(exactly:)), let rate = entry["rateHz"]?.double
            else { throw Options.Wrong(description: "an entry of \(folder)/manifest.json is incomplete") }
            let bytes = try Files.read(folder + "/" + file)
            let values = bytes.withUnsafeBytes { raw in
                (0..<min(most, raw.count / 8)).map {
                    Int64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))
                }
            }
            return Recording(name: name, scale: scale, rateHz: rate, values: values)
        }
    }

    /// A heartbeat of sorts, the same everywhere.
    static let madeUp: Recording = {
        var noise: UInt64 = 1
        let values = (0..<8_192).map { index -> Int64 in
            noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let phase = Int64(index % 290)
            let beat = phase < 12 ? phase * (12 - phase) * 22 : 0
            let wave = phase > 60 && phase < 120 ? (phase - 60) * (120 - phase) / 9 : 0
            return 512 + beat + wave + Int64(noise >> 61)
        }
        return Recording(name: "made up", scale: 0, rateHz: 360, values: values)
    }()

    /// The samples in blocks of `size`; the last, short one is left out.
    func blocks(of size: Int) -> [Samples] {
        let period = Int64((1e9 / rateHz).rounded())
        return (0..<values.count / size).map { block in
            var samples = Samples(kind: .integer(scale: scale))
            for index in block * size..<(block + 1) * size {
                // After five days of uptime.
                samples.times.append(432_000_000_000_000 + Int64(index) * period)
                samples.integers.append(values[index])
            }
            return samples
        }
    }
}
