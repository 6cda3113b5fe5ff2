import Testing

@testable import Measurements

@Suite("Readings become columns, and what cannot is counted")
struct SamplesTests {
    static let attributes = [
        AttributeDeclaration(name: "count", kind: .integer(scale: 0)),
        AttributeDeclaration(name: "motion", kind: .double, components: ["x", "y", "z"]),
        AttributeDeclaration(name: "door", kind: .boolean),
        AttributeDeclaration(name: "state", kind: .text),
    ]

    func distribute(_ fill: (inout Readings) -> Void) -> (columns: [Samples], refused: Samples.Refused) {
        var readings = Readings()
        fill(&readings)
        var columns = Self.attributes.map { Samples(of: $0) }
        let refused = Samples.distribute(readings, into: &columns)
        return (columns, refused)
    }

    @Test("Scalars and vectors of several attributes, mixed")
    func mixed() {
        let (columns, refused) = distribute { readings in
            readings.append(attribute: 0, time: 1, .integer(5))
            for value in [1.0, 2, 3] { readings.append(attribute: 1, time: 2, .double(value)) }
            readings.append(attribute: 2, time: 3, .boolean(true))
            readings.append(attribute: 0, time: 4, .integer(-6))
            // Two vectors of one time, one after the other.
            for value in [4.0, 5, 6, 7, 8, 9] { readings.append(attribute: 1, time: 5, .double(value)) }
            readings.append(attribute: 3, time: 6, .text("open"))
        }
        #expect(refused.total == 0)
        #expect(columns[0].integers == [5, -6] && columns[0].times == [1, 4])
        #expect(columns[1].doubles == [1, 2, 3, 4, 5, 6, 7, 8, 9] && columns[1].times == [2, 5, 5])
        #expect(columns[2].booleans == [true] && columns[3].texts == ["open"])
        #expect(columns[1].value(1, component: 2) == .double(6))
    }

    @Test("A vector that is not whole leaves nothing behind")
    func incomplete() {
        let (columns, refused) = distribute { readings in
            for value in [1.0, 2] { readings.append(attribute: 1, time: 2, .double(value)) }
            for value in [1.0, 2, 3] { readings.append(attribute: 1, time: 3, .double(value)) }
            readings.append(attribute: 1, time: 4, .double(1))
            readings.append(attribute: 1, time: 4, .integer(2))
            readings.append(attribute: 1, time: 4, .double(3))
            readings.append(attribute: 0, time: 5, .integer(7))
        }
        #expect(columns[1].doubles == [1, 2, 3] && columns[1].times == [3])
        #expect(columns[0].integers == [7])
        #expect(refused.incomplete == 4 && refused.otherKind == 1)
    }

    @Test("Other kinds, unknown attributes and long texts are refused")
    func refused() {
        let (columns, refused) = distribute { readings in
            readings.append(attribute: 0, time: 1, .double(5))
            readings.append(attribute: 9, time: 1, .integer(5))
            readings.append(attribute: 3, time: 1, .text(String(repeating: "é", count: 128)))
            readings.append(attribute: 3, time: 1, .text(String(repeating: "x", count: 255)))
        }
        #expect(columns.map(\.count) == [0, 0, 0, 1])
        #expect((refused.otherKind, refused.undeclared, refused.longTexts) == (1, 1, 1))
    }

    @Test("Equal means the same bits")
    func equality() {
        func one(_ value: Double) -> Samples {
            var samples = Samples(kind: .double)
            samples.times = [0]
            samples.doubles = [value]
            return samples
        }
        #expect(one(.nan) == one(.nan))
        #expect(one(0) != one(-0.0))
        func text(_ value: String) -> Samples {
            var samples = Samples(kind: .text)
            samples.times = [0]
            samples.texts = [value]
            return samples
        }
        #expect(text("é") != text("e\u{301}"))
    }

    @Test("Summaries are in the attribute's unit and pass over what is no number")
    func summaries() {
        var cents = Samples(kind: .integer(scale: -2), width: 2)
        cents.times = [0, 1]
        cents.integers = [2_150, 1, 2_250, 3]
        #expect(
            cents.summaries() == [
                Summary(min: 21.5, mean: 22, max: 22.5, last: .integer(2_250)),
                Summary(min: 0.01, mean: 0.02, max: 0.03, last: .integer(3)),
            ])
        var doubles = Samples(kind: .double)
        doubles.times = [0, 1, 2, 3]
        doubles.doubles = [.nan, 1e308, -1e308, 1e308]
        let summary = doubles.summaries()[0]
        #expect(summary.min == -1e308 && summary.max == 1e308)
        #expect(abs(summary.mean / 1e308 - 1.0 / 3) < 1e-12)
        doubles.doubles = [.nan, .nan, .nan, .nan]
        #expect(doubles.summaries()[0].mean.isNaN)
        var states = Samples(kind: .text)
        states.times = [0]
        states.texts = ["idle"]
        #expect(states.summaries()[0].last == .text("idle"))
    }
}

@Suite("Blocks are what their address says")
struct BlockTests {
    @Test("A received block is believed only for its samples, and must agree with its declaration")
    func received() throws {
        var samples = Samples(kind: .integer(scale: -2))
        samples.times = [5, 3, 9]
        samples.integers = [1, 2, 3]
        let block = Block(key: Sketch.key, first: 10, boot: Sketch.boot, samples: samples)
        #expect((block.firstTime, block.lastTime, block.end) == (3, 9, 13))
        let cents = AttributeDeclaration(name: "a", kind: .integer(scale: -2))
        let read = try Block(
            received: block.packed, key: Sketch.key, first: 10, boot: Sketch.boot, attribute: cents)
        #expect(read == block)
        let tenths = AttributeDeclaration(name: "a", kind: .integer(scale: -1))
        #expect(throws: Malformed.self) {
            try Block(received: block.packed, key: Sketch.key, first: 10, boot: Sketch.boot, attribute: tenths)
        }
        #expect(throws: Malformed.self) {
            try Block(received: block.packed, key: Sketch.key, first: .max, boot: Sketch.boot)
        }
        let elsewhere = try Block(received: block.packed, key: Sketch.key, first: 11, boot: Sketch.boot)
        #expect(elsewhere.address != block.address)
    }
}

@Suite("The canonical form has one spelling")
struct WireTests {
    @Test("Numbers come back, and longer spellings are refused")
    func varints() throws {
        for value in [0, 1, 127, 128, 300, UInt64.max] {
            var writer = ByteWriter()
            writer.varint(value)
            var reader = ByteReader(writer.bytes)
            #expect(try reader.varint("value") == value)
        }
        for value in [0, -1, 1, Int64.min, .max] {
            var writer = ByteWriter()
            writer.signed(value)
            var reader = ByteReader(writer.bytes)
            #expect(try reader.signed("value") == value)
        }
        let wrong: [([UInt8], Malformed.Problem)] = [
            ([0x80, 0x00], .notCanonical), ([0x80], .truncated),
            (Array(repeating: 0xff, count: 9) + [0x02], .tooLarge), (Array(repeating: 0x80, count: 10), .tooLarge),
        ]
        for (bytes, problem) in wrong {
            var reader = ByteReader(bytes)
            do throws(Malformed) {
                _ = try reader.varint("value")
                Issue.record("\(bytes) was read")
            } catch { #expect(error.problem == problem) }
        }
    }

    @Test("Long texts of a declaration are clipped at a character's edge, and it says the same when it is read")
    func declarations() throws {
        var sensor = Sketch.sensor
        sensor.name = String(repeating: "三", count: 60)
        let declaration = StreamDeclaration(number: 7, sensor: sensor, attribute: sensor.attributes[0])
        var writer = ByteWriter()
        declaration.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        let read = try StreamDeclaration.decode(from: &reader)
        #expect(read.sensorName == String(repeating: "三", count: 42))
        #expect(read.attribute == declaration.attribute)
        #expect("a\u{301}b".clipped(toUTF8: 2) == "")
    }
}
