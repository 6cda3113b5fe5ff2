import CSodium
import Hashing

/// CPace over ristretto255 with SHA-512 (draft-irtf-cfrg-cpace, suite CPACE-RISTR255-SHA512), in its initiator-responder
/// form with key confirmation: two sides that know the same short code get the same strong key, and whoever guesses has one
/// guess for each time the code is used.
public struct CPace: Sendable {
    public static let shareCount = 32
    public static let tagCount = 32

    public enum Side: Sendable { case initiator, responder }

    /// The point to send.
    public let share: [UInt8]
    private let side: Side
    private let secret: [UInt8]
    private let sessionID: [UInt8]
    private let associated: [UInt8]

    /// - channel: what both sides know of each other beforehand: their endpoint keys.
    /// - sessionID: the same on both sides, new for each run.
    /// - associated: what this side says of itself along with its share.
    /// - random: 64 random bytes, from which the secret number is made.
    public init(
        _ side: Side, code: [UInt8], channel: [UInt8], sessionID: [UInt8], associated: [UInt8], random: [UInt8]
    ) {
        precondition(random.count == 64, "64 random bytes make a secret number")
        var scalar = [UInt8](repeating: 0, count: 32)
        crypto_core_ristretto255_scalar_reduce(&scalar, random)
        self.init(
            side, code: code, channel: channel, sessionID: sessionID, associated: associated, scalar: scalar)
    }

    init(_ side: Side, code: [UInt8], channel: [UInt8], sessionID: [UInt8], associated: [UInt8], scalar: [UInt8]) {
        self.side = side
        self.sessionID = sessionID
        self.associated = associated
        secret = scalar
        var point = [UInt8](repeating: 0, count: 32)
        // Fails only for the neutral element, which no hash gives.
        _ = crypto_scalarmult_ristretto255(
            &point, scalar, CPace.generator(code: code, channel: channel, sessionID: sessionID))
        share = point
    }

    /// The keys for confirming, given what the other side sent; nil when its share is no point or a trivial one.
    public func confirm(share other: [UInt8], associated otherAssociated: [UInt8]) -> CPaceConfirmation? {
        guard other.count == CPace.shareCount else { return nil }
        var point = [UInt8](repeating: 0, count: 32)
        guard crypto_scalarmult_ristretto255(&point, secret, other) == 0 else { return nil }
        defer { sodium_memzero(&point, point.count) }
        let mine = CPace.list([share, associated])
        let theirs = CPace.list([other, otherAssociated])
        let transcript = side == .initiator ? mine + theirs : theirs + mine
        let key = CPace.sha512(
            CPace.list([Array("CPaceRistretto255_ISK".utf8), sessionID, point]) + transcript)
        let macKey = CPace.sha512(Array("CPaceMac".utf8) + sessionID + key)
        return CPaceConfirmation(
            key: key, tag: HMACSHA256.authenticate(mine, key: macKey).bytes,
            expected: HMACSHA256.authenticate(theirs, key: macKey).bytes)
    }

    static func generator(code: [UInt8], channel: [UInt8], sessionID: [UInt8]) -> [UInt8] {
        let name = Array("CPaceRistretto255".utf8)
        // The code fills SHA-512's first block of 128 bytes, so that its length does not show in the time taken.
        let padding = max(0, 127 - list([code]).count - list([name]).count)
        let hash = sha512(list([name, code, [UInt8](repeating: 0, count: padding), channel, sessionID]))
        var point = [UInt8](repeating: 0, count: 32)
        crypto_core_ristretto255_from_hash(&point, hash)
        return point
    }

    /// Each part behind its length in LEB128.
    private static func list(_ parts: [[UInt8]]) -> [UInt8] {
        var out: [UInt8] = []
        for part in parts {
            var length = part.count
            while length >= 128 {
                out.append(UInt8(length & 127 | 128))
                length >>= 7
            }
            out.append(UInt8(length))
            out.append(contentsOf: part)
        }
        return out
    }

    private static func sha512(_ bytes: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: Int(crypto_hash_sha512_BYTES))
        crypto_hash_sha512(&out, bytes, UInt64(bytes.count))
        return out
    }
}

/// What proves that both sides knew the code.
public struct CPaceConfirmation: Sendable {
    /// The shared key; 64 bytes.
    public let key: [UInt8]
    /// To send.
    public let tag: [UInt8]
    let expected: [UInt8]

    /// Compares without telling by its time how much was right.
    public func accepts(_ other: [UInt8]) -> Bool {
        other.count == expected.count && sodium_memcmp(other, expected, expected.count) == 0
    }
}
