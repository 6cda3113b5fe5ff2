import Glibc

/// Times as people here read them.
enum Calendar {
    /// `2026-05-01 14:03:27` in local time.
    static func text(unixMs: Int64) -> String {
        var seconds = time_t(unixMs / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return
            "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }
}
