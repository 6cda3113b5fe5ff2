import Measurements
import Notation
import System

/// Sensors as lists and pages show them.
extension Gateway {
    /// Every sensor that is not forgotten, with its newest values.
    public func sensorList() -> [JSON] {
        let now = SystemClock.bootTime
        return intake.sensors.filter { !$0.isForgotten }.map { $0.json(now: now, details: false) }
    }

    /// Nil where there is no such sensor.
    public func sensorDetails(_ id: String) -> JSON? {
        guard let sensor = intake.sensor(named: id), !sensor.isForgotten else { return nil }
        return sensor.json(now: SystemClock.bootTime, details: true)
    }

    public var sensorIDs: [String] { intake.sensors.filter { !$0.isForgotten }.map(\.declaration.id) }

    /// False where there is no such sensor.
    public func rename(sensor id: String, to name: String) -> Bool { intake.rename(id, to: name) }
    public func enable(sensor id: String, _ enabled: Bool, who: String) -> Bool {
        intake.enable(id, enabled, who: who)
    }
    public func forget(sensor id: String) -> Bool { intake.forget(id) }

    /// The streams of the running run, for those who watch live.
    public func streams(of sensor: String? = nil) -> [OpenStream] {
        intake.streams.filter { sensor == nil || $0.sensor == sensor }.map {
            OpenStream(number: $0.number, sensor: $0.sensor, attribute: $0.attribute, next: $0.writer.nextNumber)
        }
    }

    /// The newest samples of a stream, as a start for a live view.
    public func hotHistory(of stream: StreamNumber) -> (first: SampleNumber, samples: Samples)? {
        guard Int(stream) < intake.streams.count else { return nil }
        return intake.streams[Int(stream)].hot.shown
    }
}

/// One stream of the running run.
public struct OpenStream: Sendable {
    public var number: StreamNumber
    public var sensor: String
    public var attribute: AttributeDeclaration
    public var next: SampleNumber
}

extension SensorRecord {
    func json(now: BootTime, details: Bool) -> JSON {
        var members: [JSON.Member] = [
            .init("id", .string(declaration.id)), .init("name", .string(name)),
            .init("kind", .string(declaration.kind)), .init("origin", .string(declaration.origin)),
            .init("enabled", JSON(isEnabled)), .init("healthy", JSON(isHealthy)), .init("state", .string(state)),
            .init("samples", JSON(samples)), .init("samples_per_second", JSON(rate.perSecond(now: now))),
            .init("last_heard_ms", lastHeard.map { JSON((now - $0) / 1_000_000) } ?? .null),
            .init("overflow", JSON(overflow)),
            .init("attributes", .array(streams.map { $0.json(now: now, details: details) })),
        ]
        if details {
            members += [
                .init("decoder", .string(declaration.decoder)), .init("unchecked", JSON(declaration.unchecked)),
                .init("quota_per_second", JSON(quota.perSecond)),
                .init(
                    "faults",
                    .array(
                        faults.sorted { $0.key < $1.key }.map {
                            [
                                "kind": .string($0.key), "count": JSON($0.value.count),
                                "newest": .string($0.value.newest),
                                "age_s": JSON((now - $0.value.at) / 1_000_000_000),
                            ]
                        })),
            ]
        }
        return .object(members)
    }
}

extension StreamRecord {
    func json(now: BootTime, details: Bool) -> JSON {
        var members: [JSON.Member] = [
            .init("name", .string(attribute.name)), .init("type", .string(attribute.type)),
            .init("unit", .string(attribute.unit)), .init("stream", JSON(number)),
            .init("value", newestJSON), .init("age_ms", hot.newestTime.map { JSON((now - $0) / 1_000_000) } ?? .null),
            .init("rate", JSON(attribute.nominalRate)), .init("next", JSON(writer.nextNumber)),
        ]
        if !attribute.components.isEmpty {
            members.append(.init("components", .array(attribute.components.map { .string($0) })))
        }
        if details || attribute.width == 1 { members.append(.init("recent", recentJSON(details ? 120 : 32))) }
        return .object(members)
    }

    private var newestJSON: JSON {
        let values = hot.newest.map { attribute.json($0) }
        if attribute.components.isEmpty { return values.first ?? .null }
        guard !values.isEmpty else { return .null }
        return .object(zip(attribute.components, values).map { JSON.Member($0, $1) })
    }

    /// The first part of the newest samples, as numbers, thinned to a few.
    private func recentJSON(_ most: Int) -> JSON {
        let samples = hot.samples
        let step = max(1, samples.count / most)
        return .array(
            stride(from: samples.count % step, to: samples.count, by: step).map { attribute.json(samples.value($0)) })
    }
}

extension AttributeDeclaration {
    /// A value as a number with its unit's own size, a flag or text.
    public func json(_ value: Value) -> JSON {
        switch value {
        case .integer(let mantissa):
            guard case .integer(let scale) = kind, scale != 0 else { return .integer(mantissa) }
            return .double(Decimal.value(mantissa, scale: scale))
        case .double(let number): return .double(number)
        case .boolean(let flag): return .boolean(flag)
        case .text(let text): return .string(text)
        }
    }
}

/// `mantissa · 10^scale`, correctly rounded as long as both are of a usual size.
public enum Decimal {
    private static let powers: [Double] = (0...22).map { exponent in
        (0..<exponent).reduce(1.0) { power, _ in power * 10 }
    }

    public static func value(_ mantissa: Int64, scale: Int8) -> Double {
        let size = min(22, Int(scale.magnitude))
        return scale < 0 ? Double(mantissa) / powers[size] : Double(mantissa) * powers[size]
    }
}
