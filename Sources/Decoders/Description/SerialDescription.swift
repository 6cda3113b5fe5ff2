/// How frames are cut out of a port's bytes.
public enum Framing: Hashable, Sendable {
    case lines
    case nmea
    case sync(SyncFramer.Form)
    case slip(Checksum?)
    case cobs(Checksum?)
    case dsmr(takesUnchecked: Bool)
    case sml

    public func framer() -> any Framer {
        switch self {
        case .lines: LineFramer()
        case .nmea: NMEAFramer()
        case .sync(let form): SyncFramer(form)
        case .slip(let checksum): SLIPFramer(checksum: checksum)
        case .cobs(let checksum): COBSFramer(checksum: checksum)
        case .dsmr(let takesUnchecked): DSMRFramer(takesUnchecked: takesUnchecked)
        case .sml: SMLFramer()
        }
    }

    /// Whether every frame is guarded against flipped bits.
    public var isChecked: Bool {
        switch self {
        case .nmea, .sml: true
        case .dsmr(let takesUnchecked): !takesUnchecked
        case .lines: false
        case .sync(let form): form.checksum != nil
        case .slip(let checksum), .cobs(let checksum): checksum != nil
        }
    }
}

/// What a description says about a device on a port.
public struct SerialDescription: Sendable {
    public static let mostCommands = 32

    /// As the device leaves its factory.
    public var baud: Int
    public var framing: Framing
    /// Bytes that may be sent, by name.
    public var commands: [String: [UInt8]]
    /// Commands sent once the port is open.
    public var start: [String]
    /// A command sent again and again, for a device that speaks only when asked.
    public var poll: (command: String, everyMs: Int)?
    /// For framing `lines`.
    public var lines: LineLayout?
    /// A Modbus device has no framing: it speaks only when asked.
    public var modbus: ModbusDescription?
    /// Fields of NMEA sentences beside those that are built in.
    public var nmea: [NMEADecoder.Extra]

    init(_ part: Part, attributes: AttributeTable) throws(DescriptionError) {
        try part.only("baud", "framing", "commands", "start", "poll", "lines", "modbus", "nmea", "comment")
        baud = Int(try part["baud"]?.integer(in: 50...4_000_000) ?? 9600)
        lines = try part["lines"].map { part throws(DescriptionError) in try LineLayout(part, attributes: attributes) }
        modbus = try part["modbus"].map { part throws(DescriptionError) in
            try ModbusDescription(part, attributes: attributes)
        }
        nmea = []
        for item in try part["nmea"]?.items(atMost: 32) ?? [] {
            try item.only("sentence", "field", "attribute")
            nmea.append(
                NMEADecoder.Extra(
                    sentence: try item.required("sentence").text(atMost: 8),
                    field: Int(try item.required("field").integer(in: 1...63)),
                    attribute: attributes.declarations[try attributes.required(item.required("attribute"))]))
        }
        if let part = part["framing"] {
            framing = try Framing(part)
        } else {
            guard lines != nil || modbus != nil || !nmea.isEmpty else { throw part.error("'framing' is missing") }
            framing = nmea.isEmpty ? .lines : .nmea
        }
        commands = [:]
        for (name, item) in try part["commands"]?.members(atMost: SerialDescription.mostCommands) ?? [] {
            commands[name] = try item.hex()
        }
        start = []
        for item in try part["start"]?.items(atMost: 8) ?? [] {
            start.append(try SerialDescription.known(item, commands))
        }
        if let item = part["poll"] {
            try item.only("command", "every_ms")
            poll = (
                try SerialDescription.known(item.required("command"), commands),
                Int(try item.required("every_ms").integer(in: 10...86_400_000))
            )
        }
    }

    private static func known(_ part: Part, _ commands: [String: [UInt8]]) throws(DescriptionError) -> String {
        let name = try part.text()
        guard commands[name] != nil else { throw part.error("there is no command '\(name)'") }
        return name
    }
}

extension Framing {
    init(_ part: Part) throws(DescriptionError) {
        try part.only("kind", "start", "length", "end", "checksum", "comment")
        let kind = try part.required("kind")
        let checksum = try part["checksum"].map { part throws(DescriptionError) in try Checksum(part) }
        switch try kind.text() {
        case "lines": self = .lines
        case "nmea": self = .nmea
        case "dsmr": self = .dsmr(takesUnchecked: false)
        case "sml": self = .sml
        case "slip": self = .slip(checksum)
        case "cobs": self = .cobs(checksum)
        case "sync":
            let start = try part.required("start").hex(atMost: 8)
            guard !start.isEmpty else { throw part.error("a frame begins with at least one known byte") }
            let end = try part["end"]?.hex(atMost: 8) ?? []
            let length = try part.required("length")
            if length.node.members == nil {
                let count = Int(try length.integer(in: 1...Int64(SyncFramer.Form.longest)))
                guard count >= start.count + end.count else { throw length.error("shorter than its own marks") }
                self = .sync(.init(start: start, length: .fixed(count), end: end, checksum: checksum))
            } else {
                try length.only("at", "type", "plus")
                guard let type = WholeType(try length.required("type").text()) else {
                    throw try length.required("type").error("a whole-number type was expected")
                }
                let told = SyncFramer.Form.Length.told(
                    at: Int(try length.required("at").integer(in: 0...64)), type: type,
                    plus: Int(try length["plus"]?.integer(in: -64...512) ?? 0))
                self = .sync(.init(start: start, length: told, end: end, checksum: checksum))
            }
        case let other: throw kind.error("'\(other)' is not lines, nmea, sync, slip, cobs, dsmr or sml")
        }
    }
}
