import Decoders
import Testing

/// A mistake in a file is answered with the file, the line, the field and a sentence.
@Suite struct DescriptionErrorTests {
    private func error(_ field: String, frame: String = "") -> String {
        let text = """
            {"decoder": "d", "version": 1,
             "attributes": [{"name": "t", "scale": -2}, {"name": "v", "components": ["x", "y"]}],
             "frames": [{\(frame)
               "fields": [\(field)]}]}
            """
        do {
            _ = try description(text)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func namesFileLineAndField() {
        #expect(
            error(#"{"attribute": "t", "type": "i61be"}"#)
                == "test.json:4: frames[0].fields[0].type: there is no type 'i61be'; did you mean 'i16be'?")
        #expect(
            error(#"{"attribute": "tt", "type": "u8"}"#)
                == "test.json:4: frames[0].fields[0].attribute: no attribute 'tt' is declared; did you mean 't'?")
        #expect(error(#"{"atribute": "t"}"#).contains("frames[0].fields[0].atribute: there is no such field here"))
        #expect(error(#"{"atribute": "t"}"#).contains("did you mean 'attribute'?"))
    }

    @Test(arguments: [
        (#"{"attribute": "t", "type": "u8", "scale": -3}"#, "finer than the attribute's"),
        (#"{"attribute": "t", "type": "f32le"}"#, "kind double"),
        (#"{"attribute": "t", "type": "u8", "factor": 0.5}"#, "another kind than integer"),
        (#"{"attribute": "v", "values": [{"type": "u8"}]}"#, "has 2 components, here are 1"),
        (#"{"attribute": "t", "of": "flags"}"#, "was not set before"),
        (#"{"attribute": "t", "type": "u8", "at": 1, "repeat": "rest"}"#, "has no 'at'"),
        (#"{"attribute": "t", "type": "u8", "divide": 0}"#, "0 divides nothing"),
        (#"{"attribute": "t", "type": "u8", "bits": [60, 8]}"#, "is not in 1…4"),
        (#"{"attribute": "t", "type": "u8", "when": {"of": "x", "bit": 1}}"#, "'x' was not set before"),
        (#"{"skip": -1}"#, "is not in 0…512"),
    ])
    func fields(_ field: String, _ expected: String) {
        #expect(error(field).contains(expected), "\(error(field))")
    }

    @Test(arguments: [
        (#""match": {"service": "xyz"},"#, "is not a UUID"),
        (#""match": {"bytes": [{"hex": "0"}]},"#, "pairs of hexadecimal digits"),
        (#""checksum": {"algorithm": "crc17", "at": -1},"#, "is not one of"),
        (#""decrypt": {"nonce": ["address"], "tag_at": -4, "tag_length": 4},"#, "takes 7 to 13"),
        (#""dedupe": "packet","#, "no field sets 'packet'"),
        (#""objects": {"unknown": "skip", "table": {}},"#, "where 'length' says how far"),
    ])
    func frames(_ frame: String, _ expected: String) {
        #expect(error("", frame: frame).contains(expected), "\(error("", frame: frame))")
    }

    @Test func aBadFileIsSkippedAndTheOthersGoOn() throws {
        let good = Array(#"{"decoder": "good", "version": 1, "attributes": []}"#.utf8)
        let library = DecoderLibrary([("a.json", Array("{".utf8)), ("b.json", good), ("c.json", [0xff, 0xfe])])
        #expect(library.descriptions.map(\.name) == ["good"])
        #expect(library.errors.map(\.file) == ["a.json", "c.json"])
    }

    @Test func vectorsThatDoNotHoldAreSaid() throws {
        let text = """
            {"decoder": "d", "version": 1, "attributes": [{"name": "t", "scale": -2, "unit": "°C"}],
             "frames": [{"fields": [{"attribute": "t", "type": "u8"}]}],
             "vectors": [{"hex": "15", "values": {"t": 0.21}},
                         {"hex": "15", "values": {"t": 0.22}},
                         {"hex": "15", "refused": "too_short"}]}
            """
        let (passed, complaints) = DecoderLibrary([("d.json", Array(text.utf8))]).test()
        #expect(passed == 1)
        #expect(
            complaints.map(\.description) == [
                "d.json:4: vectors[1]: t is 0.21, not 0.22",
                "d.json:5: vectors[2]: decoded, not refused with too_short",
            ])
    }
}
