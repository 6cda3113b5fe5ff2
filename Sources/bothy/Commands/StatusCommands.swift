import Notation
import Settings

/// How the gateway is.
enum StatusCommands {
    static let all = [status]

    private static let status = Command(
        path: ["status"], summary: "Say how the gateway is, on one screen",
        flags: [.init(name: "limits", summary: "every bound with its fill and what it turned away")],
        examples: [
            .init(line: "bothy status", meaning: "Is it healthy, what does it record, how full is the ring."),
            .init(line: "bothy status --output json | jq .healthy", meaning: "For a script."),
        ]
    ) { invocation in
        if invocation.has("limits") { return try limits(invocation) }
        let status = try invocation.client.get("/v1/status")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(status)) }
        Terminal.print(StatusScreen(status).render())
    }

    private static func limits(_ invocation: Invocation) throws {
        let answer = try invocation.client.get("/v1/limits")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        var table = Table([
            .init(title: "LIMIT"), .init(title: "USED", right: true), .init(title: "MOST", right: true),
            .init(title: "FULL", right: true), .init(title: "TURNED AWAY", right: true), .init(title: "WHEN FULL"),
        ])
        for limit in answer["limits"]?.array ?? [] {
            let (used, most) = (limit["used"]?.integer ?? 0, limit["most"]?.integer ?? 0)
            let drops = limit["drops"]?.integer ?? 0
            func amount(_ number: Int64) -> String {
                most == 0 ? "–" : limit["unit"]?.string == "bytes" ? Quantity.bytes(number) : "\(number)"
            }
            table.add(
                limit["name"]?.string ?? "", amount(used), amount(most), most == 0 ? "–" : "\(used * 100 / most) %",
                drops == 0 ? Style.dim("0") : Style.yellow("\(drops)"), limit["policy"]?.string ?? "")
        }
        Terminal.print(table.render())
    }
}

/// One screen that answers: is it healthy, what does it record, how full is the ring, what needs attention.
struct StatusScreen {
    private let status: JSON

    init(_ status: JSON) { self.status = status }

    func render() -> String {
        let gateway = status["gateway"]
        let healthy = status["healthy"]?.boolean == true
        let mark = healthy ? Style.green("● healthy") : Style.red("● needs attention")
        var lines = [
            "\(Style.bold(gateway?["name"]?.string ?? "gateway"))  \(mark)  up \(roughly(gateway?["uptime_s"]))", "",
            row("Recording", recording), row("Ring", ring), row("Disk", disk), row("Clock", clock), row("Peers", peers),
            row("Process", process),
            row(
                "Identity",
                "\(gateway?["fingerprint"]?.string ?? "–"), \(gateway?["role"]?.string ?? "field"), version \(gateway?["version"]?.string ?? "–")"
            ),
        ]
        let problems = status["problems"]?.array ?? []
        if !problems.isEmpty {
            lines += ["", Style.bold("Needs attention")]
            for problem in problems.prefix(8) {
                let mark = problem["grave"]?.boolean == true ? Style.red("✗") : Style.yellow("!")
                lines.append("  \(mark) \(problem["text"]?.string ?? "")")
                if let hint = problem["hint"]?.string, !hint.isEmpty { lines.append("    \(Style.dim("→ " + hint))") }
            }
            if problems.count > 8 { lines.append("  and \(problems.count - 8) more: bothy status --output json") }
        }
        let restarted = (status["components"]?.array ?? []).filter { ($0["restarts"]?.integer ?? 0) > 0 }
        if !restarted.isEmpty {
            lines += ["", Style.bold("Restarted")]
            for component in restarted {
                lines.append(
                    "  \(component["path"]?.string ?? ""): \(component["restarts"]?.integer ?? 0) ×, "
                        + "last \(roughly(component["last_failure_age_s"])) ago: \(component["last_failure"]?.string ?? "")"
                )
            }
        }
        return lines.joined(separator: "\n")
    }

    private var recording: String {
        let part = status["recording"]
        let rate = part?["samples_per_second"]?.double ?? 0
        let overflow = part?["overflow"]?.integer ?? 0
        return "\(part?["recorded"]?.integer ?? 0) of \(part?["sensors"]?.integer ?? 0) sensors, "
            + "\(Int(rate.rounded())) samples/s, \(grouped(part?["samples"]?.integer ?? 0)) since the start"
            + (overflow > 0 ? Style.yellow(", \(grouped(overflow)) above quota") : "")
    }

    private var ring: String {
        let store = status["store"]
        guard let used = store?["used_bytes"]?.integer, let cap = store?["cap_bytes"]?.integer, cap > 0 else {
            return "–"
        }
        let filled = min(20, Int(used * 20 / cap))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
        let wraps = store?["wraps_in_s"]?.double.map { "full in \(Quantity.roughly(seconds: $0))" } ?? "filling slowly"
        return
            "\(bar) \(Quantity.bytes(used)) of \(Quantity.bytes(cap)), \(wraps), then \(store?["policy"]?.string ?? "")"
    }

    private var disk: String {
        let store = status["store"]
        let written =
            store?["written_bytes_per_day"]?.integer.map { "\(Quantity.bytes($0)) a day" }
            ?? "measured after a minute"
        let age = (store?["last_commit_age_ms"]?.double).map {
            "last commit \(Quantity.roughly(seconds: $0 / 1000)) ago"
        }
        let window = Quantity.duration(store?["commit_window_ms"]?.integer ?? 0)
        let trouble = store?["trouble"]?.string.map { ", " + Style.red($0) } ?? ""
        return "\(written), \(age ?? "no commit yet"), commits every \(window)"
            + (store?["durable"]?.boolean == false ? ", " + Style.yellow("durable: no") : "") + trouble
    }

    private var clock: String {
        let clock = status["clock"]
        return clock?["synchronised"]?.boolean == true
            ? "synchronised" : Style.yellow("not synchronised: times are provisional")
    }

    private var peers: String {
        let peers = status["peers"]
        let trusted = peers?["trusted"]?.integer ?? 0
        if trusted == 0 { return Style.dim("nobody is trusted yet: bothy peer pair") }
        return "\(peers?["connected"]?.integer ?? 0) of \(trusted) connected"
    }

    private var process: String {
        let process = status["process"]
        let share = (process?["processor_share"]?.double ?? 0) * 100
        return "\(Quantity.bytes(process?["resident_bytes"]?.integer ?? 0)) of memory, "
            + "\((share * 10).rounded() / 10) % of a processor"
    }

    private func row(_ name: String, _ text: String) -> String { "  " + Help.pad(name, 11) + text }

    private func roughly(_ seconds: JSON?) -> String { Quantity.roughly(seconds: seconds?.double ?? .nan) }
}

/// `1 234 567`, with thin spaces, so that long numbers can be read.
func grouped(_ number: Int64) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text += "\u{202f}" }
        text.append(digit)
    }
    return (number < 0 ? "−" : "") + text
}
