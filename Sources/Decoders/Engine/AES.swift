import CAES

/// AES-128 as beacons use it.
public enum AES {
    /// One block in ECB; nil unless key and block are 16 bytes. Resolves random Bluetooth addresses.
    public static func block(key: [UInt8], _ input: [UInt8]) -> [UInt8]? {
        guard key.count == 16, input.count == 16 else { return nil }
        var output = [UInt8](repeating: 0, count: 16)
        return bothy_aes_block(key, input, &output) == aesOpened ? output : nil
    }

    /// Seals as a beacon would; nil where a length is not allowed. For making test frames.
    public static func seal(key: [UInt8], nonce: [UInt8], also: [UInt8] = [], _ plain: [UInt8], tag count: Int)
        -> (sealed: [UInt8], tag: [UInt8])?
    {
        guard key.count == 16 else { return nil }
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: max(0, min(16, count)))
        let status = bothy_aes_ccm_seal(
            key, nonce, nonce.count, also, also.count, plain, plain.count, &sealed, &tag, tag.count)
        return status == aesOpened ? (sealed, tag) : nil
    }
}

/// C's anonymous enumerators come as another type than its functions return.
let aesOpened = Int32(BOTHY_AES_OPENED)
