import Notation
import Settings
import System

/// What was measured, what is missing, what happened.
enum ExportCommands {
    static let all = [export, gaps, events]

    private static let range: [Command.Flag] = [
        .init(name: "from", value: "TIME", summary: "not before: 2026-05-01T12:00Z, or 2h for two hours ago"),
        .init(name: "to", value: "TIME", summary: "before"),
    ]

    private static let export = Command(
        path: ["export"], summary: "Write what a sensor measured to a file or to standard output",
        details: "Every run that the ring still has, oldest first. Progress is told on standard error.",
        positionals: [
            SensorCommands.id,
            .init(name: "attribute", summary: "only this one; needed where a sensor has several", optional: true),
        ],
        flags: range + [
            .init(
                name: "format", value: "FORM", summary: "how it is written (csv)",
                choices: ["csv", "ndjson", "senml", "json"]),
            .init(name: "resolution", value: "TIME", summary: "least, mean and most of so much time, such as 1min"),
            .init(name: "limit", value: "COUNT", summary: "rows at most"),
            .init(name: "file", value: "FILE", summary: "instead of standard output", completes: .files),
        ],
        examples: [
            .init(line: "bothy export living-room temperature --from 24h > day.csv", meaning: "A day as CSV."),
            .init(line: "bothy export anna-chest ecg --format ndjson | head", meaning: "A line of JSON a sample."),
        ]
    ) { invocation in
        try Export(invocation).run()
    }

    private static let gaps = Command(
        path: ["sensor", "gaps"], summary: "List what is missing, why, and how much",
        positionals: [.init(name: "sensor", summary: "only this one", optional: true, completes: .sensors)],
        flags: range + [.init(name: "limit", value: "COUNT", summary: "at most so many (100)")]
    ) { invocation in
        var query = try Query(invocation)
        if let sensor = invocation.positionals.first { query.add("sensor", sensor) }
        let answer = try invocation.client.get("/v1/gaps" + query.text)
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        let gaps = answer.array ?? []
        if gaps.isEmpty { return Terminal.print("Nothing is missing.") }
        var table = Table([
            .init(title: "WHEN"), .init(title: "SENSOR"), .init(title: "ATTRIBUTE"), .init(title: "KIND"),
            .init(title: "LOST", right: true), .init(title: "WHY"),
        ])
        for gap in gaps {
            table.add(
                Calendar.text(unixMs: gap["time_ms"]?.integer ?? 0), gap["sensor"]?.string ?? "–",
                gap["attribute"]?.string ?? "–", gap["kind"]?.string ?? "", grouped(gap["lost"]?.integer ?? 0),
                (gap["cause"]?.string ?? "") + (gap["who"]?.string.map { $0.isEmpty ? "" : " (\($0))" } ?? ""))
        }
        Terminal.print(table.render())
    }

    private static let events = Command(
        path: ["events"], summary: "List what happened, newest last",
        flags: range + [
            .init(
                name: "kind", value: "KIND", summary: "only of this part: sensor, store, clock, supervision, config …"),
            .init(name: "sensor", value: "SENSOR", summary: "only about this one", completes: .sensors),
            .init(name: "limit", value: "COUNT", summary: "at most so many (100)"),
        ]
    ) { invocation in
        var query = try Query(invocation)
        if let kind = invocation.value("kind") { query.add("kind", kind) }
        if let sensor = invocation.value("sensor") { query.add("sensor", sensor) }
        let answer = try invocation.client.get("/v1/events" + query.text)
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        for event in (answer.array ?? []).reversed() {
            let level = event["level"]?.string ?? ""
            let message = event["message"]?.string ?? ""
            Terminal.print(
                "\(Style.dim(Calendar.text(unixMs: event["time_ms"]?.integer ?? 0)))  \(Help.pad(event["kind"]?.string ?? "", 12))"
                    + (level == "error" ? Style.red(message) : level == "warning" ? Style.yellow(message) : message))
        }
    }
}

/// The part of an address after the question mark.
struct Query {
    private var parts: [String] = []

    /// Takes up `--from`, `--to` and `--limit` where they were given.
    init(_ invocation: Invocation) throws {
        for name in ["from", "to"] {
            if let text = invocation.value(name) { add(name, try Query.time(text, flag: name)) }
        }
        if invocation.command.flags.contains(where: { $0.name == "limit" }),
            let limit = try invocation.whole("limit", in: 1...Int64.max)
        {
            add("limit", "\(limit)")
        }
    }

    mutating func add(_ name: String, _ value: String) { parts.append("\(name)=\(Client.escape(value))") }

    var text: String { parts.isEmpty ? "" : "?" + parts.joined(separator: "&") }

    /// A point in time as the API takes it; `2h` is two hours ago.
    private static func time(_ text: String, flag: String) throws -> String {
        if let ago = Quantity.milliseconds(of: text) { return "\(SystemClock.unixTime / 1_000_000 - ago)" }
        guard text.first?.isNumber == true else {
            throw CommandFailure.usage(
                "--\(flag): a time such as 2026-05-01T12:00Z, or 2h for two hours ago, was expected, not '\(text)'")
        }
        return text
    }
}

/// One export: asks which attribute where it was not said, writes, tells how far it is.
struct Export {
    private let invocation: Invocation
    private let client: Client

    init(_ invocation: Invocation) throws {
        self.invocation = invocation
        client = invocation.client
    }

    func run() throws {
        let sensor = invocation.positionals[0]
        let attribute = try invocation.positionals.count > 1 ? invocation.positionals[1] : onlyAttribute(of: sensor)
        var query = try Query(invocation)
        query.add("format", invocation.value("format") ?? "csv")
        if let resolution = invocation.value("resolution") {
            guard let milliseconds = Quantity.milliseconds(of: resolution), milliseconds > 0 else {
                throw CommandFailure.usage("--resolution: a time such as 10s or 1min was expected, not '\(resolution)'")
            }
            query.add("resolution", "\(milliseconds)")
        }
        let path = "/v1/sensors/\(Client.escape(sensor))/\(Client.escape(attribute))/samples\(query.text)"
        let target = try invocation.value("file").map { try OutputFile($0) }
        var (bytes, lines) = (0, 0)
        let shows = !invocation.quiet && Terminal.isTerminal(2) && (target != nil || !Terminal.isTerminal(1))
        var shown: Int64 = 0
        try client.stream(path) { piece in
            bytes += piece.count
            lines += piece.count { $0 == 10 }
            if shows, SystemClock.bootTime - shown > 200_000_000 {
                shown = SystemClock.bootTime
                Terminal.raw(2, "\r\(grouped(Int64(lines))) lines, \(Quantity.bytes(Int64(bytes)))   ")
            }
            if let target { try target.write(piece) } else if !Terminal.write(1, bytes: piece) { return false }
            return true
        }
        try target?.close()
        if shows { Terminal.raw(2, "\r\(grouped(Int64(lines))) lines, \(Quantity.bytes(Int64(bytes)))\n") }
    }

    private func onlyAttribute(of sensor: String) throws -> String {
        let found = try client.get("/v1/sensors/\(Client.escape(sensor))")
        let names = (found["attributes"]?.array ?? []).compactMap { $0["name"]?.string }
        guard names.count == 1 else {
            throw CommandFailure.usage(
                "\(sensor) has several attributes: \(names.joined(separator: ", "))",
                hint: "bothy export \(sensor) \(names.first ?? "…")")
        }
        return names[0]
    }
}
