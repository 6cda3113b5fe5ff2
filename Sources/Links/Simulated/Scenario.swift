import Measurements
import Notation

/// Simulated sensors as a scenario file describes them, in the shape that Sensocto's simulator reads.
public struct Scenario: Sendable {
    public static let mostSensors = 1_024

    public struct Sensor: Sendable {
        public var id: String
        public var name: String
        public var kind: String
        public var attributes: [Attribute]
        public var faults: Faults
    }

    public struct Attribute: Sendable {
        public var id: String
        /// `ecg`, `temperature` …: picks the waveform.
        public var type: String
        public var rate: Double
        /// Seconds after which it falls silent; 0 is for ever.
        public var duration: Double
        public var least: Double?
        public var greatest: Double?
        public var unit: String?
        public var heartRate: Double
        public var breathsPerMinute: Double
        public var latitude: Double
        public var longitude: Double
        public var altitude: Double
        /// `walk`, `circle` or `still`.
        public var track: String
    }

    /// What goes wrong on purpose; every period in seconds, 0 is never.
    public struct Faults: Sendable, Hashable {
        public var dropOutEvery = 0.0
        public var dropOutFor = 0.0
        public var jitterMs = 0.0
        public var spikeEvery = 0.0
        public var stuckEvery = 0.0
        public var stuckFor = 0.0
        public var clockJumpEvery = 0.0
        public var clockJumpMs = 0.0
    }

    public var name: String
    public var sensors: [Sensor]

    public static func read(_ text: [UInt8]) throws(NotationError) -> Scenario {
        guard let root = try YAMLReader.read(text) else {
            throw NotationError(line: 1, column: 1, problem: "an empty scenario; 'connectors:' was expected")
        }
        guard let connectors = root["connectors"]?.members else {
            throw root.error("'connectors:' was expected, a mapping of connectors")
        }
        var sensors: [Sensor] = []
        var seen: Set<String> = []
        for connector in connectors {
            for member in connector.value["sensors"]?.members ?? [] {
                let sensor = try sensor(member)
                guard seen.insert(sensor.id).inserted else {
                    throw member.value.error("the sensor '\(sensor.id)' stands here twice")
                }
                sensors.append(sensor)
            }
        }
        guard !sensors.isEmpty else { throw root.error("no sensor is described") }
        guard sensors.count <= mostSensors else { throw root.error("more than \(mostSensors) sensors") }
        return Scenario(name: root["name"]?.text ?? "scenario", sensors: sensors)
    }

    private static func sensor(_ member: Node.Member) throws(NotationError) -> Sensor {
        let node = member.value
        let id = node["sensor_id"]?.text ?? member.key
        guard SensorDeclaration.isValidID(id) else {
            throw node.error("'\(id)' cannot be a sensor's id: \(SensorDeclaration.idRule)")
        }
        guard let members = node["attributes"]?.members, !members.isEmpty else {
            throw node.error("the sensor '\(id)' has no attributes")
        }
        guard members.count <= SensorDeclaration.mostAttributes else {
            throw node.error("the sensor '\(id)' has more than \(SensorDeclaration.mostAttributes) attributes")
        }
        var attributes: [Attribute] = []
        for member in members { attributes.append(try attribute(member)) }
        return Sensor(
            id: id, name: node["sensor_name"]?.text ?? id,
            kind: node["sensor_type"]?.text ?? attributes[0].type, attributes: attributes,
            faults: try faults(node["faults"]))
    }

    private static func attribute(_ member: Node.Member) throws(NotationError) -> Attribute {
        let node = member.value
        let type = node["sensor_type"]?.text ?? node["attribute_type"]?.text ?? member.key
        return Attribute(
            id: node["attribute_id"]?.text ?? member.key, type: type,
            rate: try number(node, "sampling_rate", 1, 0.0001...20_000),
            duration: try number(node, "duration", 0, 0...1e9),
            least: try optional(node, "min_value"), greatest: try optional(node, "max_value"),
            unit: node["unit"]?.text,
            heartRate: try number(node, "heart_rate", 72, 20...250),
            breathsPerMinute: try number(node, "breaths_per_minute", 15, 2...60),
            latitude: try number(node, "base_lat", 46.5197, -90...90),
            longitude: try number(node, "base_lng", 6.6323, -180...180),
            altitude: try number(node, "base_alt", 420, -500...20_000),
            track: node["track_mode"]?.text ?? "walk")
    }

    private static func faults(_ node: Node?) throws(NotationError) -> Faults {
        guard let node else { return Faults() }
        let seconds = 0.0...1e9
        return Faults(
            dropOutEvery: try number(node, "drop_out_every", 0, seconds),
            dropOutFor: try number(node, "drop_out_for", 0, seconds),
            jitterMs: try number(node, "jitter_ms", 0, 0...10_000),
            spikeEvery: try number(node, "spike_every", 0, seconds),
            stuckEvery: try number(node, "stuck_every", 0, seconds),
            stuckFor: try number(node, "stuck_for", 0, seconds),
            clockJumpEvery: try number(node, "clock_jump_every", 0, seconds),
            clockJumpMs: try number(node, "clock_jump_ms", 0, -1e9...1e9))
    }

    private static func number(
        _ node: Node, _ key: String, _ fallback: Double, _ range: ClosedRange<Double>
    ) throws(NotationError) -> Double {
        guard let value = node[key], !value.isNull else { return fallback }
        guard let number = value.double, range.contains(number) else {
            throw value.error("\(key): a number from \(range.lowerBound) to \(range.upperBound) was expected")
        }
        return number
    }

    private static func optional(_ node: Node, _ key: String) throws(NotationError) -> Double? {
        guard let value = node[key], !value.isNull else { return nil }
        guard let number = value.double else { throw value.error("\(key): a number was expected") }
        return number
    }
}
