import Notation
import Settings

/// Sensors, as the daemon knows them.
enum SensorCommands {
    static let all = [list, show, tail, rename, enable, disable, forget]

    static let id = Command.Positional(
        name: "sensor", summary: "its id, as in `bothy sensor list`", completes: .sensors)

    private static let list = Command(
        path: ["sensor", "list"], summary: "List the sensors with their newest values",
        examples: [.init(line: "bothy sensor list", meaning: "What is there and what it says.")]
    ) { invocation in
        let answer = try invocation.client.get("/v1/sensors")
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(answer)) }
        let sensors = answer.array ?? []
        if sensors.isEmpty {
            return Terminal.print(
                "No sensors yet. Try simulated ones: bothy run --scenario …, or add one: bothy sensor add --help")
        }
        var table = Table([
            .init(title: "SENSOR"), .init(title: "NAME"), .init(title: "STATE"), .init(title: "RATE", right: true),
            .init(title: "HEARD", right: true), .init(title: "NEWEST"),
        ])
        for sensor in sensors {
            table.add(
                sensor["id"]?.string ?? "", sensor["name"]?.string ?? "", state(sensor),
                rate(sensor["samples_per_second"]?.double ?? 0),
                sensor["last_heard_ms"]?.double.map { Quantity.roughly(seconds: $0 / 1000) } ?? "never", newest(sensor))
        }
        Terminal.print(table.render())
    }

    private static let show = Command(
        path: ["sensor", "show"], summary: "Show everything about one sensor", positionals: [id],
        examples: [.init(line: "bothy sensor show living-room", meaning: "Its attributes, rates, faults.")]
    ) { invocation in
        let sensor = try invocation.client.get(route(invocation))
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(sensor)) }
        Terminal.print("\(Style.bold(sensor["name"]?.string ?? ""))  \(state(sensor))\n")
        func row(_ name: String, _ text: String) { Terminal.print("  " + Help.pad(name, 10) + text) }
        row("Id", sensor["id"]?.string ?? "")
        row("Kind", sensor["kind"]?.string ?? "")
        row(
            "From",
            "\(sensor["origin"]?.string ?? ""), decoded by \(sensor["decoder"]?.string ?? "")"
                + (sensor["unchecked"]?.boolean == true ? ", unchecked" : ""))
        row(
            "Samples",
            "\(grouped(sensor["samples"]?.integer ?? 0)), \(rate(sensor["samples_per_second"]?.double ?? 0)) of at most "
                + "\(rate(sensor["quota_per_second"]?.double ?? 0)), \(grouped(sensor["overflow"]?.integer ?? 0)) above quota"
        )
        var table = Table("  ATTRIBUTE", "TYPE", "VALUE", "RECENT")
        for attribute in sensor["attributes"]?.array ?? [] {
            let recent = (attribute["recent"]?.array ?? []).compactMap(\.double)
            table.add(
                "  " + (attribute["name"]?.string ?? ""), attribute["type"]?.string ?? "", value(attribute),
                Sparkline.render(recent, width: 40))
        }
        Terminal.print("\n" + table.render())
        let faults = sensor["faults"]?.array ?? []
        guard !faults.isEmpty else { return }
        var second = Table("  FAULT", "COUNT", "LAST", "NEWEST")
        for fault in faults {
            second.add(
                "  " + (fault["kind"]?.string ?? ""), grouped(fault["count"]?.integer ?? 0),
                Quantity.roughly(seconds: fault["age_s"]?.double ?? 0) + " ago", fault["newest"]?.string ?? "")
        }
        Terminal.print("\n" + second.render())
    }

    private static let tail = Command(
        path: ["sensor", "tail"], summary: "Show a sensor's values as they come in",
        details: "Ends with ctrl-C. With --output json, one line of JSON a delivery.",
        positionals: [
            .init(name: "sensor", summary: "its id; all sensors without one", optional: true, completes: .sensors)
        ],
        flags: [.init(name: "for", value: "SECONDS", summary: "end by itself")],
        examples: [.init(line: "bothy sensor tail anna-chest", meaning: "Watch a heart.")]
    ) { invocation in
        try SensorTail(invocation).run()
    }

    private static let rename = Command(
        path: ["sensor", "rename"], summary: "Give a sensor another name",
        positionals: [id, .init(name: "name", summary: "what people call it")],
        examples: [.init(line: "bothy sensor rename living-room 'Stube'", meaning: "Its id stays.")]
    ) { invocation in
        let name = invocation.positionals[1]
        try invocation.client.send("PATCH", route(invocation), ["name": .string(name)])
        if !invocation.quiet { Terminal.message("\(invocation.positionals[0]) is now called \(name).") }
    }

    private static let enable = switching("enable", "Record a sensor again", to: true)
    private static let disable = switching(
        "disable", "Record a sensor no more; a gap says since when and by whom", to: false)

    private static func switching(_ word: String, _ summary: String, to enabled: Bool) -> Command {
        Command(path: ["sensor", word], summary: summary, positionals: [id]) { invocation in
            try invocation.client.send("PATCH", route(invocation), ["enabled": .boolean(enabled)])
            if !invocation.quiet {
                Terminal.message("\(invocation.positionals[0]) is recorded \(enabled ? "again" : "no more").")
            }
        }
    }

    private static let forget = Command(
        path: ["sensor", "forget"], summary: "Take a sensor off the list; what was recorded of it stays",
        positionals: [id]
    ) { invocation in
        try invocation.client.send("DELETE", route(invocation))
        if !invocation.quiet {
            Terminal.message("\(invocation.positionals[0]) is off the list; its samples stay until the ring turns.")
        }
    }

    static func route(_ invocation: Invocation) -> String {
        "/v1/sensors/\(Client.escape(invocation.positionals[0]))"
    }

    private static func state(_ sensor: JSON) -> String {
        if sensor["enabled"]?.boolean == false { return Style.dim("○ off") }
        return sensor["healthy"]?.boolean == true
            ? Style.green("●") + " ok" : Style.yellow("●") + " \(sensor["state"]?.string ?? "")"
    }

    private static func rate(_ perSecond: Double) -> String {
        perSecond >= 10 ? "\(Int(perSecond.rounded()))/s" : "\((perSecond * 10).rounded() / 10)/s"
    }

    private static func newest(_ sensor: JSON) -> String {
        (sensor["attributes"]?.array ?? []).prefix(4).map { "\($0["name"]?.string ?? "") \(value($0))" }.joined(
            separator: "  ")
    }

    static func value(_ attribute: JSON) -> String {
        let unit = attribute["unit"]?.string ?? ""
        guard let value = attribute["value"], value != .null else { return "–" }
        if let parts = value.object { return parts.map { Self.text($0.value) }.joined(separator: " ") }
        return text(value) + (unit.isEmpty ? "" : " \(unit)")
    }

    static func text(_ value: JSON) -> String {
        value.string ?? String(decoding: JSONWriter.compact(value), as: UTF8.self)
    }
}
