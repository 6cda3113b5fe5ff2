/// A sensor as its link first presents it. Two declarations with the same id are the same sensor.
public struct SensorDeclaration: Hashable, Sendable {
    /// `[a-z0-9][a-z0-9._:-]{0,63}`; ids starting with `__` belong to the gateway itself.
    public var id: String
    /// For people; they may rename it.
    public var name: String
    /// What it is as a whole: `thermometer`, `heartrate`, `gps` … picks an icon, decides nothing.
    public var kind: String
    /// The way in: `simulated`, `serial:<port>`, `ble:<address>`.
    public var origin: String
    /// The name and version of the description or code that makes values out of its bytes.
    public var decoder: String
    /// At most `mostAttributes`; a reading's attribute is an index into this list.
    public var attributes: [AttributeDeclaration]
    /// True where frames carry no checksum, so that a flipped bit within the declared range cannot be noticed.
    public var unchecked: Bool

    public static let mostAttributes = 64

    public init(
        id: String, name: String, kind: String, origin: String, decoder: String, attributes: [AttributeDeclaration],
        unchecked: Bool = false
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.origin = origin
        self.decoder = decoder
        self.attributes = attributes
        self.unchecked = unchecked
    }
}
