/// Renders the table of commands for people.
enum Help {
    static let tagline = "Bothy: a local-first gateway for sensors"

    static func overview(_ commands: [Command], under path: [String] = []) -> String {
        let shown = commands.filter { !$0.hidden && $0.path.starts(with: path) && $0.path.count > path.count }
        var text = path.isEmpty ? "\(tagline).\n\n" : ""
        text += "Usage: bothy \((path + ["<command>"]).joined(separator: " ")) [flags]\n\nCommands:\n"
        let width = (shown.map { $0.name.count }.max() ?? 0) + 2
        for command in shown { text += "  " + pad(command.name, width) + command.summary + "\n" }
        if path.isEmpty {
            text += "\nBegin with:\n"
            text += "  bothy run --scenario /etc/bothy/scenarios/demo.yaml   record simulated sensors\n"
            text += "  bothy status                                          see how it is\n"
            text += "  bothy doctor                                          see what is missing\n"
        }
        return text + "\nMore on each: bothy \((path + ["<command>", "--help"]).joined(separator: " "))\n"
    }

    static func usage(_ command: Command) -> String {
        var words = ["bothy", command.name]
        for positional in command.positionals {
            var word = positional.name + (positional.repeated ? "…" : "")
            if positional.optional { word = "[\(word)]" }
            words.append(word)
        }
        if !command.flags.isEmpty { words.append("[flags]") }
        return words.joined(separator: " ")
    }

    static func page(_ command: Command) -> String {
        var text = "\(command.summary).\n\nUsage: \(usage(command))\n"
        if !command.details.isEmpty { text += "\n\(wrap(command.details, 78))\n" }
        if !command.positionals.isEmpty {
            text += "\nArguments:\n" + list(command.positionals.map { ($0.name, $0.summary) })
        }
        if !command.flags.isEmpty { text += "\nFlags:\n" + list(command.flags.map(describe)) }
        text += "\nAlways:\n" + list(Parser.global.map(describe))
        if !command.examples.isEmpty {
            text += "\nExamples:\n"
            for example in command.examples { text += "  \(example.line)\n      \(example.meaning)\n" }
        }
        return text
    }

    private static func describe(_ flag: Command.Flag) -> (String, String) {
        let choices = flag.choices.isEmpty ? "" : " (\(flag.choices.joined(separator: ", ")))"
        return (
            (flag.short.map { "-\($0), " } ?? "") + "--\(flag.name)" + (flag.value.map { " \($0)" } ?? ""),
            flag.summary + choices
        )
    }

    private static func list(_ rows: [(String, String)]) -> String {
        let width = (rows.map { $0.0.count }.max() ?? 0) + 2
        return rows.map { "  " + pad($0.0, width) + $0.1 + "\n" }.joined()
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func wrap(_ text: String, _ width: Int) -> String {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, line.count + 1 + word.count > width {
                    lines.append(line)
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
