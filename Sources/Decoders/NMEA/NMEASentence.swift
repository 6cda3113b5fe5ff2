/// The fields of one NMEA sentence, without its `$` and checksum: `GPGGA,123519,…`. Reused from sentence to sentence.
struct NMEASentence {
    static let mostFields = 64

    private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    private var starts: [Int] = []

    init() { starts.reserveCapacity(Self.mostFields + 1) }

    /// Splits the text; false where it has too many fields to be one.
    mutating func split(_ text: UnsafeRawBufferPointer) -> Bool {
        bytes = text
        starts.removeAll(keepingCapacity: true)
        starts.append(0)
        for (index, byte) in text.enumerated() where byte == UInt8(ascii: ",") {
            guard starts.count < Self.mostFields else { return false }
            starts.append(index + 1)
        }
        return true
    }

    var count: Int { starts.count }

    /// Empty beyond the last.
    subscript(field: Int) -> UnsafeRawBufferPointer {
        guard field < starts.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let end = field + 1 < starts.count ? starts[field + 1] - 1 : bytes.count
        return UnsafeRawBufferPointer(rebasing: bytes[starts[field]..<end])
    }

    /// The three letters behind the talker, packed; 0 for proprietary sentences.
    var kind: UInt32 {
        let address = self[0]
        guard address.count == 5, address[0] != UInt8(ascii: "P") else { return 0 }
        return UInt32(address[2]) << 16 | UInt32(address[3]) << 8 | UInt32(address[4])
    }

    /// `GP`, `GL`, `GN` …, packed.
    var talker: UInt16 { self[0].count < 2 ? 0 : UInt16(self[0][0]) << 8 | UInt16(self[0][1]) }

    static func kind(_ name: StaticString) -> UInt32 {
        UInt32(name.utf8Start[0]) << 16 | UInt32(name.utf8Start[1]) << 8 | UInt32(name.utf8Start[2])
    }

    func letter(_ field: Int) -> UInt8 {
        let text = self[field]
        return text.count == 1 ? text[0] : 0
    }

    enum Missing: Error { case malformed }

    /// Nil for an empty field; throws for one that is no number.
    func decimal(_ field: Int) throws(Missing) -> Decimal? {
        let text = self[field]
        if text.isEmpty { return nil }
        guard let value = Decimal(text) else { throw .malformed }
        return value
    }

    func integer(_ field: Int, in range: ClosedRange<Int64>) throws(Missing) -> Int64? {
        guard let value = try decimal(field) else { return nil }
        guard value.exponent == 0, range.contains(value.mantissa) else { throw .malformed }
        return value.mantissa
    }

    /// Degrees from `4807.038` and `N` in the next field; nil where both are empty.
    func coordinate(_ field: Int, positive: UInt8, negative: UInt8, most: Double) throws(Missing) -> Double? {
        let side = letter(field + 1)
        guard let value = try decimal(field) else {
            if side != 0, side != positive, side != negative { throw .malformed }
            return nil
        }
        guard side == positive || side == negative, value.mantissa >= 0, value.exponent <= 0, value.exponent >= -9
        else {
            throw .malformed
        }
        let unit = PowerOfTen.whole(-value.exponent)
        let degrees = value.mantissa / (100 * unit)
        let minutes = Double(value.mantissa % (100 * unit)) / Double(unit)
        let angle = Double(degrees) + minutes / 60
        guard minutes < 60, angle <= most else { throw .malformed }
        return side == positive ? angle : -angle
    }

    /// Nanoseconds since midnight from `hhmmss.sss`; nil for an empty field and for a leap second, which has no Unix time.
    func timeOfDay(_ field: Int) throws(Missing) -> Int64? {
        guard let value = try decimal(field) else { return nil }
        let whole = self[field].prefix { $0 != UInt8(ascii: ".") }
        guard whole.count == 6, value.exponent <= 0, value.exponent >= -9, value.mantissa >= 0 else { throw .malformed }
        let nanoseconds = value.mantissa * PowerOfTen.whole(9 + value.exponent)
        let second = nanoseconds / 1_000_000_000
        let (hours, minutes, seconds) = (second / 10_000, second / 100 % 100, second % 100)
        guard hours < 24, minutes < 60, seconds <= 60 else { throw .malformed }
        if seconds == 60 { return nil }
        return (hours * 3600 + minutes * 60 + seconds) * 1_000_000_000 + nanoseconds % 1_000_000_000
    }
}

/// Days since 1970 of a date of the Gregorian calendar; nil for a day that does not exist.
func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64? {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(day) else { return nil }
    // Counted from March, a year's lengths repeat every five months.
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}
