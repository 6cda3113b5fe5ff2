import Glibc
import Notation
import System

/// Bluetooth: who is in the air, the adapters, and what is paired.
enum RadioCommands {
    static let all = [scan, adapterList, adapterShow, adapterReset, add, pair, unpair, key]

    private static let address = Command.Positional(
        name: "address", summary: "the device's address, as `bothy scan` shows it")

    private static let scan = Command(
        path: ["scan"], summary: "Show the Bluetooth devices around, the nearest first",
        details: """
            On a terminal the table goes on until ctrl-C; elsewhere it is printed once. Each line ends with the command that \
            would record that device.
            """,
        flags: [
            .init(name: "for", value: "SECONDS", summary: "end by itself"),
            .init(name: "once", summary: "print one table and end"),
            .init(name: "active", summary: "ask devices for their names; costs their batteries a little"),
            .init(name: "known", summary: "only devices that a decoder knows"),
        ],
        examples: [
            .init(line: "bothy scan", meaning: "Watch what comes near."),
            .init(line: "bothy scan --once --output json", meaning: "For a program."),
        ]
    ) { invocation in
        let seconds = try invocation.whole("for", in: 1...86_400)
        let end = seconds.map { SystemClock.bootTime + $0 * 1_000_000_000 }
        let isLive = Terminal.isTerminal(1) && !invocation.has("once") && !invocation.wantsJSON
        let path = "/v1/radio/devices" + (invocation.has("active") ? "?active=15" : "")
        while true {
            var devices = try invocation.client.get(path).array ?? []
            if invocation.has("known") { devices.removeAll { $0["decoder"]?.string?.isEmpty != false } }
            if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(.array(devices))) }
            if !isLive { return Terminal.print(table(devices).render(width: 240)) }
            // To the upper left corner, and away with what stood below.
            Terminal.raw("\u{1B}[H\u{1B}[2J" + table(Array(devices.prefix(40))).render() + "\n")
            Terminal.raw(Style.dim("\n\(devices.count) devices in the last minute · ctrl-C ends\n"))
            if let end, SystemClock.bootTime >= end { return }
            usleep(1_000_000)
        }
    }

    private static func table(_ devices: [JSON]) -> Table {
        var table = Table([
            .init(title: "RSSI", right: true), .init(title: "ADDRESS"), .init(title: "NAME"), .init(title: "KNOWN AS"),
            .init(title: "SAYS"), .init(title: "RECORD IT WITH"),
        ])
        for device in devices {
            let values = (device["values"]?.array ?? []).compactMap(\.string).prefix(3).joined(separator: ", ")
            let says = device["needs_key"]?.boolean == true ? "encrypted" : values
            let add = device["adopted"]?.boolean == true ? Style.green("recorded") : device["add"]?.string ?? ""
            table.add(
                "\(device["rssi"]?.integer ?? 0)", device["address"]?.string ?? "", device["name"]?.string ?? "",
                device["title"]?.string ?? "", says, add)
        }
        return table
    }

    // MARK: Adapters

    private static let adapterList = Command(
        path: ["adapter", "list"], summary: "List the Bluetooth adapters and how they are"
    ) { invocation in
        let adapters = try invocation.client.get("/v1/radio/adapters")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(adapters)) }
        guard let list = adapters.array, !list.isEmpty else {
            return Terminal.print(
                "No Bluetooth adapter; everything else works. One that is plugged in is taken up by itself.")
        }
        var table = Table("ADAPTER", "ADDRESS", "MODE", "LISTENS", "STATE")
        for adapter in list {
            table.add(
                adapter["name"]?.string ?? "", adapter["address"]?.string ?? "", adapter["mode"]?.string ?? "",
                "\(adapter["duty_percent"]?.integer ?? 0) %",
                (adapter["listening"]?.boolean == true ? Style.green("●") : Style.yellow("●")) + " "
                    + (adapter["state"]?.string ?? ""))
        }
        Terminal.print(table.render())
    }

    private static let adapter = Command.Positional(name: "adapter", summary: "such as hci0")

    private static let adapterShow = Command(
        path: ["adapter", "show"], summary: "Show an adapter with what it has counted", positionals: [adapter]
    ) { invocation in
        let wanted = invocation.positionals[0]
        let list = try invocation.client.get("/v1/radio/adapters").array ?? []
        guard let found = list.first(where: { $0["name"]?.string == wanted || $0["address"]?.string == wanted }) else {
            throw CommandFailure.failed("there is no adapter '\(wanted)'", hint: "bothy adapter list")
        }
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(found)) }
        Terminal.print("\(Style.bold(wanted))  \(found["state"]?.string ?? "")\n")
        for member in found["counters"]?.object ?? [] {
            Terminal.print("  " + Help.pad(member.key, 20) + "\(member.value.integer ?? 0)")
        }
    }

    private static let adapterReset = Command(
        path: ["adapter", "reset"], summary: "Switch an adapter off and on, and reset its hardware",
        details:
            "Connected sensors are connected again afterwards. Beside bluetoothd only our own scanning begins anew.",
        positionals: [adapter]
    ) { invocation in
        try invocation.client.send(
            "POST", "/v1/radio/adapters/\(Client.escape(invocation.positionals[0]))/reset")
        if !invocation.quiet { Terminal.message("\(invocation.positionals[0]) is being reset.") }
    }

    // MARK: Sensors

    private static let add = Command(
        path: ["sensor", "add"], summary: "Record a sensor from now on: by its radio address, or on a serial port",
        details: """
            Written to the settings file, keeping its comments, and taken up by a running daemon. `bothy scan` prints the line \
            for a radio sensor. With --port it listens first, unless --protocol says what speaks there.
            """,
        positionals: [.init(name: "address", summary: "as `bothy scan` shows it", optional: true)],
        flags: [
            .init(name: "decoder", value: "NAME", summary: "the description to use, as `bothy scan` names it"),
            .init(name: "name", value: "NAME", summary: "what people call it"),
            .init(name: "id", value: "ID", summary: "its id here; the address unless given"),
            .init(name: "connect", summary: "connect to it, also where its description does not say so"),
            .init(name: "key", value: "HEX", summary: "of an encrypted beacon; better with `bothy sensor key`"),
        ] + PortCommands.addFlags,
        examples: [
            .init(line: "bothy sensor add --port /dev/serial/by-id/usb-…", meaning: "Listens, proposes, writes."),
            .init(
                line: "bothy sensor add cb:b8:33:4c:88:4f --decoder ruuvitag --name Sauna", meaning: "A thermometer."),
        ]
    ) { invocation in
        if invocation.value("port") != nil { return try SensorAdding(invocation).run() }
        guard let address = invocation.positionals.first?.uppercased() else {
            throw CommandFailure.usage(
                "which sensor?", hint: "an address from `bothy scan`, or --port with a port from `bothy port list`")
        }
        guard address.split(separator: ":").count == 6, address.utf8.count == 17 else {
            throw CommandFailure.usage("'\(address)' is no address such as cb:b8:33:4c:88:4f")
        }
        var lines = ["address: \(quoted(address))"]
        for flag in ["id", "name", "decoder"] {
            if let value = invocation.value(flag) { lines.append("\(flag): \(quoted(value))") }
        }
        if invocation.has("connect") { lines.append("connect: true") }
        let file = ConfigCommands.file(of: invocation)
        try ConfigCommands.append(lines, to: "bluetooth.sensors", file)
        if !invocation.quiet { Terminal.message("\(file): \(address) is recorded.") }
        try invocation.client.send("POST", "/v1/config/reload")
        if let key = invocation.value("key") { try send(key: key, address, invocation) }
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONWriter.compact(.string(text)), as: UTF8.self)
    }

    private static let pair = Command(
        path: ["sensor", "pair"], summary: "Pair with a protected device",
        details: """
            Put the device into pairing mode first. Some ask nothing, some show six digits to type here, some want digits typed \
            on them, some show a number to compare: what is needed is asked.
            """,
        positionals: [address],
        flags: [.init(name: "passkey", value: "DIGITS", summary: "answers the question beforehand, for scripts")],
        examples: [
            .init(line: "bothy sensor pair f0:f1:f2:f3:f4:f5", meaning: "Over ssh, with the device in your hand.")
        ]
    ) { invocation in
        let passkey = try invocation.whole("passkey", in: 0...999_999)
        var body: [JSON.Member] = [.init("address", .string(invocation.positionals[0]))]
        if let passkey { body.append(.init("passkey", JSON(passkey))) }
        var status = try invocation.client.send("POST", "/v1/radio/pairing", .object(body))
        if !invocation.quiet { Terminal.message("Connecting …") }
        var asked = JSON.null
        while let stage = status["stage"]?.string, stage == "running" || stage == "asking" {
            if let question = status["question"], question != .null, question != asked {
                asked = question
                try answer(question, invocation)
            }
            usleep(300_000)
            status = try invocation.client.get("/v1/radio/pairing")
        }
        guard status["stage"]?.string == "paired" else {
            throw CommandFailure.failed(status["problem"]?.string ?? "pairing ended without a word")
        }
        if !invocation.quiet { Terminal.message("Paired. The keys are kept; `bothy sensor unpair` forgets them.") }
    }

    private static func answer(_ question: JSON, _ invocation: Invocation) throws {
        let number = question["number"]?.integer.map { String($0) } ?? ""
        let digits = String(repeating: "0", count: max(0, 6 - number.count)) + number
        switch question["kind"]?.string {
        case "passkey":
            guard let typed = Terminal.ask("The six digits that the device shows: "), let passkey = Int64(typed),
                (0...999_999).contains(passkey)
            else { return try giveUp(invocation) }
            try invocation.client.send("POST", "/v1/radio/pairing", ["passkey": JSON(passkey)])
        case "compare":
            guard let typed = Terminal.ask("Does the device show \(digits)? [y/N] "), typed.lowercased().hasPrefix("y")
            else { return try giveUp(invocation) }
            try invocation.client.send("POST", "/v1/radio/pairing", ["accept": true])
        default: Terminal.message("Type \(digits) on the device.")
        }
    }

    private static func giveUp(_ invocation: Invocation) throws {
        try invocation.client.send("POST", "/v1/radio/pairing", ["accept": false])
    }

    private static let unpair = Command(
        path: ["sensor", "unpair"], summary: "Forget the keys of a paired device", positionals: [address]
    ) { invocation in
        try invocation.client.send("DELETE", "/v1/radio/bonds/\(Client.escape(invocation.positionals[0]))")
        if !invocation.quiet { Terminal.message("The keys of \(invocation.positionals[0]) are forgotten here.") }
    }

    private static let key = Command(
        path: ["sensor", "key"], summary: "Set the key of an encrypted beacon",
        details: """
            The key is read from the terminal without echo of arguments in the shell's history, or from a file. It is kept beside \
            the bonds and never shown. Setting it again lets the beacon's counter begin anew, as after a new battery.
            """,
        positionals: [address],
        flags: [.init(name: "file", value: "FILE", summary: "holds the 32 hexadecimal digits", completes: .files)]
    ) { invocation in
        let text: String
        if let file = invocation.value("file") {
            text = String(decoding: try Files.read(file), as: UTF8.self)
        } else {
            guard let typed = Terminal.ask("The key, 32 hexadecimal digits: ") else {
                throw CommandFailure.usage("no key was given", hint: "--file FILE where there is no terminal")
            }
            text = typed
        }
        try send(key: text, invocation.positionals[0], invocation)
        if !invocation.quiet { Terminal.message("The key of \(invocation.positionals[0]) is set.") }
    }

    private static func send(key: String, _ address: String, _ invocation: Invocation) throws {
        let digits = String(key.filter { !$0.isWhitespace })
        guard Hex.decode(digits)?.count == 16 else {
            throw CommandFailure.usage("a key is 32 hexadecimal digits, this has \(digits.count)")
        }
        try invocation.client.send("PUT", "/v1/radio/keys/\(Client.escape(address))", ["key": .string(digits)])
    }
}
