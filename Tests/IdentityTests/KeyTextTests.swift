import Hashing
import Testing

@testable import Identity

@Suite struct KeyTextTests {
    @Test func keysReadBackFromTheirText() {
        let key = BLAKE2b.hash([1], purpose: "test")
        let text = KeyText.full(key)
        #expect(text.count == 52)
        #expect(KeyText.parse(text) == key)
        #expect(KeyText.parse(text.uppercased()) == key)
        #expect(KeyText.parse("\(text.prefix(26))- \(text.dropFirst(26))") == key)
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
