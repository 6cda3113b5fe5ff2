import Decoders
import Measurements
import Testing

@Suite struct LineTests {
    static let attributes = """
        [{"name": "t", "scale": -2, "range": [-40, 85]}, {"name": "h", "scale": -1, "range": [0, 100]},
         {"name": "on", "kind": "boolean"}, {"name": "note", "kind": "text"}, {"name": "a", "components": ["x", "y"]}]
        """

    private func decoder(_ lines: String) throws -> StreamDecoder {
        StreamDecoder(
            .described(
                try description(
                    """
                    {"decoder": "board", "version": 1, "attributes": \(Self.attributes), "serial": {"lines": \(lines)}}
                    """)))
    }

    /// The first line after opening is dropped, so each stream begins with one.
    private func read(_ lines: String, _ text: String) throws -> (values: [String: [Value]], StreamDecoder) {
        var decoder = try decoder(lines)
        let readings = decode(Array(("half a line\n" + text).utf8), &decoder)
        return (values(readings, decoder.attributes), decoder)
    }

    static let csv = #"{"form": "csv", "columns": ["t", "h", "-", "on"]}"#

    @Test func columns() throws {
        let (values, decoder) = try read(Self.csv, "21.55, 40 ,ignored,true\r\n-3,,x,0\n")
        #expect(values["t"] == [.integer(2155), .integer(-300)])
        #expect(values["h"] == [.integer(400)])
        #expect(values["on"] == [.boolean(true), .boolean(false)])
        #expect(decoder.frames == 2)
        #expect(decoder.isUnchecked)
    }

    @Test func theFirstLineIsDropped() throws {
        var decoder = try decoder(Self.csv)
        #expect(decode(Array("1.55,40,x,1\n21.55,40,x,1\n".utf8), &decoder).entries.count == 3)
        #expect(decoder.frames == 1)
    }

    /// The whole line must match, or nothing of it counts.
    @Test(arguments: [
        "21.5,40,x\n", "21.5,40,x,1,2\n", "21.5x,40,x,1\n", "2 1.5,40,x,1\n", "21.5,4-0,x,1\n", "21.5,40,x,maybe\n",
        "1e,40,x,1\n", "--1,40,x,1\n", "0x15,40,x,1\n", "1.2.3,40,x,1\n", "nan,40,x,1\n", "inf,40,x,1\n",
        "\u{0}1,40,x,1\n",
    ])
    func malformed(_ line: String) throws {
        let (values, decoder) = try read(Self.csv, line)
        #expect(values.isEmpty)
        #expect(decoder.count(.malformed) == 1)
    }

    @Test func outOfRangeRefusesTheLine() throws {
        let (values, decoder) = try read(Self.csv, "21.5,140,x,1\n900,40,x,1\n")
        #expect(values.isEmpty)
        #expect(decoder.count(.outOfRange) == 2)
    }

    @Test func header() throws {
        let form =
            #"{"form": "csv", "separator": ";", "header": true, "decimal": ",", "bind": {"t": "Temp", "h": "Hum"}}"#
        let (values, decoder) = try read(form, "21,5;1;40\nHum;Pressure;Temp\n40;1013;21,5\n41;1013;22\n")
        #expect(values == ["t": [.integer(2150), .integer(2200)], "h": [.integer(400), .integer(410)]])
        #expect(decoder.count(.noHeader) == 1)
    }

    static let json =
        #"{"form": "json", "bind": {"t": "env.t", "h": "env.h", "a": ["acc.0", "acc.1"], "note": "note"}}"#

    @Test func jsonPaths() throws {
        let (values, decoder) = try read(
            Self.json,
            #"{"env":{"t":21.5,"h":40.25},"acc":[3,-4,5],"note":"a \"b\"","other":[{"t":1},null,true]}"# + "\n"
                + #"{"env":{"t":null},"acc":[3]}"# + "\n" + #"{}"# + "\n")
        #expect(values["t"] == [.integer(2150)])
        #expect(values["h"] == [.integer(403)])
        #expect(values["a"] == [.integer(3), .integer(-4)])
        #expect(values["note"] == [.text(#"a \"b\""#)])
        #expect(decoder.frames == 1)
        #expect(decoder.count(.unused) == 2)
    }

    @Test(arguments: [
        #"{"env":{"t":21.5}"#, #"{"env":{"t":21.5}}}"#, #"{"env":{"t":021.5}}"#, #"{"env":{"t":21.}}"#,
        #"{"env":{"t":"warm"}}"#, #"{"env" {"t":1}}"#, #"[1]"#, #"{"env":{"t":1,"t":2}}"#, #"{"env":{"t":1},}"#,
        #"{"a":[1,2}"#, #"{"env":{"t":+1}}"#, #"{"env":{"t":tru}}"#,
    ])
    func notJSON(_ line: String) throws {
        let (values, decoder) = try read(Self.json, line + "\n")
        #expect(values.isEmpty)
        #expect(decoder.count(.malformed) == 1)
    }

    @Test func jsonDepthIsBounded() throws {
        let deep = String(repeating: #"{"a":"#, count: 40) + "1" + String(repeating: "}", count: 40)
        #expect(try read(Self.json, deep + "\n").1.count(.malformed) == 1)
    }

    @Test func keyValue() throws {
        let form = #"{"form": "keyvalue", "bind": {"t": "T", "h": "H"}}"#
        let (values, decoder) = try read(form, "T=21.5, H=40 x=abc\nT=1 T=2\nT=1 H\nT 1\n")
        #expect(values == ["t": [.integer(2150)], "h": [.integer(400)]])
        #expect(decoder.count(.malformed) == 3)
    }

    @Test func patterns() throws {
        let form =
            #"{"form": "pattern", "pattern": "T: ?(?<temp>-?\\d+(\\.\\d+)?) ?C;( H: (?<hum>\\d{1,3}))?", "bind": {"t": "temp", "h": "hum"}}"#
        let (values, decoder) = try read(form, "T: 21.5 C; H: 40\nT:-3C;\nT: 21.5 C; H: 4000\nxT: 1 C;\n")
        #expect(values["t"] == [.integer(2150), .integer(-300)])
        #expect(values["h"] == [.integer(400)])
        #expect(decoder.count(.malformed) == 2)
    }

    @Test func linesTooLongAndTorn() throws {
        var decoder = try decoder(Self.csv)
        let long = "half\n" + String(repeating: "1", count: 3_000) + ",2,3,1\n21.5,40,x,1\n21.5,4"
        #expect(decode(Array(long.utf8), &decoder).entries.count == 3)
        #expect(decoder.count(.overlong) == 1)
        decoder.silence()
        #expect(decoder.count(.torn) == 1)
        // What comes after a silence may be the rest of that line.
        #expect(decode(Array("0,x,1\n21.5,40,x,1\n".utf8), &decoder).entries.count == 3)
    }
}

@Suite struct PatternTests {
    /// Patterns that take other engines exponential time take this one a moment: it counts as failed when it hangs.
    @Test func timeIsLinear() throws {
        let layout = LineLayout(
            form: .pattern(try Pattern("(a*)*(a|aa)+(a?){30}b")), attributes: [], bindings: [])
        var decoder = LineDecoder(layout)
        var none = Readings()
        let line = [UInt8](repeating: 97, count: 2_000)
        #expect(line.withUnsafeBytes { decoder.decode($0, at: 0, into: &none) } == .malformed)
    }

    @Test(arguments: [
        "(", ")", "a)", "[a", "*a", "a{2", "a{3,2}", "a{999}", "(?<>a)", "(?<n>a)(?<n>b)", "\\", "\\q", "(?=a)",
        "((((a{64}){64}){64}){64})",
    ])
    func refused(_ text: String) { #expect(throws: Pattern.Failure.self) { try Pattern(text) } }

    @Test(arguments: [
        ("a|b", "b", true), ("a|b", "c", false), ("a.c", "abc", true), ("[^0-9]+", "ab", true),
        ("[^0-9]+", "a1", false),
        ("\\d{2,3}", "12", true), ("\\d{2,3}", "1234", false), ("(ab)*", "abab", true), ("^a$", "a", true),
        ("a{0}", "", true), ("[]a]+", "]a", true), ("[a-]", "-", true), ("\\.", ".", true), ("\\.", "x", false),
        ("\\S+", "a b", false), ("(|a)b", "b", true), ("", "", true), ("(){3}a", "a", true),
    ])
    func wholeLines(_ pattern: String, _ line: String, _ matches: Bool) throws {
        var decoder = LineDecoder(
            LineLayout(form: .pattern(try Pattern(pattern)), attributes: [], bindings: []))
        var none = Readings()
        let outcome = Array(line.utf8).withUnsafeBytes { decoder.decode($0, at: 0, into: &none) }
        #expect((outcome == .nothing) == matches)
    }
}

@Suite struct DecimalTests {
    @Test(
        arguments: [
            ("0", 0, 0), ("-0.0", 0, -1), ("12.50", 1250, -2), ("+3", 3, 0), ("1e3", 1, 3), ("1.5E-2", 15, -3),
            (".5", 5, -1),
            ("5.", 5, 0), ("999999999999999999", 999_999_999_999_999_999, 0), ("000000000000000000001", 1, 0),
        ] as [(String, Int64, Int)])
    func exact(_ text: String, _ mantissa: Int64, _ exponent: Int) {
        #expect(Decimal(text) == Decimal(mantissa: mantissa, exponent: exponent))
    }

    @Test(arguments: [
        "", "-", ".", "e3", "1e", "1e+", "1e1234", "1 ", "١", "1,5", "1234567890123456789", "0x1", "1e3.5",
    ])
    func refused(_ text: String) { #expect(Decimal(text) == nil) }

    @Test func scales() {
        #expect(Decimal("12.345")?.rounded(at: -2) == 1235)
        #expect(Decimal("-12.345")?.rounded(at: -2) == -1235)
        #expect(Decimal("12.344")?.rounded(at: -2) == 1234)
        #expect(Decimal("12.345")?.mantissa(at: -2) == nil)
        #expect(Decimal("12.3")?.mantissa(at: -2) == 1230)
        #expect(Decimal("1e30")?.rounded(at: 0) == nil)
        #expect(Decimal("1e-30")?.rounded(at: 0) == 0)
        #expect(Decimal("123.456")?.double == 123.456)
        #expect(Decimal(mantissa: -5, exponent: -3).description == "-0.005")
    }
}
