import Notation

/// Understands what was typed by the table of commands.
enum Parser {
    /// Flags that every command takes.
    static let global: [Command.Flag] = [
        Command.Flag(
            name: "output", value: "FORM", summary: "table for people, json for scripts", choices: ["table", "json"]),
        Command.Flag(name: "socket", value: "PATH", summary: "the daemon's socket", completes: .files),
        Command.Flag(name: "quiet", summary: "no messages, only data and errors"),
        Command.Flag(name: "help", summary: "what a command does, with examples"),
    ]

    enum Outcome {
        case run(Invocation)
        /// Help for a command, or for all that begin with these words.
        case help([String])
    }

    static func parse(_ words: [String], among commands: [Command]) throws -> Outcome {
        var rest = words[...]
        var path: [String] = []
        // The words of the command come first; a flag ends them.
        while let word = rest.first, !word.hasPrefix("-"), extends(path + [word], commands) {
            path.append(word)
            rest.removeFirst()
        }
        guard let command = commands.first(where: { $0.path == path }) else {
            return try incomplete(path, rest: Array(rest), among: commands)
        }
        if rest.contains("--help") || rest.contains("-h") { return .help(path) }
        return .run(try arguments(Array(rest), of: command))
    }

    private static func extends(_ path: [String], _ commands: [Command]) -> Bool {
        commands.contains { $0.path.starts(with: path) }
    }

    private static func incomplete(_ path: [String], rest: [String], among commands: [Command]) throws -> Outcome {
        let known = commands.filter { $0.path.starts(with: path) && !$0.hidden }
        guard let word = rest.first, word != "--help", word != "-h", word != "help" else { return .help(path) }
        if word.hasPrefix("-") {
            if path.isEmpty, word == "--version" { return try parse(["version"], among: commands) }
            throw CommandFailure.usage(
                "a command was expected before '\(word)'", hint: "bothy \((path + ["--help"]).joined(separator: " "))")
        }
        let next = Set(known.map { $0.path[path.count] })
        let near = Nearest.match(to: word, among: next.sorted())
        let said =
            path.isEmpty ? "'\(word)' is no command" : "'\(path.joined(separator: " "))' has no command '\(word)'"
        throw CommandFailure.usage(
            said + (near.map { "; did you mean '\((path + [$0]).joined(separator: " "))'?" } ?? ""),
            hint: "bothy \((path + ["--help"]).joined(separator: " "))")
    }

    private static func arguments(_ words: [String], of command: Command) throws -> Invocation {
        var invocation = Invocation(command: command)
        let flags = command.flags + global
        var index = 0
        var onlyPositionals = false
        while index < words.count {
            let word = words[index]
            index += 1
            if onlyPositionals || !word.hasPrefix("-") || word == "-" {
                invocation.positionals.append(word)
            } else if word == "--" {
                onlyPositionals = true
            } else {
                try flag(word, flags, words, &index, &invocation)
            }
        }
        try checkPositionals(invocation)
        return invocation
    }

    private static func flag(
        _ word: String, _ flags: [Command.Flag], _ words: [String], _ index: inout Int, _ invocation: inout Invocation
    ) throws {
        let hint = "bothy \(invocation.command.name) --help"
        let parts = word.drop { $0 == "-" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        let known = flags.first { flag in
            word.hasPrefix("--") ? flag.name == name : flag.short.map { String($0) == name } ?? false
        }
        guard let flag = known else {
            let near = Nearest.match(to: name, among: flags.map(\.name))
            throw CommandFailure.usage(
                "'\(invocation.command.name)' has no flag '\(word)'" + (near.map { "; did you mean --\($0)?" } ?? ""),
                hint: hint)
        }
        guard let placeholder = flag.value else {
            guard parts.count == 1 else { throw CommandFailure.usage("--\(name) takes no value", hint: hint) }
            invocation.switches.insert(flag.name)
            return
        }
        let value: String
        if parts.count == 2 {
            value = String(parts[1])
        } else {
            guard index < words.count else {
                throw CommandFailure.usage("--\(name) needs a value (\(placeholder)): \(flag.summary)", hint: hint)
            }
            value = words[index]
            index += 1
        }
        guard flag.choices.isEmpty || flag.choices.contains(value) else {
            throw CommandFailure.usage(
                "--\(name): one of \(flag.choices.joined(separator: ", ")) was expected, not '\(value)'", hint: hint)
        }
        guard flag.repeated || invocation.values[flag.name] == nil else {
            throw CommandFailure.usage("--\(name) was given twice", hint: hint)
        }
        invocation.values[flag.name, default: []].append(value)
    }

    private static func checkPositionals(_ invocation: Invocation) throws {
        let command = invocation.command
        let hint = "bothy \(command.name) --help"
        let needed = command.positionals.filter { !$0.optional }
        if invocation.positionals.count < needed.count {
            let missing = needed[invocation.positionals.count]
            throw CommandFailure.usage("\(missing.name) is missing: \(missing.summary)", hint: hint)
        }
        let most = command.positionals.last?.repeated == true ? Int.max : command.positionals.count
        if invocation.positionals.count > most {
            throw CommandFailure.usage("'\(invocation.positionals[most])' is one word too many", hint: hint)
        }
    }
}
