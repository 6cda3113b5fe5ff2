/// A decimal number as it was written, exact: `-12.50` is −1250 · 10⁻².
public struct Decimal: Hashable, Sendable, CustomStringConvertible {
    public var mantissa: Int64
    public var exponent: Int

    public init(mantissa: Int64, exponent: Int) {
        self.mantissa = mantissa
        self.exponent = exponent
    }

    public init?(_ text: String) {
        var text = text
        guard let value = text.withUTF8({ Decimal(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = value
    }

    /// The whole text must be one number: sign, digits, point, digits, `e` and a small exponent. Nil for anything else
    /// and for more than 18 significant digits.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, point: UInt8 = UInt8(ascii: ".")) {
        var at = 0
        let count = bytes.count
        var negative = false
        if at < count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            negative = bytes[at] == UInt8(ascii: "-")
            at += 1
        }
        var value: Int64 = 0
        var digits = 0
        var significant = 0
        var decimals = 0
        var afterPoint = false
        while at < count {
            let byte = bytes[at]
            if byte >= 48, byte <= 57 {
                if value != 0 || byte != 48 { significant += 1 }
                guard significant <= 18 else { return nil }
                value = value &* 10 &+ Int64(byte &- 48)
                digits += 1
                if afterPoint { decimals += 1 }
            } else if byte == point, !afterPoint {
                afterPoint = true
            } else {
                break
            }
            at += 1
        }
        guard digits > 0, decimals <= 64 else { return nil }
        var power = 0
        if at < count {
            guard bytes[at] | 0x20 == UInt8(ascii: "e"), let written = Decimal.exponent(bytes, at + 1) else {
                return nil
            }
            power = written
        }
        mantissa = negative ? -value : value
        exponent = power - decimals
    }

    private static func exponent(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var at = start
        var negative = false
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            negative = bytes[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < bytes.count, bytes.count - at <= 3 else { return nil }
        var value = 0
        while at < bytes.count {
            guard bytes[at] >= 48, bytes[at] <= 57 else { return nil }
            value = value * 10 + Int(bytes[at] - 48)
            at += 1
        }
        return negative ? -value : value
    }

    /// The mantissa at a given scale; nil where digits would be lost or it does not fit.
    public func mantissa(at scale: Int) -> Int64? {
        var (value, shift) = (mantissa, exponent - scale)
        if value == 0 { return 0 }
        while shift > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            (value, shift) = (product, shift - 1)
        }
        while shift < 0 {
            guard value % 10 == 0 else { return nil }
            (value, shift) = (value / 10, shift + 1)
        }
        return value
    }

    /// As `mantissa(at:)`, rounded half away from zero where there are more digits.
    public func rounded(at scale: Int) -> Int64? {
        let shift = exponent - scale
        guard shift < 0 else { return mantissa(at: scale) }
        guard shift >= -18 else { return 0 }
        let divisor = PowerOfTen.whole(-shift)
        let (quotient, rest) = mantissa.quotientAndRemainder(dividingBy: divisor)
        guard rest.magnitude >= divisor.magnitude - rest.magnitude else { return quotient }
        return quotient + (mantissa < 0 ? -1 : 1)
    }

    public var double: Double { PowerOfTen.scaled(mantissa, exponent) }

    public var description: String {
        guard exponent < 0 else { return exponent == 0 || mantissa == 0 ? "\(mantissa)" : "\(mantissa)e\(exponent)" }
        var digits = String(mantissa.magnitude)
        let decimals = -exponent
        if digits.count <= decimals { digits = String(repeating: "0", count: decimals - digits.count + 1) + digits }
        let split = digits.index(digits.endIndex, offsetBy: -decimals)
        return (mantissa < 0 ? "-" : "") + digits[..<split] + "." + digits[split...]
    }
}
