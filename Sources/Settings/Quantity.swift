/// Sizes and durations as people write them.
public enum Quantity {
    private static let byteUnits: [(String, Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1),
    ]
    private static let durationUnits: [(String, Int64)] = [
        ("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// `2 GiB`, `512MiB`, `1.5 GB`; a bare number is bytes.
    public static func bytes(of text: String) -> Int64? {
        guard let (number, unit) = split(text) else { return nil }
        let match = byteUnits.first { $0.0.lowercased() == unit.lowercased() }
        return scaled(number, by: unit.isEmpty ? 1 : match?.1)
    }

    /// Milliseconds of `250 ms`, `10s`, `5 min`, `1 h`, `7 d`; a bare number is refused, since nobody can say of what.
    public static func milliseconds(of text: String) -> Int64? {
        guard let (number, unit) = split(text) else { return nil }
        return scaled(number, by: durationUnits.first { $0.0 == unit }?.1)
    }

    /// The shortest exact form, else one decimal in the greatest unit.
    public static func bytes(_ count: Int64) -> String {
        for (unit, size) in byteUnits.prefix(4) where count >= size {
            return count % size == 0 ? "\(count / size) \(unit)" : "\(tenths(Double(count) / Double(size))) \(unit)"
        }
        return "\(count) B"
    }

    public static func duration(_ milliseconds: Int64) -> String {
        for (unit, size) in durationUnits.reversed() where milliseconds >= size && milliseconds % size == 0 {
            return "\(milliseconds / size) \(unit)"
        }
        return "\(milliseconds) ms"
    }

    /// `3 d 4 h`, `12 min`, `8 s`: for reading at a glance, the two greatest units.
    public static func roughly(seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "–" }
        if seconds < 10 { return "\(tenths(seconds)) s" }
        let whole = Int64(min(seconds, 1e15))
        if whole < 60 { return "\(whole) s" }
        if whole < 3_600 {
            return whole < 600 && whole % 60 > 0 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 60) min"
        }
        if whole < 86_400 { return "\(whole / 3_600) h" + (whole / 60 % 60 > 0 ? " \(whole / 60 % 60) min" : "") }
        if whole < 86_400 * 730 { return "\(whole / 86_400) d" + (whole < 864_000 ? " \(whole / 3_600 % 24) h" : "") }
        return "\(whole / (86_400 * 365)) years"
    }

    static func tenths(_ number: Double) -> String {
        let whole = Int64((number * 10).rounded())
        return whole % 10 == 0 ? "\(whole / 10)" : "\(whole / 10).\(whole % 10)"
    }

    private static func split(_ text: String) -> (Double, String)? {
        let text = text.filter { $0 != " " }
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits) else { return nil }
        return (number, String(text.dropFirst(digits.count)))
    }

    private static func scaled(_ number: Double, by factor: Int64?) -> Int64? {
        guard let factor else { return nil }
        let result = (number * Double(factor)).rounded()
        return result < 9e18 ? Int64(result) : nil
    }
}
