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
