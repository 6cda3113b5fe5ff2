import Decoders
import Measurements
import Notation
import Settings
import System

/// Decoder descriptions, read by this process itself.
enum DecoderCommands {
    static let all = [list, test, trying, explain]

    static let folders = Command.Flag(
        name: "decoders", value: "FOLDER", summary: "where decoder files are; as in the settings unless given",
        completes: .files, repeated: true)

    private static let frameFlags: [Command.Flag] = [
        .init(name: "service", value: "UUID", summary: "the bytes are this service's data"),
        .init(name: "company", value: "ID", summary: "the bytes are this company's data, such as 0x0499"),
        .init(name: "characteristic", value: "UUID", summary: "the bytes are this characteristic's value"),
        .init(name: "name", value: "TEXT", summary: "the name the device advertises"),
        .init(name: "address", value: "ADDRESS", summary: "the device's address, for encrypted frames"),
        .init(name: "key", value: "HEX", summary: "the device's bind key, for encrypted frames"), folders,
        ConfigCommands.configFlag,
    ]
    private static let hex = Command.Positional(name: "hex", summary: "the frame in hexadecimal")

    private static let list = Command(
        path: ["decoder", "list"], summary: "List the decoder files, and those that are skipped",
        flags: [folders, ConfigCommands.configFlag]
    ) { invocation in
        let library = try library(invocation)
        if invocation.wantsJSON {
            return Terminal.print(
                JSONWriter.pretty([
                    "decoders": .array(library.descriptions.map(json)),
                    "skipped": .array(library.errors.map { .string("\($0)") }),
                ]))
        }
        var table = Table("DECODER", "FOR", "STATUS", "VECTORS", "FILE")
        for description in library.descriptions {
            table.add(
                description.label, description.title, description.isExperimental ? "experimental" : "proven",
                "\(description.vectors.count)", description.file)
        }
        Terminal.print(table.render())
        for error in library.errors { Terminal.message("skipped: \(error)") }
    }

    private static func json(_ description: Description) -> JSON {
        [
            "name": .string(description.name), "version": .integer(Int64(description.version)),
            "title": .string(description.title), "experimental": .boolean(description.isExperimental),
            "vectors": .integer(Int64(description.vectors.count)), "file": .string(description.file),
            "attributes": .array(description.attributes.map { .string($0.name) }),
        ]
    }

    private static let test = Command(
        path: ["decoder", "test"], summary: "Run the examples that decoder files carry",
        details: "Takes a file, or the name of an installed decoder; all of them without one.",
        positionals: [.init(name: "file", summary: "a decoder file or name", optional: true, completes: .files)],
        flags: [folders, ConfigCommands.configFlag],
        examples: [.init(line: "bothy decoder test my-beacon.json", meaning: "Before it is installed.")]
    ) { invocation in
        let (library, name) = try tested(invocation)
        let (passed, complaints) = library.test(name)
        let errors = name == nil ? library.errors : []
        if invocation.wantsJSON {
            Terminal.print(
                JSONWriter.pretty([
                    "passed": .integer(Int64(passed)),
                    "failed": .array((errors + complaints).map { .string("\($0)") }),
                ]))
        } else {
            for problem in errors + complaints { Terminal.message("\(problem)") }
            Terminal.print("\(passed) examples hold, \(complaints.count) do not.")
        }
        if !complaints.isEmpty || !errors.isEmpty { throw DaemonEnded(status: 1) }
    }

    private static func tested(_ invocation: Invocation) throws -> (DecoderLibrary, name: String?) {
        guard let argument = invocation.positionals.first else { return (try library(invocation), nil) }
        if argument.contains("/") || argument.hasSuffix(".json") {
            do {
                return (
                    DecoderLibrary([(argument, try Files.read(argument, most: DecoderLibrary.mostFileBytes + 1))]), nil
                )
            } catch { throw CommandFailure.failed("\(error)") }
        }
        let library = try library(invocation)
        guard library[argument] != nil else {
            let near = Nearest.match(to: argument, among: library.descriptions.map(\.name))
            throw CommandFailure.failed(
                "there is no decoder '\(argument)'" + (near.map { "; did you mean '\($0)'?" } ?? ""))
        }
        return (library, argument)
    }

    private static let trying = Command(
        path: ["decoder", "try"], summary: "Decode one frame", positionals: [hex], flags: frameFlags,
        examples: [
            .init(line: "bothy decoder try 40020a09 --service fcd2", meaning: "What a BTHome sensor says.")
        ]
    ) { invocation in
        let library = try library(invocation)
        var readings = Readings()
        let (bytes, context) = try frame(invocation)
        switch library.decode(bytes, context, into: &readings) {
        case .unknown:
            throw CommandFailure.failed("no description is for this frame", hint: "bothy decoder explain says why")
        case .refused(let decoder, _, let refusal):
            throw CommandFailure.failed("\(library.descriptions[decoder].label): \(refusal.sentence)")
        case .decoded(let decoder, _, _): show(readings, library.descriptions[decoder], invocation)
        }
    }

    private static func show(_ readings: Readings, _ description: Description, _ invocation: Invocation) {
        let rows = readings.entries.map { entry in
            let attribute = description.attributes[Int(entry.attribute)]
            return (attribute.name, Shown.value(entry.value, attribute.kind), attribute.unit)
        }
        if invocation.wantsJSON {
            return Terminal.print(
                JSONWriter.pretty([
                    "decoder": .string(description.label),
                    "values": .array(
                        rows.map { ["attribute": .string($0.0), "value": .string($0.1), "unit": .string($0.2)] }),
                ]))
        }
        var table = Table("ATTRIBUTE", "VALUE", "UNIT")
        for row in rows { table.add(row.0, row.1, row.2) }
        Terminal.print("\(description.label)\n" + table.render())
    }

    private static let explain = Command(
        path: ["decoder", "explain"], summary: "Say what every byte of a frame was taken for", positionals: [hex],
        flags: frameFlags,
        examples: [.init(line: "bothy decoder explain aac0d4043a0aa1601dab", meaning: "A dust sensor's frame.")]
    ) { invocation in
        let library = try library(invocation)
        let (bytes, context) = try frame(invocation)
        let explanation = library.explain(bytes, context)
        if invocation.wantsJSON {
            return Terminal.print(JSONWriter.pretty(.array(explanation.lines.map { .string($0) })))
        }
        Terminal.print(explanation.description)
    }

    private static func frame(_ invocation: Invocation) throws -> ([UInt8], FrameContext) {
        func bytes(_ text: String, _ what: String) throws -> [UInt8] {
            guard let bytes = Hex.decode(text.filter { $0 != " " && $0 != ":" }) else {
                throw CommandFailure.usage("\(what): pairs of hexadecimal digits were expected")
            }
            return bytes
        }
        func uuid(_ flag: String) throws -> BluetoothUUID? {
            guard let text = invocation.value(flag) else { return nil }
            guard let uuid = BluetoothUUID(text) else {
                throw CommandFailure.usage("--\(flag): '\(text)' is not a UUID")
            }
            return uuid
        }
        var source = FrameSource.serial
        if let service = try uuid("service") { source = .serviceData(service) }
        if let characteristic = try uuid("characteristic") { source = .characteristic(characteristic) }
        if let text = invocation.value("company") {
            let digits = text.hasPrefix("0x") ? UInt16(text.dropFirst(2), radix: 16) : UInt16(text)
            guard let company = digits else {
                throw CommandFailure.usage("--company: a number such as 0x0499 was expected")
            }
            source = .manufacturer(company)
        }
        let address = try bytes(invocation.value("address") ?? "", "--address").reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        let context = FrameContext(
            time: 0, source: source, name: invocation.value("name") ?? "", address: address,
            key: try bytes(invocation.value("key") ?? "", "--key"))
        return (try bytes(invocation.positionals[0], "the frame"), context)
    }

    static func folderNames(_ invocation: Invocation) throws -> [String] {
        let given = invocation.all("decoders")
        if !given.isEmpty { return given }
        let tree = try ConfigCommands.load(
            ConfigCommands.file(of: invocation), mustExist: invocation.value("config") != nil)
        let set = tree["decoders"].items.map(\.text)
        return set.isEmpty ? ["/etc/bothy/decoders"] : set
    }

    static func library(_ invocation: Invocation) throws -> DecoderLibrary {
        var files: [(name: String, bytes: [UInt8])] = []
        for folder in try folderNames(invocation) {
            for name in Files.list(folder).sorted() where name.hasSuffix(".json") {
                let path = "\(folder)/\(name)"
                guard let bytes = try? Files.read(path, most: DecoderLibrary.mostFileBytes + 1) else { continue }
                files.append((path, bytes))
            }
        }
        return DecoderLibrary(files)
    }
}
