/// The man page and docs/commands.md, from the table of commands.
enum Reference {
    static func manPage(_ commands: [Command], version: String) -> String {
        var text =
            ".TH BOTHY 1 \"\" \"bothy \(version)\" \"Bothy\"\n.SH NAME\nbothy \\- a local-first gateway for sensors\n"
        text += ".SH SYNOPSIS\n.B bothy\n.I command\n[\\fIflags\\fR]\n.SH COMMANDS\n"
        for command in commands where !command.hidden {
            text += ".SS \(escape(Help.usage(command)))\n\(escape(command.summary)).\n"
            if !command.details.isEmpty { text += ".PP\n\(escape(command.details))\n" }
            for positional in command.positionals { text += item(positional.name, positional.summary) }
            for flag in command.flags { text += item("--\(flag.name) \(flag.value ?? "")", flag.summary) }
            for example in command.examples {
                text += ".PP\n.EX\n\(escape(example.line))\n.EE\n\(escape(example.meaning))\n"
            }
        }
        text += ".SH FLAGS OF EVERY COMMAND\n"
        for flag in Parser.global { text += item("--\(flag.name) \(flag.value ?? "")", flag.summary) }
        text += ".SH EXIT STATUS\n0 done, 1 failed, 2 not understood, 3 the daemon cannot be reached, 4 refused.\n"
        text += ".SH FILES\n.I /etc/bothy/bothy.yaml\n.br\n.I /var/lib/bothy\n.br\n.I /run/bothy/bothy.sock\n"
        return text
    }

    static func markdown(_ commands: [Command]) -> String {
        var text = "# Commands\n\nMade from the table of commands by `bothy man --markdown`; a test holds it to that.\n"
        for command in commands where !command.hidden {
            text += "\n## bothy \(command.name)\n\n\(command.summary).\n\n```\n\(Help.usage(command))\n```\n"
            if !command.details.isEmpty { text += "\n\(command.details)\n" }
            let rows =
                command.positionals.map { ($0.name, $0.summary) }
                + command.flags.map { ("--\($0.name)\($0.value.map { " \($0)" } ?? "")", $0.summary) }
            if !rows.isEmpty {
                text += "\n| | |\n|---|---|\n" + rows.map { "| `\($0.0)` | \($0.1) |\n" }.joined()
            }
            for example in command.examples { text += "\n`\(example.line)`: \(example.meaning)\n" }
        }
        return text
    }

    private static func item(_ term: String, _ meaning: String) -> String {
        ".TP\n.B \(escape(term))\n\(escape(meaning))\n"
    }

    private static func escape(_ text: String) -> String {
        let escaped = text.map { $0 == "\\" ? "\\e" : $0 == "-" ? "\\-" : String($0) }.joined()
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
}
