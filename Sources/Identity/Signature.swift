import CSodium
import Hashing

/// An Ed25519 signature.
public struct Signature: Hashable, Sendable {
    public static let count = 64

    public let bytes: [UInt8]

    /// Nil unless `bytes` are exactly 64.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Signature.count else { return nil }
        self.bytes = Array(bytes)
    }

    init(filling fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        bytes = [UInt8](unsafeUninitializedCapacity: Signature.count) { buffer, filled in
            fill(buffer.baseAddress!)
            filled = Signature.count
        }
    }

    /// Whether `key` signed `body` as a thing of this kind. Strict: small-order keys, keys and signatures in another than
    /// their shortest form do not verify, so that all who check agree.
    public func verifies(kind: StaticString, _ body: [UInt8], by key: Bytes32) -> Bool {
        verifies(message: SignedMessage.bytes(kind: kind, body), by: key)
    }

    /// The same for a message that has its kind in front already, as records of other rooms come.
    public func verifies(message: [UInt8], by key: Bytes32) -> Bool {
        key.bytes.withUnsafeBufferPointer {
            crypto_sign_verify_detached(bytes, message, UInt64(message.count), $0.baseAddress!) == 0
        }
    }
}

/// What is really signed: `bothy/<kind>/1`, a zero byte, the body. So a signature over a thing of one kind is never one
/// over a thing of another kind, whatever its bytes.
public enum SignedMessage {
    public static func bytes(kind: StaticString, _ body: [UInt8]) -> [UInt8] {
        precondition(isKind(kind), "a kind is 1 to 32 small letters and hyphens")
        var message: [UInt8] = Array("bothy/".utf8)
        message.reserveCapacity(message.count + kind.utf8CodeUnitCount + 3 + body.count)
        message.append(contentsOf: UnsafeBufferPointer(start: kind.utf8Start, count: kind.utf8CodeUnitCount))
        message.append(contentsOf: "/1\0".utf8)
        message.append(contentsOf: body)
        return message
    }

    private static func isKind(_ kind: StaticString) -> Bool {
        let bytes = UnsafeBufferPointer(start: kind.utf8Start, count: kind.utf8CodeUnitCount)
        return (1...32).contains(bytes.count) && bytes.allSatisfy { (97...122).contains($0) || $0 == 45 }
    }
}
