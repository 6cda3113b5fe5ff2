import Decoders
import Foundation
import Measurements
import Notation
import Testing

/// The checkout, found from this file.
let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

func shippedDecoders() throws -> DecoderLibrary {
    let folder = checkout.appendingPathComponent("Config/decoders")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
    return DecoderLibrary(
        try names.sorted().map { ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0)))) })
}

/// Small, fast and the same everywhere; seeded from BOTHY_SEED or the clock, and said when a test fails.
struct Seeded: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(_ salt: UInt64 = 0) {
        seed = ProcessInfo.processInfo.environment["BOTHY_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1 ... .max)
        state = seed &+ salt
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

func description(_ text: String) throws -> Description { try Description(Array(text.utf8), file: "test.json") }

func values(_ readings: Readings, _ attributes: [AttributeDeclaration]) -> [String: [Value]] {
    Dictionary(grouping: readings.entries) { attributes[Int($0.attribute)].name }.mapValues { $0.map(\.value) }
}
