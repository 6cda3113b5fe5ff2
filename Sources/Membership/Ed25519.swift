import CSodium
import Hashing

/// Strict Ed25519: keys of small order and signatures in another than their shortest form do not verify, so that all who
/// check agree.
public enum Ed25519 {
    @Sendable public static func verify(_ key: Bytes32, _ message: [UInt8], _ signature: [UInt8])
        -> Bool
    {
        guard signature.count == 64 else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), key.bytes) == 0
    }

    /// The public key of a seed, as tickets carry one.
    public static func publicKey(seed: Bytes32) -> Bytes32 {
        var secret = [UInt8](repeating: 0, count: 64)
        let key = Bytes32 { crypto_sign_seed_keypair($0, &secret, seed.bytes) }
        sodium_memzero(&secret, secret.count)
        return key
    }

    /// Signs with a seed that a ticket carries; the identity's own key never comes here.
    public static func sign(_ message: [UInt8], seed: Bytes32) -> [UInt8] {
        var secret = [UInt8](repeating: 0, count: 64)
        var signature = [UInt8](repeating: 0, count: 64)
        _ = Bytes32 { crypto_sign_seed_keypair($0, &secret, seed.bytes) }
        crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        sodium_memzero(&secret, secret.count)
        return signature
    }
}
