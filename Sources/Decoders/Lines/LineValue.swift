import Measurements

/// One written value, read as its attribute wants it.
enum LineValue {
    static let longestText = 255

    /// Nil for what is not a value of that kind or lies outside its range. An integer with more digits than its scale is
    /// rounded, half away from zero.
    @inline(__always)
    static func parse(
        _ text: UnsafeRawBufferPointer, _ declaration: AttributeDeclaration, point: UInt8 = UInt8(ascii: ".")
    ) -> Value? {
        switch declaration.kind {
        case .integer(let scale):
            guard let decimal = Decimal(text, point: point), let mantissa = decimal.rounded(at: Int(scale)) else {
                return nil
            }
            if let range = declaration.range, !range.contains(decimal.double) { return nil }
            return .integer(mantissa)
        case .double:
            guard let decimal = Decimal(text, point: point) else { return nil }
            let number = decimal.double
            guard number.isFinite, declaration.range?.contains(number) ?? true else { return nil }
            return .double(number)
        case .boolean: return flag(text).map { .boolean($0) }
        case .text:
            guard text.count <= longestText, let string = String(validating: text, as: UTF8.self) else { return nil }
            return .text(string)
        }
    }

    private static func flag(_ text: UnsafeRawBufferPointer) -> Bool? {
        func says(_ word: StaticString) -> Bool {
            text.count == word.utf8CodeUnitCount
                && (0..<text.count).allSatisfy { text[$0] | 0x20 == word.utf8Start[$0] | 0x20 }
        }
        if says("1") || says("true") || says("on") || says("yes") || says("open") { return true }
        if says("0") || says("false") || says("off") || says("no") || says("closed") { return false }
        return nil
    }
}
