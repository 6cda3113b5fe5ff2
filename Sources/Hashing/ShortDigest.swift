import CSodium

extension BLAKE2b {
    /// BLAKE2b-128: for names that others give 16 bytes. It is a function of its own, not the beginning of BLAKE2b-256.
    public static func hash16(_ bytes: [UInt8], purpose: StaticString) -> [UInt8] {
        precondition(purpose.utf8CodeUnitCount <= 16, "a BLAKE2b personalisation has at most 16 bytes")
        var personal = [UInt8](repeating: 0, count: 16)
        for index in 0..<purpose.utf8CodeUnitCount { personal[index] = purpose.utf8Start[index] }
        var digest = [UInt8](repeating: 0, count: 16)
        crypto_generichash_blake2b_salt_personal(
            &digest, digest.count, bytes, UInt64(bytes.count), nil, 0, nil, personal)
        return digest
    }
}
