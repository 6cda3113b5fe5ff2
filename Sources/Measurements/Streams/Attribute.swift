/// How an attribute's values are held.
public enum ValueKind: Hashable, Sendable {
    /// A whole number of `10^scale` units: `integer(scale: -2)` with mantissa 2150 is 21.50.
    case integer(scale: Int8)
    case double
    case boolean
    case text
}

/// One kind of value of a sensor, as its driver or description declares it.
public struct AttributeDeclaration: Hashable, Sendable {
    /// `temperature`; unique in its sensor.
    public var name: String
    /// What it is for viewers: `ecg`, `imu`, `battery` …; often the same as the name.
    public var type: String
    public var kind: ValueKind
    /// Empty for a scalar, else the names of its parts in order: `["x", "y", "z"]`. A part in a group has a dot in its
    /// name: `accelerometer.x`.
    public var components: [String]
    public var unit: String
    /// Values outside are refused where they come in.
    public var range: ClosedRange<Double>?
    /// Samples a second that the device is said to give; 0 where nobody knows.
    public var nominalRate: Double

    public init(
        name: String, type: String? = nil, kind: ValueKind, components: [String] = [], unit: String = "",
        range: ClosedRange<Double>? = nil, nominalRate: Double = 0
    ) {
        self.name = name
        self.type = type ?? name
        self.kind = kind
        self.components = components
        self.unit = unit
        self.range = range
        self.nominalRate = nominalRate
    }

    /// Values a sample has.
    public var width: Int { max(1, components.count) }
}
