@testable import Measurements

/// Samples of every kind and temper, repeatable from a seed.
enum SampleShapes {
    static func samples(_ random: inout Seeded, most: Int = 1_024) -> Samples {
        let width = Int.random(in: 0..<4, using: &random) == 0 ? Int.random(in: 2...7, using: &random) : 1
        let kinds: [ValueKind] = [
            .integer(scale: Int8.random(in: -9...3, using: &random)), .double, .boolean, .text,
        ]
        var samples = Samples(kind: kinds.randomElement(using: &random)!, width: width)
        let few = Bool.random(using: &random)
        let count = Int.random(in: 0...(few ? min(most, 12) : most), using: &random)
        samples.times = times(count, &random)
        var columns: [[Value]] = []
        for _ in 0..<width { columns.append(column(samples.kind, count, &random)) }
        for index in 0..<count {
            for column in columns {
                switch column[index] {
                case .integer(let value): samples.integers.append(value)
                case .double(let value): samples.doubles.append(value)
                case .boolean(let value): samples.booleans.append(value)
                case .text(let value): samples.texts.append(value)
                }
            }
        }
        return samples
    }

    static func times(_ count: Int, _ random: inout Seeded) -> [BootTime] {
        let start = Int64.random(in: 0...1 << 50, using: &random)
        let step = Int64.random(in: 1...2_000_000_000, using: &random)
        let temper = Int.random(in: 0..<7, using: &random)
        return (0..<count).map { index in
            let even = start &+ Int64(index) &* step
            switch temper {
            case 0: return even
            case 1: return start + Int64((Double(index) * 1e9 / 129.97).rounded())
            case 2: return even &+ Int64.random(in: -500_000...500_000, using: &random)
            case 3: return start
            case 4: return start &- Int64(index) &* step
            case 5: return Int64.random(in: .min ... .max, using: &random)
            default: return even &+ Int64(index / 17) &* 1_234_567
            }
        }
    }

    static func column(_ kind: ValueKind, _ count: Int, _ random: inout Seeded) -> [Value] {
        switch kind {
        case .integer: integers(count, &random).map { .integer($0) }
        case .double: doubles(count, &random).map { .double($0) }
        case .boolean:
            {
                let stay = Int.random(in: 1...30, using: &random)
                var value = Bool.random(using: &random)
                return (0..<count).map { _ in
                    if Int.random(in: 0..<stay, using: &random) == 0 { value.toggle() }
                    return .boolean(value)
                }
            }()
        case .text:
            {
                let words = ["", "on", "off", "é", "e\u{301}", "\u{0}", String(repeating: "ü", count: 127), "三"]
                let different = Int.random(in: 1...words.count, using: &random)
                let unique = Int.random(in: 0..<5, using: &random) == 0
                return (0..<count).map { index in
                    .text(unique ? "entry \(index)" : words[Int.random(in: 0..<different, using: &random)])
                }
            }()
        }
    }

    static func integers(_ count: Int, _ random: inout Seeded) -> [Int64] {
        let temper = Int.random(in: 0..<11, using: &random)
        let base = Int64.random(in: -5_000...5_000, using: &random)
        var walk = base
        return (0..<count).map { index in
            switch temper {
            case 0: return base
            case 1: return base + Int64(index) * 3
            case 2:
                walk += Int64.random(in: -9...9, using: &random)
                return walk
            case 3: return Int64.random(in: .min ... .max, using: &random)
            case 4: return [Int64.min, .max, 0, -1, 1].randomElement(using: &random)!
            case 5: return base + Int64(index / 40)
            case 6:
                walk += Int64.random(in: -3...3, using: &random)
                return Int.random(in: 0..<50, using: &random) == 0
                    ? Int64.random(in: .min ... .max, using: &random) : walk
            case 7: return base + 5 * Int64.random(in: -100...100, using: &random)
            case 8: return Int64(index % 2) &* .max
            case 9: return Int64(index * index - 70 * index)
            default:
                let phase = Double(index % 37) / 37
                return base + Int64(4_000 * phase * (1 - phase)) + Int64.random(in: -2...2, using: &random)
            }
        }
    }

    static let oddDoubles: [Double] = [
        .nan, -.nan, Double(bitPattern: 0x7ff0_0000_0000_0001), Double(bitPattern: 0xfff8_dead_beef_0001), .infinity,
        -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude, .pi,
        0x1p53, 0x1p53 + 2, 1e300, 0.1, 0.3,
    ]

    static func doubles(_ count: Int, _ random: inout Seeded) -> [Double] {
        let temper = Int.random(in: 0..<9, using: &random)
        var walk = 20.0
        return (0..<count).map { index in
            switch temper {
            case 0: return 21.5
            case 1: return Double(Int.random(in: -4_000...4_000, using: &random)) / 100
            case 2: return Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random))
            case 3: return oddDoubles.randomElement(using: &random)!
            case 4:
                walk += Double.random(in: -0.1...0.1, using: &random)
                return walk
            case 5: return Double(Float(Double.random(in: -1...1, using: &random)))
            case 6: return Double(Int.random(in: -32_768...32_767, using: &random)) * 10 / 32_768
            case 7:
                let odd = Int.random(in: 0..<40, using: &random) == 0
                return odd ? oddDoubles.randomElement(using: &random)! : Double(index) / 1_000
            default: return Double(index) * 1e17
            }
        }
    }
}
