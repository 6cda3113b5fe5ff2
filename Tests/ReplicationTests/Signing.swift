import Hashing
import Measurements
import Replication

/// A stand-in for Ed25519 that a simulation of thousands can afford: a hash under the signer's key. Whoever has no key
/// here can forge nothing, as a liar in these tests keeps to.
enum Signing {
    static func sign(as signer: Bytes32) -> ([UInt8]) -> Signature {
        { message in
            let half = BLAKE2b.hash(signer.bytes + message, purpose: "test.signature").bytes
            return Signature(half + half)!
        }
    }

    @Sendable static func verify(_ signer: Bytes32, _ message: [UInt8], _ signature: Signature) -> Bool {
        sign(as: signer)(message) == signature
    }

    static let reading = RunReading(verify: verify)
}
