import Glibc

/// Gives a log line its form.
enum LogWriter {
    static func render(_ line: Log.Line, _ form: Log.Form) -> String {
        switch form {
        case .text: "\(clock(line.unixTime)) \(mark(line.level)) \(line.part): \(oneLine(line))\n"
        case .journal: "<\(line.level.rawValue)>\(line.part): \(oneLine(line))\n"
        case .json: json(line) + "\n"
        }
    }

    static func write(_ text: String) {
        // One write a line, so that lines of several threads do not mix.
        var text = text
        text.withUTF8 { bytes in _ = Glibc.write(2, bytes.baseAddress, bytes.count) }
    }

    private static func oneLine(_ line: Log.Line) -> String {
        var text = line.message
        for field in line.fields { text += " \(field.name)=\(field.value)" }
        return String(text.map { $0.isNewline ? " " : $0 })
    }

    private static func mark(_ level: Log.Level) -> String {
        switch level {
        case .error: "ERROR"
        case .warning: "warn "
        case .notice: "note "
        case .info: "info "
        case .debug: "debug"
        }
    }

    /// `14:03:27.120` in local time: on a terminal the day is known.
    private static func clock(_ unixTime: Int64) -> String {
        var seconds = time_t(unixTime / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func padded(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = String(1000 + unixTime / 1_000_000 % 1000).dropFirst()
        return "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec)).\(milliseconds)"
    }

    private static func json(_ line: Log.Line) -> String {
        var members = [
            ("time_ms", "\(line.unixTime / 1_000_000)"), ("level", quoted(line.level.name)),
            ("part", quoted(line.part)),
            ("message", quoted(line.message)),
        ]
        for field in line.fields { members.append((field.name, quoted(field.value))) }
        return "{" + members.map { "\(quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case _ where scalar.value < 32: out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
