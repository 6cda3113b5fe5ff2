/// RFC 3339 times in UTC, to and from nanoseconds since 1970; pure, and quick enough to be done for each row of an export.
enum Timestamp {
    private static let dayNs: Int64 = 86_400_000_000_000

    /// `2026-03-01T08:00:00.123456Z`
    static func append(_ time: Int64, to bytes: inout [UInt8]) {
        let days = time >= 0 ? time / dayNs : (time - dayNs + 1) / dayNs
        let (year, month, day) = civil(days)
        let microseconds = (time - days * dayNs) / 1000
        func digits(_ value: Int64, _ count: Int) {
            var divisor: Int64 = 1
            for _ in 1..<count { divisor *= 10 }
            while divisor > 0 {
                bytes.append(48 + UInt8(value / divisor % 10))
                divisor /= 10
            }
        }
        digits(year, 4)
        bytes.append(UInt8(ascii: "-"))
        digits(month, 2)
        bytes.append(UInt8(ascii: "-"))
        digits(day, 2)
        bytes.append(UInt8(ascii: "T"))
        digits(microseconds / 3_600_000_000, 2)
        bytes.append(UInt8(ascii: ":"))
        digits(microseconds / 60_000_000 % 60, 2)
        bytes.append(UInt8(ascii: ":"))
        digits(microseconds / 1_000_000 % 60, 2)
        bytes.append(UInt8(ascii: "."))
        digits(microseconds % 1_000_000, 6)
        bytes.append(UInt8(ascii: "Z"))
    }

    static func text(_ time: Int64) -> String {
        var bytes: [UInt8] = []
        append(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The year, month and day of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// RFC 3339 with any offset, or Unix seconds with or without a fraction. Nil for anything else.
    static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        if bytes.count < 10 || bytes[4] != UInt8(ascii: "-") { return seconds(text) }
        var at = 0
        func number(_ count: Int, then separator: UInt8? = nil) -> Int64? {
            guard at + count <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[at..<at + count] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            at += count
            guard let separator else { return value }
            guard at < bytes.count, bytes[at] | 0x20 == separator | 0x20 || bytes[at] == separator else { return nil }
            at += 1
            return value
        }
        guard let year = number(4, then: UInt8(ascii: "-")), let month = number(2, then: UInt8(ascii: "-")),
            (1...12).contains(month), let day = number(2), (1...31).contains(day)
        else { return nil }
        var time = days(year, month, day) * 86_400
        if at == bytes.count { return nanoseconds(time) }
        guard bytes[at] == UInt8(ascii: "T") || bytes[at] == UInt8(ascii: "t") || bytes[at] == 32 else { return nil }
        at += 1
        guard let hour = number(2, then: UInt8(ascii: ":")), hour < 24, let minute = number(2, then: UInt8(ascii: ":")),
            minute < 60, let second = number(2), second < 61
        else { return nil }
        time += hour * 3600 + minute * 60 + second
        var fraction: Int64 = 0
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            var scale: Int64 = 100_000_000
            while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 {
                fraction += Int64(bytes[at] - 48) * scale
                scale /= 10
                at += 1
            }
        }
        guard at < bytes.count else { return nil }
        let sign: Int64 = bytes[at] == UInt8(ascii: "-") ? 1 : -1
        let zone = bytes[at]
        at += 1
        if zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-") {
            guard let hours = number(2, then: UInt8(ascii: ":")), hours < 24, let minutes = number(2), minutes < 60
            else {
                return nil
            }
            time += sign * (hours * 3600 + minutes * 60)
        } else if zone | 0x20 != UInt8(ascii: "z") {
            return nil
        }
        return at == bytes.count ? nanoseconds(time).map { $0 + fraction } : nil
    }

    private static func nanoseconds(_ seconds: Int64) -> Int64? {
        let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? nil : value
    }

    private static func seconds(_ text: String) -> Int64? {
        guard let value = Double(text), value.isFinite, value.magnitude < 9e9 else { return nil }
        return Int64((value * 1e9).rounded())
    }
}
