import Glibc
import Notation
import Settings
import System

/// Looking at and changing the settings file.
enum ConfigCommands {
    static let all = [check, show, set, reload]

    static let defaultFile = "/etc/bothy/bothy.yaml"

    static let configFlag = Command.Flag(
        name: "config", value: "FILE", summary: "the settings file (\(defaultFile))", completes: .files)

    private static let check = Command(
        path: ["config", "check"], summary: "Say whether the settings file is good, and what is wrong in it",
        flags: [configFlag],
        examples: [
            .init(line: "bothy config check --config barn.yaml", meaning: "Every problem with its line and column.")
        ]
    ) { invocation in
        let file = file(of: invocation)
        _ = try load(file, mustExist: invocation.value("config") != nil)
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(["file": .string(file), "good": true])) }
        if !invocation.quiet { Terminal.print("\(file) is good.") }
    }

    private static let show = Command(
        path: ["config", "show"], summary: "Print the settings in force and where each came from",
        details: "Read from the file, so it also works without a daemon.",
        positionals: [
            .init(name: "setting", summary: "only this one, or what is under it", optional: true, completes: .settings)
        ],
        flags: [configFlag],
        examples: [.init(line: "bothy config show store", meaning: "What applies to the ring.")]
    ) { invocation in
        let tree = try load(file(of: invocation), mustExist: invocation.value("config") != nil)
        let wanted = invocation.positionals.first
        let leaves = tree.leaves().filter { leaf in
            guard let wanted else { return true }
            return leaf.path == wanted || leaf.path.hasPrefix(wanted + ".") || leaf.path.hasPrefix(wanted + "[")
        }
        if leaves.isEmpty, let wanted { try refuseUnknown(wanted) }
        if invocation.wantsJSON {
            return Terminal.print(
                JSONWriter.pretty(
                    .array(
                        leaves.map {
                            [
                                "setting": .string($0.path), "value": .string($0.value.written),
                                "origin": .string($0.value.origin.description),
                            ]
                        })))
        }
        var table = Table("SETTING", "VALUE", "FROM")
        for leaf in leaves {
            let origin = leaf.value.origin == .fallback ? Style.dim("default") : leaf.value.origin.description
            table.add(leaf.path, leaf.value.written, origin)
        }
        Terminal.print(table.render())
    }

    private static let set = Command(
        path: ["config", "set"], summary: "Change one setting in the file, keeping its comments",
        details:
            "The file is checked with the change before it is written. A running daemon takes it up with `bothy config reload`.",
        positionals: [
            .init(name: "setting", summary: "its name, such as store.cap", completes: .settings),
            .init(name: "value", summary: "as it would stand in the file"),
        ],
        flags: [configFlag],
        examples: [.init(line: "bothy config set store.cap '8 GiB'", meaning: "A bigger ring.")]
    ) { invocation in
        let file = file(of: invocation)
        let (name, value) = (invocation.positionals[0], invocation.positionals[1])
        let path = name.split(separator: ".").map(String.init)
        let before = (try? Files.read(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        try refuseUnknown(name)
        let after: String
        do {
            after = try SettingsEditor.set(path, to: value, in: before)
        } catch {
            throw CommandFailure.failed("\(file):\(error)")
        }
        try check(Array(after.utf8), file)
        try Files.replace(file, with: Array(after.utf8))
        if !invocation.quiet { Terminal.message("\(file): \(name) is now \(value). Take it up: bothy config reload") }
    }

    private static let reload = Command(
        path: ["config", "reload"], summary: "Let the daemon take up what changed in its settings file",
        details: "Sensors whose settings did not change go on undisturbed. A bad file is refused whole."
    ) { invocation in
        let answer = try invocation.client.send("POST", "/v1/config/reload")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        let changed = answer["changed"]?.array?.compactMap(\.string) ?? []
        let waiting = answer["needs_restart"]?.array?.compactMap(\.string) ?? []
        if !invocation.quiet {
            Terminal.print(changed.isEmpty ? "Nothing changed." : "Changed: \(changed.joined(separator: ", ")).")
            if !waiting.isEmpty { Terminal.print("After a restart: \(waiting.joined(separator: ", ")).") }
        }
    }

    /// Adds an item to a list of the file, keeping its comments; the file is checked with it before it is written.
    static func append(_ item: [String], to path: String, _ file: String) throws {
        let before = (try? Files.read(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let after: String
        do {
            after = try SettingsEditor.append(item, to: path, in: before)
        } catch {
            throw CommandFailure.failed("\(file):\(error)")
        }
        try check(Array(after.utf8), file)
        try Files.replace(file, with: Array(after.utf8))
    }

    static func file(of invocation: Invocation) -> String { invocation.value("config") ?? defaultFile }

    /// The settings of a file; a missing one is an empty one unless it was named.
    static func load(_ file: String, mustExist: Bool) throws -> SettingsTree {
        let text: [UInt8]
        do {
            text = try Files.read(file)
        } catch {
            guard error.code == ENOENT, !mustExist else { throw CommandFailure.failed("\(error)") }
            text = []
        }
        return try check(text, file)
    }

    @discardableResult
    private static func check(_ text: [UInt8], _ file: String) throws -> SettingsTree {
        do {
            return try SettingsReader.read(text, file: file, schema: Schema.settings)
        } catch {
            throw CommandFailure.failed("\(error)", hint: "bothy man --settings lists what may be set")
        }
    }

    private static func refuseUnknown(_ name: String) throws {
        let known = SettingsReference.paths
        let bare = name.split(separator: "[").first.map(String.init) ?? name
        guard !known.contains(where: { $0 == bare || $0.hasPrefix(bare + ".") || bare.hasPrefix($0 + ".") }) else {
            return
        }
        let near = Nearest.match(to: name, among: known)
        throw CommandFailure.usage("there is no setting '\(name)'" + (near.map { "; did you mean '\($0)'?" } ?? ""))
    }
}
