import CSodium

/// 32 bytes that identify what they were computed from, or whose they are.
@frozen
public struct Bytes32: Hashable, Sendable, Comparable {
    // Four words rather than an array: a digest is compared and hashed without touching the heap.
    @usableFromInline var a: UInt64
    @usableFromInline var b: UInt64
    @usableFromInline var c: UInt64
    @usableFromInline var d: UInt64

    public static let count = 32

    /// All zero; what stands where there is no predecessor.
    public static let zero = Bytes32(filling: { _ in })

    /// `fill` gets 32 zeroed bytes to write to.
    public init(filling fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        (a, b, c, d) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &self) { fill($0.baseAddress!.assumingMemoryBound(to: UInt8.self)) }
    }

    /// Nil unless `bytes` are exactly 32.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Bytes32.count else { return nil }
        self.init(filling: { out in for (index, byte) in bytes.enumerated() { out[index] = byte } })
    }

    public var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }

    public static func < (left: Bytes32, right: Bytes32) -> Bool {
        (left.a.bigEndian, left.b.bigEndian, left.c.bigEndian, left.d.bigEndian)
            < (right.a.bigEndian, right.b.bigEndian, right.c.bigEndian, right.d.bigEndian)
    }
}

public enum SHA256 {
    public static func hash(_ bytes: [UInt8]) -> Bytes32 { bytes.withUnsafeBytes { hash($0) } }

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Bytes32 {
        Bytes32 { out in
            crypto_hash_sha256(
                out,
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
        }
    }
}

public enum HMACSHA256 {
    /// A key of any length, as RFC 2104 has it.
    public static func authenticate(_ message: [UInt8], key: [UInt8]) -> Bytes32 {
        var state = crypto_auth_hmacsha256_state()
        crypto_auth_hmacsha256_init(&state, key, key.count)
        crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
        return Bytes32 { out in
            crypto_auth_hmacsha256_final(&state, out)
        }
    }
}

/// BLAKE2b-256 under a personalisation: what is hashed for one purpose never equals what is hashed for another.
public struct BLAKE2b {
    // The state must lie at a 64-byte boundary, which a Swift struct does not promise: so it lives in a fixed heap block.
    private final class State {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 384, alignment: 64)
        var pointer: OpaquePointer { OpaquePointer(raw) }
        deinit { raw.deallocate() }
    }
    private let state = State()

    /// `purpose` is at most 16 ASCII characters.
    public init(purpose: StaticString) {
        precondition(purpose.utf8CodeUnitCount <= 16, "a BLAKE2b personalisation has at most 16 bytes")
        var personal = [UInt8](repeating: 0, count: 16)
        for index in 0..<purpose.utf8CodeUnitCount { personal[index] = purpose.utf8Start[index] }
        crypto_generichash_blake2b_init_salt_personal(state.pointer, nil, 0, Bytes32.count, nil, personal)
    }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        crypto_generichash_blake2b_update(
            state.pointer, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
    }

    public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    public func finish() -> Bytes32 {
        Bytes32 { out in
            crypto_generichash_blake2b_final(
                state.pointer, out, Bytes32.count)
        }
    }

    public static func hash(_ bytes: [UInt8], purpose: StaticString) -> Bytes32 {
        let hasher = BLAKE2b(purpose: purpose)
        hasher.update(bytes)
        return hasher.finish()
    }
}
