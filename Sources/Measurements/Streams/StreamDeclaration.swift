/// What a stream's number stands for in its run. It travels inside a seal, so that it is signed.
public struct StreamDeclaration: Hashable, Sendable {
    public var number: StreamNumber
    public var sensor: String
    public var sensorName: String
    public var sensorKind: String
    public var attribute: AttributeDeclaration
    public var decoder: String
    public var origin: String
    /// True where the sensor's frames carry no checksum.
    public var unchecked: Bool

    public init(number: StreamNumber, sensor: SensorDeclaration, attribute: AttributeDeclaration) {
        self.number = number
        self.sensor = sensor.id
        sensorName = sensor.name
        sensorKind = sensor.kind
        self.attribute = attribute
        decoder = sensor.decoder
        origin = sensor.origin
        unchecked = sensor.unchecked
    }

    private init(number: StreamNumber, attribute: AttributeDeclaration, texts: [String], unchecked: Bool) {
        self.number = number
        self.attribute = attribute
        (sensor, sensorName, sensorKind, decoder, origin) = (texts[0], texts[1], texts[2], texts[3], texts[4])
        self.unchecked = unchecked
    }

    /// Bytes of each text; what is longer is clipped when it is written.
    public static let mostTextBytes = 128
    /// Streams a gateway.
    public static let most = 4_096

    public func encode(into writer: inout ByteWriter) {
        writer.varint(number)
        for text in [sensor, sensorName, sensorKind, decoder, origin] { writer.declared(text) }
        writer.boolean(unchecked)
        attribute.encode(into: &writer)
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> StreamDeclaration {
        let number = StreamNumber(try reader.varint("stream number", most: UInt64(StreamNumber.max)))
        var texts: [String] = []
        for field in ["sensor id", "sensor name", "sensor kind", "decoder", "origin"] {
            texts.append(try reader.text(field, most: mostTextBytes))
        }
        let unchecked = try reader.boolean("unchecked")
        let attribute = try AttributeDeclaration.decode(from: &reader)
        return StreamDeclaration(number: number, attribute: attribute, texts: texts, unchecked: unchecked)
    }
}

extension AttributeDeclaration {
    /// Parts of a vector.
    public static let mostComponents = 64

    func encode(into writer: inout ByteWriter) {
        writer.declared(name)
        writer.declared(type)
        writer.byte(kind.tag)
        if case .integer(let scale) = kind { writer.byte(UInt8(bitPattern: scale)) }
        writer.varint(components.count)
        for component in components { writer.declared(component) }
        writer.declared(unit)
        writer.boolean(range != nil)
        if let range {
            writer.double(range.lowerBound)
            writer.double(range.upperBound)
        }
        writer.double(nominalRate)
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> AttributeDeclaration {
        let most = StreamDeclaration.mostTextBytes
        let name = try reader.text("attribute name", most: most)
        let type = try reader.text("attribute type", most: most)
        let kind = try ValueKind.decode(from: &reader)
        var components: [String] = []
        for _ in 0..<(try reader.count("components", most: mostComponents)) {
            components.append(try reader.text("component", most: most))
        }
        let unit = try reader.text("unit", most: most)
        var range: ClosedRange<Double>?
        if try reader.boolean("range") {
            let start = reader.offset
            let lower = try reader.double("range")
            let upper = try reader.double("range")
            guard lower <= upper else { throw Malformed("range", .inconsistent, at: start) }
            range = lower...upper
        }
        return AttributeDeclaration(
            name: name, type: type, kind: kind, components: components, unit: unit, range: range,
            nominalRate: try reader.double("nominal rate"))
    }
}

extension ValueKind {
    /// The byte that stands for this kind wherever bytes of ours name one.
    public var tag: UInt8 {
        switch self {
        case .integer: 1
        case .double: 2
        case .boolean: 3
        case .text: 4
        }
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> ValueKind {
        switch try reader.byte("kind") {
        case 1: return .integer(scale: Int8(bitPattern: try reader.byte("scale")))
        case 2: return .double
        case 3: return .boolean
        case 4: return .text
        default: throw Malformed("kind", .unknown, at: reader.offset - 1)
        }
    }
}

extension ByteWriter {
    fileprivate mutating func declared(_ value: String) { text(value.clipped(toUTF8: StreamDeclaration.mostTextBytes)) }
}
