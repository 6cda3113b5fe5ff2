import Gateway
import Measurements
import Notation
import Settings
import Store
import System

/// The API's view of a running gateway.
public final class GatewayBackend: Backend, @unchecked Sendable {  // because all but `loop` is used on that loop only
    public let loop: Loop
    let gateway: Gateway
    private let readConfiguration: (Options) throws -> Configuration
    private var watcher: Int?
    private var streamCount = 0

    public init(_ gateway: Gateway, readConfiguration: @escaping (Options) throws -> Configuration) {
        self.gateway = gateway
        self.readConfiguration = readConfiguration
        loop = gateway.loop
    }

    // MARK: What is

    public func status() -> JSON { gateway.status() }
    public func limits() -> JSON { ["limits": .array(gateway.limits().map(\.json))] }
    public func clock() -> JSON { gateway.clockStatus() }
    public func store() -> JSON { gateway.status()["store"] ?? .null }
    public func sensors() -> [JSON] { gateway.sensorList() }
    public func sensor(_ id: String) -> JSON? { gateway.sensorDetails(id) }

    public func streams() -> [JSON] {
        gateway.streams().map { stream in
            [
                "stream": JSON(stream.number), "sensor": .string(stream.sensor),
                "attribute": .string(stream.attribute.name), "type": .string(stream.attribute.type),
                "unit": .string(stream.attribute.unit), "next": JSON(stream.next),
            ]
        }
    }

    public func gaps(_ question: GapQuestion) throws(Problem) -> [JSON] {
        do {
            return try GapReading(gateway).answer(question)
        } catch {
            throw Problem(503, "store", "the ring could not be read: \(error)")
        }
    }

    public func events(_ question: EventQuestion) -> [JSON] {
        gateway.events.events.reversed().lazy.filter { event in
            (question.kind == nil || question.kind == event.part)
                && (question.sensor == nil || question.sensor == event.subject)
                && (question.from.map { event.unixTime >= $0 } ?? true)
                && (question.to.map { event.unixTime < $0 } ?? true)
        }.prefix(question.limit).map { event in
            [
                "number": JSON(event.number), "time_ms": JSON(event.unixTime / 1_000_000),
                "level": .string(event.level.name), "kind": .string(event.part), "message": .string(event.message),
                "sensor": .string(event.subject),
            ]
        }
    }

    public func configuration() -> JSON {
        .array(
            gateway.configuration.tree.leaves().map {
                [
                    "setting": .string($0.path), "value": .string($0.value.written),
                    "origin": .string($0.value.origin.description),
                ]
            })
    }

    public func health() -> Health {
        let parts = gateway.root.reports().map { report in
            Health.Part(
                name: report.path, works: report.state != .givenUp && report.state != .stopped,
                why: report.lastFailure ?? "")
        }
        return Health(commitsInTime: gateway.commitsInTime, parts: parts)
    }

    public func metrics() -> [Metric] { GatewayMetrics.all(of: gateway) }

    // MARK: What can be done

    public func checkConfiguration(_ text: String) -> JSON {
        do throws(SettingsError) {
            _ = try SettingsReader.read(Array(text.utf8), file: "settings", schema: Schema.settings)
            return ["good": true, "problems": []]
        } catch {
            return [
                "good": false,
                "problems": .array(
                    error.problems.map {
                        [
                            "line": JSON($0.line), "column": JSON($0.column), "setting": .string($0.key),
                            "problem": .string($0.problem),
                        ]
                    }),
            ]
        }
    }

    public func reloadConfiguration(by who: Principal) throws(Problem) -> JSON {
        do {
            let result = try gateway.reload(readConfiguration)
            return [
                "changed": .array(result.changed.map { .string($0) }),
                "needs_restart": .array(result.needsRestart.map { .string($0) }),
            ]
        } catch {
            throw Problem(409, "bad_settings", "the settings were not taken: \(error)")
        }
    }

    public func renameSensor(_ id: String, to name: String, by who: Principal) throws(Problem) {
        guard gateway.rename(sensor: id, to: name) else { throw noSensor(id) }
    }

    public func enableSensor(_ id: String, _ enabled: Bool, by who: Principal) throws(Problem) {
        guard gateway.enable(sensor: id, enabled, who: who.name) else { throw noSensor(id) }
    }

    public func forgetSensor(_ id: String, by who: Principal) throws(Problem) {
        guard gateway.forget(sensor: id) else { throw noSensor(id) }
    }

    private func noSensor(_ id: String) -> Problem {
        let known = gateway.sensorIDs
        let near = Nearest.match(to: id, among: known).map { "; did you mean '\($0)'?" } ?? ""
        return Problem(404, "no_such_sensor", "there is no sensor '\(id)'\(near)", field: "sensor")
    }

    public var network: Network? { gateway.network }

    // MARK: Samples

    public func samples(_ question: SampleQuestion) throws(Problem) -> any SampleSource {
        guard let source = try HistorySource(question, gateway: gateway) else { throw noSensor(question.sensor) }
        return source
    }

    // MARK: Live

    public func tap(_ listener: (@Sendable (LiveNews) -> Void)?) {
        if let watcher { gateway.feed.unwatch(watcher) }
        watcher = nil
        guard let listener else { return }
        tellStreams(listener)
        watcher = gateway.feed.watch { [weak self] pieces in
            guard let self else { return }
            if self.gateway.streams().count != self.streamCount { self.tellStreams(listener) }
            listener(.samples(pieces.map { LiveBatch(stream: $0.stream, first: $0.first, samples: $0.samples) }))
        }
    }

    private func tellStreams(_ listener: (LiveNews) -> Void) {
        let streams = gateway.streams()
        streamCount = streams.count
        let clock = LiveClock(
            offset: gateway.clockOffset, error: Int64(clamping: gateway.clockErrorNs),
            settled: gateway.isClockSynchronised)
        listener(
            .streams(
                run: gateway.run.run, clock: clock,
                streams.map { LiveStream(number: $0.number, sensor: $0.sensor, attribute: $0.attribute, next: $0.next) }
            ))
    }

    public func watch(viewer: UInt64, sensors: [String]?, focused: String?) {}
    public func unwatch(viewer: UInt64) {}

    // MARK: Access

    public func keep(access: [UInt8]) {
        gateway.state.later("keep what gives access") { try $0.set("access.kept", access) }
    }

    public func keptAccess() -> [UInt8]? { try? gateway.state.now { try $0.setting("access.kept") } }
    public var boot: String { Hex.encode(gateway.boot.bytes) }
}
