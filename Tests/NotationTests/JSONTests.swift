import Notation
import Testing

@Suite struct JSONTests {
    @Test func whatIsWrittenReadsBack() throws {
        let value: JSON = [
            "text": "a \"quoted\"\n line – 😀\u{1}", "whole": 9_007_199_254_740_993, "least": .integer(.min),
            "small": 1.5e-300, "list": [1, [], [:], nil, true], "empty": "",
        ]
        #expect(try JSONReader.read(JSONWriter.compact(value)) == value)
        #expect(try JSONReader.read(JSONWriter.pretty(value)) == value)
    }

    @Test(arguments: [
        ("{", "line 1, column 2"), ("[1,]", "line 1, column 4"), ("{\"a\":\n  tru}", "line 2, column 3"),
        ("01", "column 2"),
        ("\"\\ud800\"", "surrogate"), ("1e999", "too large"), ("\"a", "without an end"), ("[1] x", "follows"),
        ("\u{1}", "value was expected"), ("-", "value was expected"), ("1.", "digit"),
    ])
    func refusesWithThePlace(_ text: String, _ part: String) {
        let error = #expect(throws: NotationError.self) { try JSONReader.read(text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func depthIsBounded() {
        #expect(throws: NotationError.self) { try JSONReader.read(String(repeating: "[", count: 100_000)) }
    }

    @Test(arguments: [
        (2150, -2, "21.5"), (-5, -3, "-0.005"), (7, 2, "700"), (0, -2, "0"), (100, -2, "1"),
        (Int64.min, 0, "-9223372036854775808"),
    ])
    func decimalsAreExact(_ mantissa: Int64, _ scale: Int, _ text: String) {
        var writer = JSONWriter()
        writer.write(mantissa: mantissa, scale: Int8(scale))
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }

    @Test func surrogatePairsAndEscapes() throws {
        #expect(try JSONReader.read("\"\\ud83d\\ude00\\u00e9\\/\"") == "😀é/")
    }
}
