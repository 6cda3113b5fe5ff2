/// A UUID as Bluetooth uses it; the short ones are written out over the base UUID.
public struct BluetoothUUID: Hashable, Sendable, CustomStringConvertible {
    public var high: UInt64
    public var low: UInt64

    private static let baseHigh: UInt64 = 0x0000_0000_0000_1000
    private static let baseLow: UInt64 = 0x8000_0080_5f9b_34fb

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(_ short: UInt16) { self.init(short: UInt32(short)) }

    public init(short: UInt32) { self.init(high: UInt64(short) << 32 | Self.baseHigh, low: Self.baseLow) }

    /// From the 16 bytes of an advertisement or attribute, least significant first; nil for another count than 2, 4, 16.
    public init?(littleEndian bytes: some BidirectionalCollection<UInt8>) {
        switch bytes.count {
        case 2, 4: self.init(short: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let upward = bytes.reversed()
            self.init(
                high: upward.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                low: upward.suffix(8).reduce(0) { $0 << 8 | UInt64($1) })
        default: return nil
        }
    }

    /// `fcd2`, `0xfcd2`, `0000fcd2` or the long form with hyphens.
    public init?(_ text: some StringProtocol) {
        let digits = String((text.hasPrefix("0x") ? text.dropFirst(2) : text[...]).filter { $0 != "-" })
        guard digits.allSatisfy(\.isHexDigit) else { return nil }
        switch digits.count {
        case 4, 8:
            guard let short = UInt32(digits, radix: 16) else { return nil }
            self.init(short: short)
        case 32:
            guard let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.suffix(16), radix: 16)
            else { return nil }
            self.init(high: high, low: low)
        default: return nil
        }
    }

    /// The 16-bit form, for those that have one.
    public var short: UInt16? {
        guard low == Self.baseLow, high & 0xffff_ffff == Self.baseHigh else { return nil }
        return UInt16(exactly: high >> 32)
    }

    public var description: String {
        func digits(_ value: UInt64, _ count: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: count - text.count) + text
        }
        if let short { return digits(UInt64(short), 4) }
        let (first, second) = (digits(high, 16), digits(low, 16))
        let parts = [
            first.prefix(8), first.dropFirst(8).prefix(4), first.dropFirst(12), second.prefix(4), second.dropFirst(4),
        ]
        return parts.joined(separator: "-")
    }
}
