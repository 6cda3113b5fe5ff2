import Hashing
import Testing

@testable import Identity

@Suite struct KeyTextTests {
    @Test func base32IsThatOfRFC4648() {
        let vectors = [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ]
        for (plain, text) in vectors {
            #expect(Base32.encode(plain.utf8) == text)
            #expect(Base32.decode(text) == Array(plain.utf8))
            #expect(Base32.decode(text.lowercased()) == Array(plain.utf8))
        }
    }

    @Test func oneValueHasOneText() {
        // Trailing bits that are not zero, lengths no bytes have, characters outside the alphabet.
        for text in ["MZ", "M", "MZX", "MZXW6Y", "M0", "M1======", "MÿA", "MY="] {
            #expect(Base32.decode(text) == nil, "\(text)")
        }
    }

    @Test func keysReadBackFromTheirText() {
        let key = BLAKE2b.hash([1], purpose: "test")
        let text = KeyText.full(key)
        #expect(text.count == 52)
        #expect(KeyText.parse(text) == key)
        #expect(KeyText.parse(text.uppercased()) == key)
        #expect(KeyText.parse(text.dropLast()) == nil)
        #expect(KeyText.parse(text + "a") == nil)
        #expect(KeyText.short(key).count == 11 && text.hasPrefix(KeyText.short(key).prefix(5)))
    }

    @Test func wordsAreSpeakableAndTellKeysApart() {
        let words = KeyText.words(.zero).split(separator: "-")
        #expect(words.count == 8 && words.allSatisfy { $0.count == 5 })
        #expect(KeyText.words(.zero) != KeyText.words(BLAKE2b.hash([], purpose: "test")))
    }
}
