import Foundation
import Measurements
import Notation

/// Samples of every kind and temper with their packing, for the decoder in the page.
enum Vectors {
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    /// The seed is printed by whoever fails.
    static let seed = ProcessInfo.processInfo.environment["BOTHY_SEED"].flatMap { UInt64($0) } ?? 20_26

    static func all(_ count: Int) -> JSON {
        var random = Seeded(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        return .array((0..<count).map { _ in json(samples(&random)) })
    }

    private static func json(_ samples: Samples) -> JSON {
        var values: [JSON] = []
        for index in 0..<samples.count {
            for part in 0..<samples.width {
                switch samples.value(index, component: part) {
                case .integer(let value): values.append(.string(String(value)))
                // By its bits: a NaN is itself and −0 is not 0.
                case .double(let value): values.append(.string(String(value.bitPattern)))
                case .boolean(let value): values.append(.string(String(value)))
                case .text(let value): values.append(.string(value))
                }
            }
        }
        var (kind, scale) = ("integer", 0)
        switch samples.kind {
        case .integer(let declared): scale = Int(declared)
        case .double: kind = "double"
        case .boolean: kind = "boolean"
        case .text: kind = "text"
        }
        return [
            "packed": .string(Hex.encode(Packing.pack(samples))), "kind": .string(kind), "scale": JSON(scale),
            "width": JSON(samples.width), "times": .array(samples.times.map { .string(String($0)) }),
            "values": .array(values),
        ]
    }

    private static func samples(_ random: inout Seeded) -> Samples {
        let kinds: [ValueKind] = [
            .integer(scale: Int8.random(in: -9...3, using: &random)), .integer(scale: -3), .double, .boolean, .text,
        ]
        var samples = Samples(
            kind: kinds.randomElement(using: &random)!, width: [1, 1, 1, 3, 7].randomElement(using: &random)!)
        let count = [0, 1, 2, 3, 17, 130, 400].randomElement(using: &random)!
        let (start, step) = (
            Int64.random(in: 0...1 << 52, using: &random), Int64.random(in: 1...1 << 31, using: &random)
        )
        let temper = Int.random(in: 0..<5, using: &random)
        for index in 0..<count {
            switch temper {
            case 0: samples.times.append(start &+ Int64(index) &* step)
            case 1: samples.times.append(start &+ Int64((Double(index) * 1e9 / 129.97).rounded()))
            case 2:
                samples.times.append(start &+ Int64(index) &* step &+ Int64.random(in: -9999...9999, using: &random))
            case 3: samples.times.append(start)
            default: samples.times.append(Int64.random(in: .min ... .max, using: &random))
            }
        }
        fill(&samples, count * samples.width, &random)
        return samples
    }

    private static func fill(_ samples: inout Samples, _ count: Int, _ random: inout Seeded) {
        let temper = Int.random(in: 0..<6, using: &random)
        var walk: Int64 = 0
        for index in 0..<count {
            walk &+= Int64.random(in: -20...20, using: &random)
            switch samples.kind {
            case .integer:
                let wave = Int64(sin(Double(index) / 7) * 900) + Int64.random(in: -3...3, using: &random)
                let spiky = index % 97 == 5 ? Int64.random(in: .min ... .max, using: &random) : walk
                samples.integers.append(
                    [walk, wave, 42, Int64(index / 20) * 500, spiky, Int64.random(in: .min ... .max, using: &random)][
                        temper])
            case .double:
                let odd = [Double.nan, -0.0, .infinity, .leastNonzeroMagnitude].randomElement(using: &random)!
                samples.doubles.append(
                    [
                        Double(walk) / 100, Double(walk) / 1024, sin(Double(index)),
                        index % 40 == 7 ? odd : Double(walk) / 10,
                        odd, Double(bitPattern: random.next()),
                    ][temper])
            case .boolean: samples.booleans.append(temper < 3 ? index / 25 % 2 == 0 : Bool.random(using: &random))
            case .text:
                samples.texts.append(temper < 3 ? ["on", "off", "", "größer\u{301} 🌾"][index % 4] : "n\(walk)")
            }
        }
    }
}
