import Decoders

/// Whose a changing random address is: its upper half is random, its lower half says, to who holds the identity key, that
/// it belongs to it. (Core specification, volume 3, part H, 2.2.2.)
enum ResolvableAddress {
    static func belongs(_ address: BluetoothAddress, to key: [UInt8]) -> Bool {
        guard address.isResolvable else { return false }
        let random = address.number >> 24
        return hash(key, UInt32(truncatingIfNeeded: random)) == UInt32(truncatingIfNeeded: address.number & 0xFF_FFFF)
    }

    /// The function `ah`; `key` as the kernel gives it, least significant byte first.
    static func hash(_ key: [UInt8], _ random: UInt32) -> UInt32? {
        var block = [UInt8](repeating: 0, count: 16)
        for place in 0..<3 { block[13 + place] = UInt8(truncatingIfNeeded: random >> (16 - 8 * UInt32(place))) }
        guard let out = AES.block(key: key.reversed(), block) else { return nil }
        return UInt32(out[13]) << 16 | UInt32(out[14]) << 8 | UInt32(out[15])
    }
}
