import Hashing
import Notation

/// How keys are shown to people and read from them.
public enum KeyText {
    /// The whole key: 52 small base32 characters.
    public static func full(_ key: Bytes32) -> String { Base32.encode(key.bytes).lowercased() }

    /// The first 50 bits in two groups, as `k3v7q-2mzpa`: to tell one's own gateways apart, not to trust one by.
    public static func short(_ key: Bytes32) -> String {
        let text = full(key)
        return "\(text.prefix(5))-\(text.dropFirst(5).prefix(5))"
    }

    /// Eight speakable words that stand for 128 bits of a hash of the key: what two people compare over the telephone.
    /// Made as proquints: consonants are four bits, vowels two, a word sixteen.
    public static func words(_ key: Bytes32) -> String {
        let hash = BLAKE2b.hash(key.bytes, purpose: "bothy.keywords.1").bytes
        return (0..<8).map { word(UInt16(hash[2 * $0]) << 8 | UInt16(hash[2 * $0 + 1])) }.joined(separator: "-")
    }

    /// A whole key as `full` writes it (either case, hyphens and spaces allowed). Nil for anything else.
    public static func parse(_ text: some StringProtocol) -> Bytes32? {
        guard text.utf8.count <= 128, let bytes = Base32.decode(String(text.filter { $0 != "-" && $0 != " " })) else {
            return nil
        }
        return Bytes32(bytes)
    }

    private static func word(_ value: UInt16) -> String {
        let consonants = Array("bdfghjklmnprstvz".utf8)
        let vowels = Array("aiou".utf8)
        let letters = [
            consonants[Int(value >> 12)], vowels[Int(value >> 10 & 3)], consonants[Int(value >> 6 & 15)],
            vowels[Int(value >> 4 & 3)], consonants[Int(value & 15)],
        ]
        return String(decoding: letters, as: UTF8.self)
    }
}
