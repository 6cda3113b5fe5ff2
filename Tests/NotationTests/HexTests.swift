import Notation
import Testing

@Suite struct HexTests {
    @Test func roundTrip() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(all)) == all)
        #expect(Hex.decode("DEADbeef") == [0xde, 0xad, 0xbe, 0xef])
    }

    @Test(arguments: ["0", "0g", "00 ", "é0"]) func refuses(_ text: String) { #expect(Hex.decode(text) == nil) }
}

@Suite struct Base32Tests {
    /// The vectors of RFC 4648, without their padding.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
    ])
    func vectors(_ plain: String, _ encoded: String) {
        #expect(Base32.encode(plain.utf8) == encoded)
        #expect(Base32.decode(encoded.lowercased()) == Array(plain.utf8))
    }

    @Test(arguments: ["A", "M1", "MZ", "AAAAAA"]) func refuses(_ text: String) {
        #expect(Base32.decode(text) == nil)
    }
}
