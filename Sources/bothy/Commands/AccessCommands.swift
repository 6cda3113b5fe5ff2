import CQREncode
import Notation
import Settings

/// Who may see and run the box.
enum AccessCommands {
    static let all = [page, list, revoke, token]

    private static let scopes = ["view", "operate", "admin"]

    private static let page = Command(
        path: ["page"], summary: "Print a link, good once, that opens the gateway's page in a browser",
        details:
            "The secret is in the link's fragment, which browsers do not send; it is good for ten minutes and one use.",
        flags: [
            .init(name: "scope", value: "SCOPE", summary: "what its session may do (admin)", choices: scopes),
            .init(name: "no-qr", summary: "no QR code"),
        ],
        examples: [
            .init(line: "bothy page", meaning: "A link and a QR code, and how to reach it over ssh."),
            .init(line: "bothy page --scope view", meaning: "For somebody who only wants to look."),
        ]
    ) { invocation in
        let answer = try invocation.client.send(
            "POST", "/v1/access/links", ["scope": .string(invocation.value("scope") ?? "admin")])
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        let (url, port) = (answer["url"]?.string ?? "", answer["port"]?.integer ?? 8087)
        Terminal.print(Style.bold(url))
        if !invocation.has("no-qr"), Terminal.isTerminal(1), let code = QRCode(url) {
            Terminal.print("\n" + code.render())
        }
        if let fingerprint = answer["fingerprint"]?.string {
            Terminal.message(
                "The browser will not know the certificate. Compare its SHA-256 fingerprint:\n  \(fingerprint)\n")
        }
        let minutes = (answer["seconds"]?.integer ?? 600) / 60
        Terminal.message(
            """
            Good once, for \(minutes) minutes. From another machine, first:
              ssh -N -L \(port):127.0.0.1:\(port) \(Terminal.environment("USER") ?? "you")@\(Host.name)
            """)
    }

    private static let list = Command(path: ["access", "list"], summary: "List who has access: sessions and tokens") {
        invocation in
        let answer = try invocation.client.get("/v1/access")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        var table = Table("ID", "WHAT", "SCOPE", "FROM", "LAST USED")
        for session in answer["sessions"]?.array ?? [] {
            table.add(
                session["id"]?.string ?? "", "session", session["scope"]?.string ?? "", session["from"]?.string ?? "",
                Quantity.roughly(seconds: session["idle_seconds"]?.double ?? 0) + " ago")
        }
        for token in answer["tokens"]?.array ?? [] {
            table.add(
                token["id"]?.string ?? "", "token", token["scope"]?.string ?? "", token["name"]?.string ?? "", "")
        }
        Terminal.print(
            table.isEmpty ? "Nobody but this machine's own users. A link for a browser: bothy page" : table.render())
    }

    private static let revoke = Command(
        path: ["access", "revoke"], summary: "End a session or a token at once",
        positionals: [.init(name: "id", summary: "as in `bothy access list`")]
    ) { invocation in
        try invocation.client.send("DELETE", "/v1/access/\(Client.escape(invocation.positionals[0]))")
        if !invocation.quiet { Terminal.message("\(invocation.positionals[0]) is worth nothing any more.") }
    }

    private static let token = Command(
        path: ["access", "token", "create"], summary: "Make a token for a program or a guest",
        details: "It is printed once; what is kept is its hash. Give it as `Authorization: Bearer …`.",
        flags: [
            .init(name: "scope", value: "SCOPE", summary: "what it may do (view)", choices: scopes),
            .init(name: "for", value: "TIME", summary: "how long it is good, such as 2h or 30d; for ever without"),
            .init(name: "name", value: "NAME", summary: "what it is for"),
        ],
        examples: [.init(line: "bothy access token create --scope view --for 2h", meaning: "A guest who may look.")]
    ) { invocation in
        var body: [JSON.Member] = [
            .init("name", .string(invocation.value("name") ?? "made on the command line")),
            .init("scope", .string(invocation.value("scope") ?? "view")),
        ]
        if let time = invocation.value("for") {
            guard let milliseconds = Quantity.milliseconds(of: time), milliseconds >= 1000 else {
                throw CommandFailure.usage("--for: a time such as 2h or 30d was expected, not '\(time)'")
            }
            body.append(.init("seconds", JSON(milliseconds / 1000)))
        }
        let answer = try invocation.client.send("POST", "/v1/access/tokens", .object(body))
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        Terminal.print(answer["token"]?.string ?? "")
        if !invocation.quiet {
            Terminal.message("It is shown only now. End it: bothy access revoke \(answer["id"]?.string ?? "")")
        }
    }
}
