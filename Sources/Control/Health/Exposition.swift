/// Numbers in the text form that Prometheus reads.
enum Exposition {
    static func text(_ metrics: [Metric]) -> [UInt8] {
        var text = ""
        for metric in metrics {
            let name = "bothy_\(metric.name)"
            text += "# HELP \(name) \(escaped(metric.help, quotes: false))\n# TYPE \(name) \(metric.kind.rawValue)\n"
            for value in metric.values {
                text += name
                if !value.labels.isEmpty {
                    let labels = value.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
                    text += "{\(labels.joined(separator: ","))}"
                }
                text += " \(number(value.value))\n"
            }
        }
        return Array(text.utf8)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for character in text {
            switch character {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.append(character)
            }
        }
        return out
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { String($0) } ?? value.description
    }
}
