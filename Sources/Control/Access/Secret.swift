import Hashing
import Notation
import System

/// A secret that gives access. What is kept of it is its hash, so that what is kept gives no access.
struct Secret: Sendable {
    static let count = 16
    var text: String

    /// 128 bits.
    init(random: [UInt8] = SystemRandom.bytes(Secret.count)) { text = Hex.encode(random) }
    init(text: String) { self.text = text }

    var hash: Bytes32 { Secret.hash(text) }

    static func hash(_ text: String) -> Bytes32 { BLAKE2b.hash(Array(text.utf8), purpose: "bothy.access.v1") }
}
