import Glibc
import Notation
import Settings

/// Other gateways and hubs.
enum PeerCommands {
    static let all = [list, pair, trust, untrust, ping, sync]

    private static let peer = Command.Positional(
        name: "peer", summary: "its id, its short form, or its name", completes: .peers)

    private static let list = Command(
        path: ["peer", "list"], summary: "List the gateways this one trusts, and how they are reached"
    ) { invocation in
        let answer = try invocation.client.get("/v1/peers")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        let peers = answer["peers"]?.array ?? []
        if peers.isEmpty {
            return Terminal.print(
                "Nobody is trusted yet. On one box: bothy peer pair; on the other: bothy peer pair CODE")
        }
        var table = Table("PEER", "NAME", "ROLE", "STATE", "PATH", "RTT", "WHERE")
        for peer in peers {
            let connected = peer["connected"]?.boolean == true
            table.add(
                peer["short"]?.string ?? "", peer["name"]?.string ?? "", peer["role"]?.string ?? "",
                connected ? Style.green("● connected") : Style.dim("○ \(peer["phase"]?.string ?? "away")"),
                peer["path"]?.string ?? "–", peer["rtt_ms"]?.double.map { "\(($0 * 100).rounded() / 100) ms" } ?? "–",
                peer["remote"]?.string ?? peer["last_error"]?.string ?? "")
        }
        Terminal.print(table.render())
    }

    private static let pair = Command(
        path: ["peer", "pair"], summary: "Pair with another box by a short code",
        details:
            "Without a code this box shows one and waits two minutes. Type it on the other box. A wrong code uses it up.",
        positionals: [.init(name: "code", summary: "the eight digits that the other box shows", optional: true)],
        flags: [
            .init(
                name: "at", value: "ADDRESS", summary: "where the other box is, beyond the local network",
                repeated: true),
            .init(name: "endpoint", value: "KEY", summary: "its endpoint, with --at"),
        ],
        examples: [
            .init(line: "bothy peer pair", meaning: "On the first box: shows 1234 5678."),
            .init(line: "bothy peer pair 12345678", meaning: "On the second box."),
        ]
    ) { invocation in
        var body: [JSON.Member] = []
        if let code = invocation.positionals.first { body.append(.init("code", .string(code))) }
        if let endpoint = invocation.value("endpoint") { body.append(.init("endpoint", .string(endpoint))) }
        if !invocation.all("at").isEmpty {
            body.append(.init("addresses", .array(invocation.all("at").map { .string($0) })))
        }
        let answer = try invocation.client.send("POST", "/v1/pairing", .object(body))
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        if let code = answer["code"]?.string {
            Terminal.print(Style.bold(code))
            Terminal.message(
                "Type it on the other box within \(answer["seconds"]?.integer ?? 120) s: bothy peer pair \(code)")
            return try wait(invocation)
        }
        Terminal.print("Paired with \(answer["short"]?.string ?? "").")
    }

    /// Waits for the pairing that this box opened to end.
    private static func wait(_ invocation: Invocation) throws {
        guard Terminal.isTerminal(1) else { return }
        while true {
            usleep(500_000)
            let state = try invocation.client.get("/v1/peers")["pairing"]?.string ?? ""
            if state == "waiting" { continue }
            guard state.hasPrefix("paired") else {
                throw CommandFailure.failed("pairing \(state)", hint: "bothy peer pair")
            }
            return Terminal.print(state.prefix(1).uppercased() + state.dropFirst() + ".")
        }
    }

    private static let trust = Command(
        path: ["peer", "trust"], summary: "Trust a gateway by its id",
        details: "Both boxes have to trust each other. Compare ids by their words: bothy identity show.",
        positionals: [.init(name: "id", summary: "52 characters, as `bothy identity show` prints there")],
        flags: [
            .init(name: "name", value: "NAME", summary: "what you call it"),
            .init(name: "hub", summary: "it is a hub: its receipts count"),
            .init(
                name: "endpoint", value: "KEY",
                summary: "its endpoint's key, as its `bothy peer list --output json` says"),
            .init(name: "at", value: "ADDRESS", summary: "where it may be reached: address and port", repeated: true),
        ]
    ) { invocation in
        var body: [JSON.Member] = [
            .init("id", .string(invocation.positionals[0])), .init("hub", .boolean(invocation.has("hub"))),
            .init("addresses", .array(invocation.all("at").map { .string($0) })),
        ]
        if let name = invocation.value("name") { body.append(.init("name", .string(name))) }
        if let endpoint = invocation.value("endpoint") { body.append(.init("endpoint", .string(endpoint))) }
        let answer = try invocation.client.send("POST", "/v1/peers", .object(body))
        if !invocation.quiet { Terminal.message("\(answer["short"]?.string ?? "") is trusted.") }
    }

    private static let untrust = Command(
        path: ["peer", "untrust"], summary: "Trust a gateway no longer; it gets nothing new", positionals: [peer]
    ) { invocation in
        try invocation.client.send("DELETE", "/v1/peers/\(Client.escape(invocation.positionals[0]))")
        if !invocation.quiet {
            Terminal.message("\(invocation.positionals[0]) is not trusted any more. What it has, it has.")
        }
    }

    private static let ping = Command(
        path: ["peer", "ping"], summary: "Measure the way to a peer", positionals: [peer]
    ) { invocation in
        let answer = try invocation.client.send("POST", "/v1/peers/\(Client.escape(invocation.positionals[0]))/ping")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        Terminal.print("\(answer["rtt_ms"]?.double ?? 0) ms")
    }

    private static let sync = Command(
        path: ["sync"], summary: "Show how far each peer and this gateway are apart"
    ) { invocation in
        let answer = try invocation.client.get("/v1/peers")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        Terminal.print("Peering is \(answer["state"]?.string ?? "off").")
        var table = Table([
            .init(title: "PEER"), .init(title: "STATE"), .init(title: "PATH"), .init(title: "RTT", right: true),
            .init(title: "BEHIND", right: true), .init(title: "RECEIVED", right: true),
            .init(title: "SENT", right: true),
        ])
        for peer in answer["peers"]?.array ?? [] {
            let behind = peer["behind_logs"]?.integer
            table.add(
                peer["name"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? peer["short"]?.string ?? "",
                peer["connected"]?.boolean == true ? Style.green("● connected") : Style.dim("○ away"),
                peer["path"]?.string ?? "–", peer["rtt_ms"]?.double.map { "\(($0 * 100).rounded() / 100) ms" } ?? "–",
                behind.map { $0 == 0 ? "nothing" : "\($0) runs" } ?? "?",
                Quantity.bytes(peer["received_bytes"]?.integer ?? 0),
                Quantity.bytes(peer["sent_bytes"]?.integer ?? 0))
        }
        if !table.isEmpty { Terminal.print(table.render()) }
    }
}
