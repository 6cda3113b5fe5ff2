import Decoders
import Links
import Measurements
import Notation
import System

/// `bothy sensor add --port …`: finds out, asks, writes the settings, tells the daemon.
struct SensorAdding {
    private let invocation: Invocation
    private let port: String

    init(_ invocation: Invocation) throws {
        self.invocation = invocation
        guard let port = invocation.value("port") else {
            throw CommandFailure.usage("--port is missing", hint: "bothy port list")
        }
        self.port = port
    }

    func run() throws {
        let found = try invocation.value("protocol") == nil ? PortExamination(invocation, port).run() : asTold()
        if found.kind == "modbus", found.decoder == nil || found.decoder == "NAME" {
            throw CommandFailure.usage(
                "\(found.evidence); which device is it?",
                hint: "--decoder NAME; bothy decoder list shows the descriptions")
        }
        let id = invocation.value("id") ?? (found.decoder ?? found.kind)
        guard SensorDeclaration.isValidID(id) else { throw CommandFailure.usage("--id: \(SensorDeclaration.idRule)") }
        let lines = found.entry(id: id)
        Terminal.message("\(found.evidence)\n\n  " + lines.joined(separator: "\n  ") + "\n")
        warn()
        guard agreed() else { throw CommandFailure(status: .refused, message: "nothing was written") }
        if let proposal = found.proposal { try write(proposal) }
        try ConfigCommands.append(lines, to: "serial", ConfigCommands.file(of: invocation))
        tellDaemon(id)
    }

    private func asTold() throws -> PortExamination.Found {
        let name = invocation.value("protocol") ?? ""
        let baud = try invocation.whole("baud", in: 50...4_000_000).map { Int($0) }
        let isBuiltIn = ["nmea", "dsmr", "sml", "modbus"].contains(name)
        var found = PortExamination.Found(
            port: port, kind: isBuiltIn ? name : "decoder", decoder: invocation.value("decoder"), baud: baud,
            evidence: "\(name) on \(port)")
        if name == "modbus" { found.units = [Int(try invocation.whole("unit", in: 0...255) ?? 1)] }
        if !isBuiltIn {
            let library = try DecoderCommands.library(invocation)
            guard library[name]?.serial != nil else {
                let known =
                    ["nmea", "dsmr", "sml", "modbus"] + library.descriptions.filter { $0.serial != nil }.map(\.name)
                throw CommandFailure.usage(
                    "there is no protocol '\(name)'", hint: "known: \(known.sorted().joined(separator: ", "))")
            }
            found.decoder = name
        }
        return found
    }

    private func warn() {
        let stable = PortList.read().first { $0.device == port }?.stableName
        guard !SerialPortSettings(port: port, kind: .nmea, sensors: []).isStable else { return }
        Terminal.message(
            "\(port) may be another device after the next start." + (stable.map { " Better: \($0)" } ?? ""))
    }

    private func agreed() -> Bool {
        if invocation.has("yes") { return true }
        return Terminal.ask("Write this to \(ConfigCommands.file(of: invocation))? [y/N]")?.lowercased().hasPrefix("y")
            == true
    }

    /// A description found by listening, for the user to complete.
    private func write(_ proposal: String) throws {
        let folder = try DecoderCommands.folderNames(invocation).last ?? "/etc/bothy/decoders"
        let path = folder + "/my-board.json"
        guard !Files.exists(path) else {
            throw CommandFailure.failed("\(path) is already there; rename it and its decoder first")
        }
        do {
            try Files.makeFolder(folder, mode: 0o755)
            try Files.replace(path, with: Array(proposal.utf8))
        } catch { throw CommandFailure.failed("\(error)") }
        Terminal.message("Wrote \(path): give its attributes names, units and ranges.")
    }

    private func tellDaemon(_ id: String) {
        do {
            try invocation.client.send("POST", "/v1/config/reload")
            if !invocation.quiet { Terminal.message("Added. See it: bothy sensor show \(id)") }
        } catch {
            Terminal.message("Added. It is taken up at the daemon's next start, or by: bothy config reload")
        }
    }
}
