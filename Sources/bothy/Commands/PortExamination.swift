import Decoders
import Links
import Notation

/// Finds out what speaks on a port, and how that is written in settings.
struct PortExamination {
    struct Found {
        var port: String
        /// `nmea`, `dsmr`, `sml`, `modbus`, or a decoder's name.
        var kind: String
        var decoder: String?
        var baud: Int?
        var sevenEven = false
        var isEven = false
        var units: [Int] = []
        var evidence: String
        /// A description file to start from.
        var proposal: String?
    }

    private let invocation: Invocation
    private let port: String

    init(_ invocation: Invocation, _ port: String) {
        self.invocation = invocation
        self.port = port
    }

    func run() throws -> Found {
        let library = try DecoderCommands.library(invocation)
        let seconds = Int(try invocation.whole("for", in: 1...600) ?? 10)
        func progress(_ text: String) {
            if Terminal.isTerminal(2), !invocation.quiet { Terminal.message(Style.dim(text)) }
        }
        do {
            if invocation.has("active") {
                try agree()
                let units = try PortProber.askModbus(port, progress: progress)
                if let first = units.first { return found(units, first) }
                progress("no Modbus unit answered; listening")
            }
            if let finding = try PortProber.listen(port, library: library, seconds: seconds, progress: progress) {
                return found(finding)
            }
        } catch let failure as PortFailure {
            throw CommandFailure.failed("\(failure)", hint: "bothy port list shows who uses which port")
        }
        throw CommandFailure.failed(
            "nothing was recognised on \(port) within \(seconds) s",
            hint:
                "Is the device switched on, does it send by itself? Some meters send every 10 s: --for 25. Modbus devices only answer: --active."
        )
    }

    private func agree() throws {
        guard !invocation.has("yes") else { return }
        Terminal.message(
            "This sends to \(port): it \(ModbusProbe.explanation). A machine that speaks something else may take it for a command."
        )
        guard let answer = Terminal.ask("Send? [y/N]"), answer.lowercased().hasPrefix("y") else {
            throw CommandFailure(status: .refused, message: "nothing was sent")
        }
    }

    private func found(_ units: [ModbusProbe.Attempt], _ first: ModbusProbe.Attempt) -> Found {
        let numbers = units.map { Int($0.unit) }
        return Found(
            port: port, kind: "modbus", decoder: "NAME", baud: first.baud, isEven: first.isEven, units: numbers,
            evidence: "Modbus: unit \(numbers.map(String.init).joined(separator: ", ")) answered at \(first.baud) baud")
    }

    private func found(_ finding: PortProbe.Finding) -> Found {
        var found = Found(
            port: port, kind: "", baud: finding.baud, sevenEven: finding.sevenEven, evidence: "",
            proposal: finding.proposal)
        let what: String
        switch finding.kind {
        case .nmea: (found.kind, what) = ("nmea", "NMEA 0183")
        case .dsmr: (found.kind, what) = ("dsmr", "a DSMR meter")
        case .sml: (found.kind, what) = ("sml", "an SML meter")
        case .description(let name): (found.kind, found.decoder, what) = ("decoder", name, name)
        case .json: (found.kind, found.decoder, what) = ("decoder", "my-board", "lines of JSON")
        case .keyValue: (found.kind, found.decoder, what) = ("decoder", "my-board", "lines of key=value")
        case .csv: (found.kind, found.decoder, what) = ("decoder", "my-board", "lines of CSV")
        }
        found.evidence =
            "\(what) at \(finding.baud) baud\(finding.sevenEven ? ", seven bits, even parity" : "") (\(finding.frames) whole frames)"
        return found
    }
}

extension PortExamination.Found {
    var sentence: String { evidence }

    var json: JSON {
        [
            "port": .string(port), "protocol": .string(kind), "decoder": JSON(decoder),
            "baud": baud.map { .integer(Int64($0)) } ?? .null,
            "data_bits": .integer(sevenEven ? 7 : 8), "parity": .string(sevenEven || isEven ? "even" : "none"),
            "units": .array(units.map { .integer(Int64($0)) }), "evidence": .string(evidence),
            "proposal": JSON(proposal),
        ]
    }

    /// The lines of an entry under `serial:`.
    func entry(id: String) -> [String] {
        var lines = ["port: \(PortExamination.quoted(port))", "protocol: \(kind)"]
        if kind != "modbus" {
            lines.append("id: \(id)")
            if let decoder { lines.append("decoder: \(decoder)") }
        }
        if let baud { lines.append("baud: \(baud)") }
        if sevenEven { lines.append("data_bits: 7") }
        if sevenEven || isEven { lines.append("parity: even") }
        if kind == "modbus" {
            lines.append("units:")
            for unit in units {
                lines.append(
                    "  - {unit: \(unit), id: \(units.count == 1 ? id : "\(id)-\(unit)"), decoder: \(decoder ?? "NAME")}"
                )
            }
        }
        return lines
    }
}

extension PortExamination {
    /// A path as YAML text.
    static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"#'\"{}[],&*?|<>=!%@`:".utf8.contains($0) }
        return plain
            ? text : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
