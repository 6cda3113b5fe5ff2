/// One scalar.
@frozen
public enum Value: Hashable, Sendable {
    /// The mantissa at the attribute's declared scale.
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case text(String)
}

/// What a link hands over at once: values of one sensor, in the order in which they were read. A sample of an attribute
/// with parts is that many entries in a row, of the same attribute and time.
///
/// The buffer is reused: a link fills it, the intake empties it, and nothing is allocated per sample.
@frozen
public struct Readings: Sendable {
    @frozen
    public struct Entry: Hashable, Sendable {
        public var time: BootTime
        public var value: Value
        /// Index into the sensor's declared attributes.
        public var attribute: UInt16

        @inlinable
        public init(attribute: UInt16, time: BootTime, value: Value) {
            self.attribute = attribute
            self.time = time
            self.value = value
        }
    }

    public var entries: [Entry]

    @inlinable
    public init() { entries = [] }

    @inlinable
    public mutating func append(attribute: UInt16, time: BootTime, _ value: Value) {
        entries.append(Entry(attribute: attribute, time: time, value: value))
    }

    @inlinable
    public mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
}
