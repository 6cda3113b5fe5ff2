import Decoders
import Links
import Notation
import Settings
import System

/// Serial ports, looked at by this process itself: no daemon is needed.
enum PortCommands {
    static let all = [list, probe]

    private static let port = Command.Positional(
        name: "port", summary: "its path; /dev/serial/by-id/… stays with the device", completes: .ports)
    private static let yes = Command.Flag(name: "yes", summary: "agree beforehand, for scripts")
    private static let active = Command.Flag(
        name: "active", summary: "also ask for Modbus units, which means sending: it says what and asks first")

    private static let list = Command(
        path: ["port", "list"], summary: "List the serial ports, what is plugged in and who uses it",
        examples: [.init(line: "bothy port list", meaning: "The name in the first column is the one to use.")]
    ) { invocation in
        let ports = PortList.read()
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(.array(ports.map(json)))) }
        guard !ports.isEmpty else { return Terminal.message("No serial port is plugged in.") }
        var table = Table("PORT", "DEVICE", "WHAT", "USB", "USED BY", "ACCESS")
        for port in ports {
            let what = [port.vendor, port.product, port.serial].filter { !$0.isEmpty }.joined(separator: " ")
            table.add(
                port.stableName, port.device, what.isEmpty ? port.driver : what, port.usbID,
                port.usedBy.joined(separator: ", "), port.isAllowed ? "yes" : "needs group \(port.group)")
        }
        Terminal.print(table.render())
        if let closed = ports.first(where: { !$0.isAllowed }) {
            Terminal.message(
                "To use them without root: sudo usermod -aG \(closed.group) \(Terminal.environment("USER") ?? "bothy")")
        }
    }

    private static func json(_ port: PortInfo) -> JSON {
        [
            "name": .string(port.stableName), "device": .string(port.device), "by_id": JSON(port.byID),
            "by_path": JSON(port.byPath), "vendor": .string(port.vendor), "product": .string(port.product),
            "serial": .string(port.serial), "usb": .string(port.usbID), "driver": .string(port.driver),
            "used_by": .array(port.usedBy.map { .string($0) }), "allowed": .boolean(port.isAllowed),
            "group": .string(port.group),
        ]
    }

    private static let probe = Command(
        path: ["port", "probe"], summary: "Listen to a port and say what speaks there",
        details:
            "Only listens, because writing can move machines. Tries speeds and protocols until one fits. DTR and RTS stay as they are.",
        positionals: [port],
        flags: [
            .init(name: "for", value: "SECONDS", summary: "how long to listen (10)"), active, yes,
            DecoderCommands.folders,
            ConfigCommands.configFlag,
        ],
        examples: [.init(line: "bothy port probe /dev/serial/by-id/usb-…", meaning: "What to write into the settings.")]
    ) { invocation in
        let found = try PortExamination(invocation, invocation.positionals[0]).run()
        if invocation.wantsJSON { return Terminal.print(JSONWriter.pretty(found.json)) }
        Terminal.print(found.sentence)
        Terminal.print(
            "\nserial:\n"
                + found.entry(id: "sensor-1").enumerated().map { ($0.offset == 0 ? "  - " : "    ") + $0.element }
                .joined(separator: "\n"))
        if let proposal = found.proposal { Terminal.print("\n/etc/bothy/decoders/my-board.json:\n" + proposal) }
    }

    /// What `bothy sensor add` takes for a sensor on a port.
    static let addFlags: [Command.Flag] = [
        .init(name: "port", value: "PATH", summary: "the port, as in `bothy port list`", completes: .ports),
        .init(
            name: "protocol", value: "NAME", summary: "on a port: nmea, dsmr, sml, modbus, or a decoder's name"),
        .init(name: "baud", value: "N", summary: "on a port: the line's speed"),
        .init(name: "unit", value: "N", summary: "Modbus: the unit's address"),
        active, yes, DecoderCommands.folders, ConfigCommands.configFlag,
    ]
}
