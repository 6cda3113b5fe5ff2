import Decoders
import Measurements
import Notation
import Testing

@Suite struct EngineTests {
    @Test func everyShippedDescriptionKeepsItsVectors() throws {
        let library = try shippedDecoders()
        #expect(library.errors.isEmpty, "\(library.errors)")
        let (passed, complaints) = library.test()
        #expect(complaints.isEmpty, "\(complaints.map(\.description).joined(separator: "\n"))")
        #expect(passed > 0)
    }

    /// A description that says nothing may be proven: each has vectors, three of them negative.
    @Test func provenDescriptionsHaveThreeNegativeVectors() throws {
        for description in try shippedDecoders().descriptions where !description.isExperimental {
            let negative = description.vectors.filter { if case .values = $0.expected { false } else { true } }
            #expect(negative.count >= 3, "\(description.file)")
        }
    }

    /// Govee's packed decimal: sign in bit 23, thousands are tenths of a degree, the rest tenths of a percent.
    static let packed = """
        {"decoder": "packed", "version": 1, "attributes": [
          {"name": "temperature", "scale": -1, "unit": "°C", "range": [-40, 100]},
          {"name": "humidity", "scale": -1, "unit": "%"}],
         "frames": [{"match": {"company": "0xec88", "length": 4}, "fields": [
          {"let": "both", "type": "u24be", "bits": [0, 23]},
          {"attribute": "temperature", "of": "both", "divide": 1000, "negative": {"at": 0, "type": "u8", "bit": 7}},
          {"attribute": "humidity", "of": "both", "modulo": 1000}]}]}
        """

    @Test func integerArithmetic() throws {
        let library = DecoderLibrary([("packed.json", Array(Self.packed.utf8))])
        #expect(library.errors.isEmpty, "\(library.errors)")
        var readings = Readings()
        let context = FrameContext(time: 7, source: .manufacturer(0xec88))
        _ = library.decode([0x03, 0x21, 0x5d, 0], context, into: &readings)
        #expect(readings.entries.map(\.value) == [.integer(205), .integer(149)])
        #expect(readings.entries.allSatisfy { $0.time == 7 })
        readings.removeAll()
        _ = library.decode([0x83, 0x21, 0x5d, 0], context, into: &readings)
        #expect(readings.entries.map(\.value) == [.integer(-205), .integer(149)])
    }

    static let everything = """
        {"decoder": "everything", "version": 1, "attributes": [
          {"name": "acceleration", "scale": -3, "components": ["x", "y", "z"]},
          {"name": "door", "kind": "boolean", "repeats": 2},
          {"name": "event", "kind": "text"}, {"name": "label", "kind": "text"}, {"name": "raw", "kind": "text"},
          {"name": "weight", "kind": "double"}, {"name": "curve", "kind": "double"}, {"name": "sum", "scale": -2},
          {"name": "thermometer", "kind": "double"}],
         "frames": [{"match": {"service": "fcd2"}, "dedupe": "packet", "objects": {"id": "u8", "table": {
          "0x00": {"let": "packet", "type": "u8"},
          "0x01": {"attribute": "acceleration", "values": [
             {"type": "i16le", "absent": -32768}, {"type": "i16le"}, {"type": "i16le"}]},
          "0x02": {"attribute": "door", "type": "u8"},
          "0x03": {"attribute": "event", "type": "u8", "absent": 0, "labels": {"1": "press", "2": "double press"}},
          "0x04": [{"let": "n", "type": "u8"}, {"attribute": "label", "type": "text", "count": "n"}],
          "0x05": {"attribute": "weight", "type": "f32le"},
          "0x06": {"attribute": "curve", "type": "u8", "power": 2, "offset": -1},
          "0x07": {"attribute": "sum", "sum": [{"type": "i8", "times": 100}, {"type": "u8"}]},
          "0x08": {"attribute": "thermometer", "type": "medfloat"},
          "0x09": {"attribute": "raw", "type": "hex", "count": 2},
          "0x0a": {"attribute": "weight", "type": "u8", "lookup": [0.5, 1.5]}}}}]}
        """

    private func decode(_ hex: String) throws -> (values: [String: [Value]], FrameOutcome) {
        let description = try description(Self.everything)
        var readings = Readings()
        let context = FrameContext(time: 0, source: .serviceData(BluetoothUUID(0xfcd2)))
        let result = try #require(Hex.decode(hex)).withUnsafeBytes { description.decode($0, context, into: &readings) }
        return (values(readings, description.attributes), try #require(result).1)
    }

    @Test func objectsOfEveryForm() throws {
        let (values, outcome) = try decode(
            "0005" + "01e803000018fc" + "0201" + "0200" + "0302" + "0403616263" + "050000c03f" + "060a" + "07ec32"
                + "086c0100ff" + "09beef" + "0a01")
        #expect(outcome.refusal == nil)
        #expect(outcome.dedupe == 5)
        #expect(values["acceleration"] == [.integer(1000), .integer(0), .integer(-1000)])
        #expect(values["door"] == [.boolean(true)])
        #expect(values["door_2"] == [.boolean(false)])
        #expect(values["event"] == [.text("double press")])
        #expect(values["label"] == [.text("abc")])
        #expect(values["raw"] == [.text("beef")])
        #expect(values["weight"] == [.double(1.5), .double(1.5)])
        #expect(values["curve"] == [.double(1023)])
        #expect(values["sum"] == [.integer(-1950)])
        #expect(values["thermometer"] == [.double(36.4)])
    }

    @Test func whatIsMissingIsAbsentAndNeverANumber() throws {
        // One part of three has no value: none of the sample is there.
        #expect(try decode("010080e80300000201").values == ["door": [.boolean(true)]])
        // No such label, not a number, a table that does not reach so far.
        #expect(try decode("0309" + "050000c07f" + "08ffff7f00" + "0a02").values.isEmpty)
        #expect(try decode("020102010201").1.surplus == 1)
    }

    @Test func whatIsUnknownOrCutOff() throws {
        #expect(try decode("0201ff02").values == ["door": [.boolean(true)]])
        #expect(try decode("0201ff02").1.unknownObjects == 1)
        #expect(try decode("020101e80300").1.refusal == .malformedObjects)
        #expect(try decode("0404616263").values.isEmpty)
    }

    @Test func refusalsLeaveNothingBehind() throws {
        #expect(try decode("020101e80300").values.isEmpty)
    }

    @Test func reservedFloats() throws {
        let description = try description(
            """
            {"decoder": "s", "version": 1, "attributes": [{"name": "v", "kind": "double"}],
             "frames": [{"fields": [{"attribute": "v", "type": "sfloat"}]}]}
            """)
        func value(_ bits: UInt16) -> [Value] {
            var readings = Readings()
            _ = withUnsafeBytes(of: bits.littleEndian) {
                description.decode($0, FrameContext(time: 0, source: .serial), into: &readings)
            }
            return readings.entries.map(\.value)
        }
        #expect(value(0xf16c) == [.double(36.4)])
        #expect(value(0x0072) == [.double(114)])
        #expect(value(0x0fff) == [.double(-1)])
        #expect(value(0x17d0) == [.double(20000)])
        for reserved: UInt16 in [0x07fe, 0x07ff, 0x0800, 0x0801, 0x0802] { #expect(value(reserved) == []) }
    }
}
