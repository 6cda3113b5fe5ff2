import Measurements
import Testing

@testable import Links

@Suite struct PolarTests {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    func header(_ kind: UInt8, _ time: Int, _ form: UInt8) -> [UInt8] { [kind] + little(time, 8) + [form] }

    @Test func plainSamplesHaveTheirSign() throws {
        let ecg = try PolarFrame(header(0, 5, 0) + little(-12, 3) + little(70_000, 3))
        #expect(ecg.values == [-12, 70_000] && ecg.count == 2 && ecg.time == 5)
        let still = try PolarFrame(header(2, 0, 1) + little(-1000, 2) + little(0, 2) + little(998, 2))
        #expect(still.values == [-1000, 0, 998] && still.width == 3)
        let beat = try PolarFrame(header(3, 0, 0) + [0] + little(60_000, 2) + little(12, 2) + [0xFF])
        #expect(beat.values == [0, 60_000, 12, 255])
    }

    /// Packs differences as the specification says, apart from the code under test.
    func packed(_ samples: [[Int]], bits: Int) -> [UInt8] {
        var stream: [UInt8] = []
        var used = 0
        for (before, now) in zip(samples, samples.dropFirst()) {
            for (old, new) in zip(before, now) {
                for bit in 0..<bits {
                    if used % 8 == 0 { stream.append(0) }
                    stream[used / 8] |= UInt8((new - old) >> bit & 1) << UInt8(used % 8)
                    used += 1
                }
            }
        }
        return [UInt8(bits), UInt8(samples.count - 1)] + stream
    }

    @Test func packedDifferencesComeBack() throws {
        var random = Seeded()
        for _ in 0..<200 {
            let bits = Int.random(in: 2...12, using: &random)
            let reach = (1 << (bits - 1)) - 1
            var samples = [(0..<3).map { _ in Int.random(in: -8000...8000, using: &random) }]
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                samples.append(samples.last!.map { $0 + Int.random(in: -reach - 1...reach, using: &random) })
            }
            let bytes = header(2, 0, 0x81) + samples[0].flatMap { little($0, 2) } + packed(samples, bits: bits)
            #expect(try PolarFrame(bytes).values.map { Int($0) } == samples.flatMap { $0 }, "seed \(random.seed)")
        }
    }

    @Test func whatIsNoFrameIsNamed() {
        #expect(throws: PolarFrame.Wrong.tooShort) { try PolarFrame([0, 1, 2]) }
        #expect(throws: PolarFrame.Wrong.unknownKind(9)) { try PolarFrame(header(9, 0, 0)) }
        #expect(throws: PolarFrame.Wrong.unknownForm(7)) { try PolarFrame(header(0, 0, 7)) }
        #expect(throws: PolarFrame.Wrong.tooShort) { try PolarFrame(header(0, 0, 0) + [1, 2]) }
        #expect(throws: PolarFrame.Wrong.malformedDifferences) {
            try PolarFrame(header(2, 0, 0x81) + [UInt8](repeating: 0, count: 6) + [8, 200, 1])
        }
        var random = Seeded()
        for _ in 0..<20_000 {
            var bytes = random.bytes(Int.random(in: 0...60, using: &random))
            if bytes.count > 9 {
                bytes[0] = [0, 1, 2, 3, 5, 6].randomElement(using: &random)!
                bytes[9] = [0, 1, 2, 0x80, 0x81].randomElement(using: &random)!
            }
            _ = try? PolarFrame(bytes)
        }
    }

    @Test func samplesAreSpreadOverTheTimeBetweenFrames() throws {
        var decoder = PolarDecoder()
        var readings = Readings()
        let step = 7_692_307
        // Frames of ten arrive with a delay that changes; the times stay even.
        for (frame, delay) in [40, 90, 45, 200, 42].enumerated() {
            let sensed = 1_000_000_000 + (frame + 1) * 10 * step
            let bytes = header(0, sensed, 0) + (0..<10).flatMap { little(frame * 10 + $0, 3) }
            try decoder.decode(bytes, now: Int64(5_000_000_000 + sensed + delay * 1_000_000), into: &readings)
        }
        #expect(readings.entries.count == 50)
        #expect(readings.entries.map(\.value) == (0..<50).map { .integer(Int64($0)) })
        let gaps = zip(readings.entries, readings.entries.dropFirst()).map { $1.time - $0.time }
        #expect(gaps.allSatisfy { $0 > 0 && $0 < Int64(step) + 1_000_000 }, "\(gaps)")
    }

    @Test func theGyroscopeIsScaledAsTheSensorSaid() throws {
        var decoder = PolarDecoder()
        let factor = Float(0.0625).bitPattern
        decoder.control([0xF0, 2, 5, 0, 0, 5, 1] + little(Int(factor), 4))
        var readings = Readings()
        let bytes = header(5, 1, 0x80) + little(16, 2) + little(-32, 2) + little(0, 2)
        try decoder.decode(bytes, now: 1, into: &readings)
        #expect(readings.entries.map(\.value) == [.double(1), .double(-2), .double(0)])
    }
}

@Suite struct HeartRateVariabilityTests {
    @Test func isWhatTheFormulasSay() {
        var heart = HeartRateVariability()
        var told: [(rmssd: Double, sdnn: Double)] = []
        for beat in 0..<40 {
            if let value = heart.take(beat % 2 == 0 ? 980 : 1020, now: Int64(beat) * second) { told.append(value) }
        }
        // Differences of 40 throughout; deviations of 20 around the mean.
        #expect(told.count == 5)
        #expect(abs(told[0].rmssd - 40) < 1e-9 && abs(told[0].sdnn - 20.52) < 0.01)
    }

    @Test func missedBeatsDoNotCount() {
        var heart = HeartRateVariability()
        var last: (rmssd: Double, sdnn: Double)?
        for beat in 0..<60 {
            let interval: Double = beat % 10 == 9 ? 2000 : 1000
            last = heart.take(interval, now: Int64(beat) * second) ?? last
        }
        #expect(last?.rmssd == 0 && last?.sdnn == 0)
    }
}
