import Measurements

/// A family of devices as its file describes it: how to know its frames, how to read them, and how to prove it.
public struct Description: Sendable {
    public static let mostFrames = 64
    public static let mostVectors = 512

    /// Its short name, unique in a library: `ruuvitag`.
    public var name: String
    public var version: Int
    public var title: String
    /// Where the format is published.
    public var source: String
    /// Not yet held against a foreign device or its maker's own examples.
    public var isExperimental: Bool
    /// What such a sensor is as a whole: `thermometer`, `gps` ….
    public var kind: String
    /// All it may give; a device declares what it has been seen to give (`SeenAttributes`).
    public var attributes: [AttributeDeclaration]
    /// For radios: how to open a session with the device.
    public var gatt: GATTSession?
    /// For ports: how its frames are cut out and what is sent to it.
    public var serial: SerialDescription?
    public var vectors: [Vector]
    /// The file it was read from.
    public var file: String
    /// Another one for another text.
    public private(set) var fingerprint: UInt32 = 0
    let frames: [FrameLayout]

    /// Its name with its version, as samples carry it.
    public var label: String { "\(name)/\(version)" }

    /// Reads and compiles a file; `file` is only for messages.
    public init(_ bytes: [UInt8], file: String) throws(DescriptionError) {
        do throws(DescriptionError) {
            try self.init(Part.read(bytes), file: file)
            fingerprint = CRC.crc32.of(bytes)
        } catch {
            var error = error
            error.file = file
            throw error
        }
    }

    private init(_ part: Part, file: String) throws(DescriptionError) {
        try part.only(
            "decoder", "version", "title", "source", "status", "kind", "attributes", "frames", "gatt", "serial",
            "vectors", "comment")
        self.file = file
        let namePart = try part.required("decoder")
        name = try namePart.text(atMost: 48)
        guard name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }) else {
            throw namePart.error("'\(name)' is not a name: small letters, digits, '-' and '_'")
        }
        version = Int(try part.required("version").integer(in: 1...9999))
        title = try part["title"]?.text() ?? name
        source = try part["source"]?.text(atMost: 1024) ?? ""
        let status = try part["status"]?.text() ?? "experimental"
        guard status == "proven" || status == "experimental" else {
            throw try part.required("status").error("'\(status)' is not proven or experimental")
        }
        isExperimental = status == "experimental"
        kind = try part["kind"]?.text(atMost: 64) ?? "sensor"
        let table = try AttributeTable(part.required("attributes"))
        attributes = table.declarations
        var frames: [FrameLayout] = []
        // A later layout may read the same objects: an encrypted frame beside a plain one.
        var tables: [String: Part] = [:]
        for item in try part["frames"]?.items(atMost: Description.mostFrames) ?? [] {
            frames.append(try FrameLayout(item, attributes: table, tables: tables))
            if let objects = item["objects"], objects["table"] != nil, let name = frames.last?.name {
                tables[name] = objects
            }
        }
        self.frames = frames
        gatt = try part["gatt"].map { part throws(DescriptionError) in try GATTSession(part) }
        serial = try part["serial"].map { part throws(DescriptionError) in
            try SerialDescription(part, attributes: table)
        }
        vectors = []
        for item in try part["vectors"]?.items(atMost: Description.mostVectors) ?? [] {
            vectors.append(try Vector(item, attributes: attributes))
        }
    }

    /// Runs the first layout that fits. Nil where none does.
    public func decode(_ frame: UnsafeRawBufferPointer, _ context: FrameContext, into readings: inout Readings)
        -> (frame: Int, FrameOutcome)?
    {
        for (index, layout) in frames.enumerated() where layout.match.fits(frame, context) {
            var trace = NoTrace()
            return (index, layout.program.run(frame, context, into: &readings, trace: &trace))
        }
        return nil
    }

    public func frameName(_ index: Int) -> String { frames[index].name }
}
