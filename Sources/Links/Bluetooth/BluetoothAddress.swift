/// The address of a Bluetooth device: six bytes and which kind they are.
@frozen
public struct BluetoothAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// As the kernel numbers them.
    @frozen
    public enum Kind: UInt8, Sendable, CaseIterable {
        case classic = 0
        case `public` = 1
        case random = 2
    }

    /// The six bytes as a number, the most significant first as people write them, and the kind above them.
    public let packed: UInt64

    @inlinable
    public init(_ number: UInt64, _ kind: Kind) { packed = number & 0xFFFF_FFFF_FFFF | UInt64(kind.rawValue) << 48 }

    @inlinable public var number: UInt64 { packed & 0xFFFF_FFFF_FFFF }
    @inlinable public var kind: Kind { Kind(rawValue: UInt8(packed >> 48)) ?? .random }

    /// A random address whose upper bits say that only who holds the identity key can tell whose it is.
    @inlinable public var isResolvable: Bool { kind == .random && number >> 46 == 0b01 }
    /// A random address that stays as long as the device has power.
    @inlinable public var isStatic: Bool { kind == .random && number >> 46 == 0b11 }

    /// As on the air: the least significant byte first.
    public var bytesOnAir: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) } }

    /// `CB:B8:33:4C:88:4F`, also in lower case or without colons. Without word of the kind, the upper bits decide:
    /// what looks like a static random address is one, the rest is public.
    public init?(_ text: some StringProtocol, kind: Kind? = nil) {
        var number: UInt64 = 0
        var digits = 0
        for (place, character) in text.utf8.enumerated() {
            if character == 58 {
                guard place % 3 == 2, text.utf8.count == 17 else { return nil }
                continue
            }
            let digit: UInt8
            switch character {
            case 48...57: digit = character - 48
            case 65...70: digit = character - 55
            case 97...102: digit = character - 87
            default: return nil
            }
            number = number << 4 | UInt64(digit)
            digits += 1
            if digits > 12 { return nil }
        }
        guard digits == 12, text.utf8.count == 12 || text.utf8.count == 17 else { return nil }
        self.init(number, kind ?? (number >> 46 == 0b11 ? .random : .public))
    }

    public var description: String {
        var text: [UInt8] = []
        for place in stride(from: 40, through: 0, by: -8) {
            let byte = UInt8(truncatingIfNeeded: number >> UInt64(place))
            for nibble in [byte >> 4, byte & 15] { text.append(nibble < 10 ? 48 + nibble : 55 + nibble) }
            if place > 0 { text.append(58) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    public static func < (left: BluetoothAddress, right: BluetoothAddress) -> Bool { left.packed < right.packed }
}
