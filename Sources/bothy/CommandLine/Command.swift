import Notation

/// One command: what it is called, takes, and does. Parser, help, completion, man page and reference come from this.
struct Command: Sendable {
    let path: [String]
    let summary: String
    /// What one has to know beyond the summary; whole sentences.
    var details = ""
    var positionals: [Positional] = []
    var flags: [Flag] = []
    var examples: [Example] = []
    /// Works, but is not shown.
    var hidden = false
    let run: @Sendable (Invocation) throws -> Void

    struct Positional: Sendable {
        let name: String
        let summary: String
        var optional = false
        var repeated = false
        var completes = Completes.nothing
    }

    struct Flag: Sendable {
        let name: String
        /// One letter that says the same: `-o`.
        var short: Character?
        /// What stands for the value in help; nil for a switch.
        var value: String?
        let summary: String
        var choices: [String] = []
        var completes = Completes.nothing
        /// May be given several times.
        var repeated = false
    }

    struct Example: Sendable {
        let line: String
        let meaning: String
    }

    /// Where completion finds candidates.
    enum Completes: Sendable { case nothing, files, sensors, settings, rooms, peers, ports }

    var name: String { path.joined(separator: " ") }
}

/// What was typed, after it was understood.
struct Invocation: Sendable {
    let command: Command
    var values: [String: [String]] = [:]
    var switches: Set<String> = []
    var positionals: [String] = []

    func value(_ flag: String) -> String? { values[flag]?.last }
    func all(_ flag: String) -> [String] { values[flag] ?? [] }
    func has(_ flag: String) -> Bool { switches.contains(flag) }

    var wantsJSON: Bool { value("output") == "json" }
    var quiet: Bool { has("quiet") }

    /// A whole number given to a flag, or nil where the flag was not given.
    func whole(_ flag: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard let text = value(flag) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw CommandFailure.usage(
                "--\(flag): a whole number from \(range.lowerBound) to \(range.upperBound) was expected, not '\(text)'")
        }
        return number
    }
}

/// Why a command did not do what it was asked; becomes one line on standard error and the exit status.
struct CommandFailure: Error {
    enum Status: Int32 { case failed = 1, usage = 2, unreachable = 3, refused = 4 }

    let status: Status
    let message: String
    /// What to do next.
    var hint: String?

    static func usage(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure(status: .usage, message: message, hint: hint)
    }

    static func failed(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure(status: .failed, message: message, hint: hint)
    }
}
