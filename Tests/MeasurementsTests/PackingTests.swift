import Foundation
import Testing

@testable import Measurements

/// The seed of this run's random tests: BOTHY_SEED, or one that is printed.
let seed: UInt64 = {
    let given = ProcessInfo.processInfo.environment["BOTHY_SEED"].flatMap(UInt64.init)
    let seed = given ?? UInt64.random(in: 1...1_000_000)
    print("BOTHY_SEED=\(seed)")
    return seed
}()

@Suite("Packing is lossless, and unpacking is total")
struct PackingTests {
    @Test("Samples of every kind and temper come back bit for bit")
    func roundTrips() throws {
        var random = Seeded(seed)
        for round in 0..<600 {
            let samples = SampleShapes.samples(&random)
            let packed = Packing.pack(samples)
            let read = try Packing.unpack(packed)
            guard read == samples else {
                Issue.record("round \(round) of seed \(seed): \(samples.kind), \(samples.count) × \(samples.width)")
                return
            }
        }
    }

    @Test("Bytes with a few changes unpack to samples or to a named error")
    func mutations() throws {
        var random = Seeded(seed &+ 1)
        for _ in 0..<150 {
            let packed = Packing.pack(SampleShapes.samples(&random, most: 200))
            for _ in 0..<20 {
                var bytes = packed
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
                if let samples = try? Packing.unpack(bytes) { #expect(samples.count <= Block.mostSamples) }
            }
        }
    }

    @Test("Nothing unpacks to more samples than the caller allows")
    func bounded() {
        var samples = Samples(kind: .integer(scale: 0))
        samples.times = Array(repeating: 0, count: 1_025)
        samples.integers = Array(repeating: 0, count: 1_025)
        #expect(throws: Malformed("count", .tooLarge, at: 1)) { try Packing.unpack(Packing.pack(samples)) }
    }

    @Test("A constant rate costs a few bytes a block, whatever the rate", arguments: [1_000.0, 360, 130, 129.97, 7.3])
    func evenTimes(rate: Double) throws {
        for count in [100, 256, 1_024] {
            var samples = Samples(kind: .boolean)
            samples.times = (0..<count).map { 432_000_123_456_789 + Int64((Double($0) * 1e9 / rate).rounded()) }
            samples.booleans = Array(repeating: false, count: count)
            #expect(Packing.pack(samples).count <= 34, "\(count) samples at \(rate) Hz")
            #expect(try Packing.unpack(Packing.pack(samples)) == samples)
        }
    }
}
