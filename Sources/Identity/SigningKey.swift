import CSodium
import Hashing

/// The secret half of an Ed25519 key, in memory that is not swapped out, not dumped, and wiped when given back.
///
/// Nothing here prints it: a description shows the public half.
final class SigningKey: @unchecked Sendable {  // because `secret` is written in init only
    static let seedCount = 32

    let publicKey: Bytes32
    private let secret: UnsafeMutablePointer<UInt8>

    /// `seed` is 32 bytes; they are copied, and wiping the original is up to the caller.
    init(seed: UnsafeRawBufferPointer) {
        precondition(seed.count == SigningKey.seedCount, "an Ed25519 seed has 32 bytes")
        precondition(sodium_init() >= 0, "libsodium does not start")
        guard let memory = sodium_malloc(64) else { preconditionFailure("no memory for a key") }
        let secret = memory.assumingMemoryBound(to: UInt8.self)
        publicKey = Bytes32 { publicKey in
            crypto_sign_seed_keypair(publicKey, secret, seed.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        sodium_mprotect_readonly(memory)
        self.secret = secret
    }

    deinit { sodium_free(secret) }

    func sign(kind: StaticString, _ body: [UInt8]) -> Signature {
        let message = SignedMessage.bytes(kind: kind, body)
        return Signature { out in
            crypto_sign_detached(out, nil, message, UInt64(message.count), secret)
        }
    }

    /// The seed, for writing it to its file or handing it to the library whose key it is.
    func withSeed<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        // libsodium's secret key is the seed followed by the public key.
        try body(UnsafeRawBufferPointer(start: secret, count: SigningKey.seedCount))
    }
}

/// A gateway's identity: signs runs, seals, control records, envelopes and certificates. Its seed leaves this room only
/// sealed under a passphrase; no library but libsodium gets it.
public struct IdentityKey: Sendable, CustomStringConvertible, CustomReflectable {
    let key: SigningKey

    init(_ key: SigningKey) { self.key = key }

    /// Whoever has the same seed is the same gateway: for tests and for reading what an export holds.
    public init?(seed: [UInt8]) {
        guard seed.count == SigningKey.seedCount else { return nil }
        key = seed.withUnsafeBytes { SigningKey(seed: $0) }
    }

    /// The gateway's id.
    public var id: Bytes32 { key.publicKey }

    public func sign(kind: StaticString, _ body: [UInt8]) -> Signature { key.sign(kind: kind, body) }

    public var description: String { "identity \(KeyText.short(id))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The key of this gateway's network endpoint: iroh holds it, and it signs announcements on the local network. A
/// certificate by the identity says whose it is.
public struct EndpointKey: Sendable, CustomStringConvertible, CustomReflectable {
    let key: SigningKey
    /// Grows with every new endpoint key of an identity, so that peers know which of two is the later.
    public let serial: UInt64

    init(_ key: SigningKey, serial: UInt64) {
        self.key = key
        self.serial = serial
    }

    public init?(seed: [UInt8], serial: UInt64) {
        guard seed.count == SigningKey.seedCount else { return nil }
        self.init(seed.withUnsafeBytes { SigningKey(seed: $0) }, serial: serial)
    }

    public var id: Bytes32 { key.publicKey }

    public func sign(kind: StaticString, _ body: [UInt8]) -> Signature { key.sign(kind: kind, body) }

    /// For the library that speaks with this key.
    public func withSeed<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try key.withSeed(body)
    }

    public var description: String { "endpoint \(KeyText.short(id)) serial \(serial)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
