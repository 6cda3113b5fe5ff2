import Hashing
import Testing

/// The published vectors of each function: whoever swaps the library under us learns it here.
@Suite struct DigestTests {
    func hex(_ digest: Bytes32) -> String {
        digest.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func sha256OfAbc() {
        #expect(
            hex(SHA256.hash(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func hmacOfRFC4231Case2() {
        let digest = HMACSHA256.authenticate(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(hex(digest) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test func blake2bDependsOnItsPurpose() {
        let bytes = Array("abc".utf8)
        #expect(BLAKE2b.hash(bytes, purpose: "bothy.block.v1") != BLAKE2b.hash(bytes, purpose: "bothy.room.v1"))
        #expect(
            hex(BLAKE2b.hash(bytes, purpose: ""))
                == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
    }

    @Test func blake2bOfSixteenBytes() {
        let digest = BLAKE2b.hash16(Array("abc".utf8), purpose: "bothy.genesis")
        let text = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(text == "0d3ddb2bf337952c1ac377ab19bf0c97")
    }

    @Test func orderIsThatOfTheBytes() {
        let low = Bytes32([0] + [UInt8](repeating: 255, count: 31))!
        let high = Bytes32([1] + [UInt8](repeating: 0, count: 31))!
        #expect(low < high)
        #expect(Bytes32([1, 2]) == nil)
    }
}
