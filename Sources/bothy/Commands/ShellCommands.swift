import Glibc
import Notation

/// What serves the shell: completion, man page, version.
enum ShellCommands {
    static let all = [completion, manual, version, help, candidates]

    private static let completion = Command(
        path: ["completion"], summary: "Print the completion script of a shell",
        positionals: [.init(name: "shell", summary: "bash, zsh or fish")],
        examples: [
            .init(
                line: "bothy completion bash | sudo tee /etc/bash_completion.d/bothy",
                meaning: "Completion of commands, flags and sensor ids, from the next login on.")
        ]
    ) { invocation in
        switch invocation.positionals[0] {
        case "bash": Terminal.print(Completion.bash)
        case "zsh": Terminal.print(Completion.zsh)
        case "fish": Terminal.print(Completion.fish)
        case let other: throw CommandFailure.usage("there is no completion for '\(other)', only for bash, zsh and fish")
        }
    }

    private static let manual = Command(
        path: ["man"], summary: "Print the man page",
        flags: [
            .init(name: "markdown", summary: "as Markdown: this is how docs/commands.md is made"),
            .init(name: "settings", summary: "as Markdown, the reference of all settings: docs/configuration.md"),
        ],
        examples: [.init(line: "bothy man | man -l -", meaning: "Read it.")]
    ) { invocation in
        if invocation.has("settings") {
            Terminal.print(SettingsReference.markdown())
        } else if invocation.has("markdown") {
            Terminal.print(Reference.markdown(Commands.all))
        } else {
            Terminal.print(Reference.manPage(Commands.all, version: Version.text))
        }
    }

    private static let version = Command(
        path: ["version"], summary: "Print the version",
        flags: [.init(name: "libraries", summary: "also the libraries it runs with")]
    ) { invocation in
        let libraries = invocation.has("libraries") ? Version.libraries() : []
        if invocation.wantsJSON {
            var members: [JSON.Member] = [.init("version", .string(Version.text))]
            if invocation.has("libraries") {
                members.append(.init("libraries", .object(libraries.map { .init($0.name, .string($0.version)) })))
            }
            return Terminal.print(JSONWriter.pretty(.object(members)))
        }
        Terminal.print("bothy \(Version.text)")
        for library in libraries { Terminal.print("  \(library.name) \(library.version)") }
    }

    private static let help = Command(
        path: ["help"], summary: "Print what a command does",
        positionals: [.init(name: "command", summary: "its words", optional: true, repeated: true)]
    ) { invocation in
        try HelpPrinter.print(invocation.positionals)
    }

    private static let candidates = Command(
        path: ["__complete"], summary: "Print completion candidates",
        positionals: [.init(name: "words", summary: "what was typed", optional: true, repeated: true)], hidden: true
    ) { invocation in
        let found = Completion.candidates(invocation.positionals, among: Commands.all) { kind in
            CompletionNames.of(kind, invocation)
        }
        if !found.isEmpty { Terminal.print(found.joined(separator: "\n")) }
    }
}

/// Prints help for words that name a command, or the beginning of some.
enum HelpPrinter {
    static func print(_ words: [String]) throws {
        if let command = Commands.all.first(where: { $0.path == words }) {
            return Terminal.raw(Help.page(command))
        }
        guard Commands.all.contains(where: { $0.path.starts(with: words) }) else {
            throw CommandFailure.usage("'\(words.joined(separator: " "))' is no command", hint: "bothy --help")
        }
        Terminal.raw(Help.overview(Commands.all, under: words))
    }
}

/// Names that completion asks the daemon for; silent where there is none.
enum CompletionNames {
    static func of(_ kind: Command.Completes, _ invocation: Invocation) -> [String] {
        switch kind {
        case .settings: return SettingsReference.paths
        case .sensors: return names(invocation, "/v1/sensors", "id")
        default: return []
        }
    }

    private static func names(_ invocation: Invocation, _ path: String, _ key: String) -> [String] {
        guard let found = try? invocation.client.get(path) else { return [] }
        return (found.array ?? []).compactMap { $0[key]?.string }
    }
}
