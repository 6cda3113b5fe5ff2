/// RFC 4648 base32 without padding: what people read out and QR codes hold in their small form.
public enum Base32 {
    /// Upper case, the alphabet of QR codes' alphanumeric mode.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var pending: UInt32 = 0
        var bits = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(digit(UInt8(pending >> UInt32(bits) & 31)))
            }
        }
        if bits > 0 { text.append(digit(UInt8(pending << UInt32(5 - bits) & 31))) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads either case; hyphens and spaces between groups are passed over. Nil for any other character, for a length no
    /// bytes have, and for trailing bits that are not zero: one value, one text.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var pending: UInt32 = 0
        var bits = 0
        for character in text.utf8 where character != 45 && character != 32 {
            guard let value = value(character) else { return nil }
            pending = (pending << 5 | UInt32(value)) & 0xFFF
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        guard bits < 5, pending & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 26 ? 65 + value : 24 + value }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 65...90: character - 65
        case 97...122: character - 97
        case 50...55: character - 24
        default: nil
        }
    }
}
