import Foundation
import Measurements
import Notation
import System
import Testing

@testable import Links

/// Collects what a link says.
final class Listener: LinkOwner {
    var declared: [SensorDeclaration] = []
    var entries: [Int: [Readings.Entry]] = [:]
    var states: [String] = []

    func declare(_ sensor: SensorDeclaration, from link: any Link) -> SensorHandle? {
        declared.append(sensor)
        return SensorHandle(index: declared.count - 1)
    }
    func deliver(_ readings: Readings, from sensor: SensorHandle) {
        entries[sensor.index, default: []] += readings.entries
    }
    func fault(_ kind: StaticString, detail: @autoclosure () -> String, sensor: SensorHandle) {}
    func clockAnchor(unixTime: Int64, at bootTime: BootTime, errorNs: Int64, sensor: SensorHandle) {}
    func state(_ text: String, healthy: Bool, sensor: SensorHandle) { states.append(text) }
    func linkFailed(_ link: any Link, _ error: any Error) {}
}

@Suite struct SimulatedTests {
    func scenario(_ attribute: String, faults: String = "{}") throws -> Scenario {
        try Scenario.read(
            Array(
                """
                connectors:
                  one:
                    sensors:
                      s1:
                        sensor_id: s1
                        faults: \(faults)
                        attributes:
                          a: {\(attribute)}
                """.utf8))
    }

    /// Runs a scenario for some seconds of its own time, in steps, without waiting.
    func play(_ scenario: Scenario, seconds: Int, seed: UInt64 = 1) throws -> Listener {
        let listener = Listener()
        let link = SimulatedLink(scenario: scenario, seed: seed, speed: 1, loop: try Loop(name: "test"))
        try link.start(owner: listener)
        let begun = listener.entries[0]?.first?.time ?? SystemClock.bootTime
        for step in 1...(seconds * 20) { link.tick(now: begun + Int64(step) * 50_000_000) }
        link.stop()
        return listener
    }

    @Test func givesTheDeclaredRateAndTheSameValuesForTheSameSeed() throws {
        let ecg = try scenario("sensor_type: ecg, sampling_rate: 256")
        let first = try play(ecg, seconds: 10)
        let second = try play(ecg, seconds: 10)
        let entries = try #require(first.entries[0])
        #expect((2560...2562).contains(entries.count))
        #expect(entries.map(\.value) == second.entries[0]?.map(\.value))
        #expect(try play(ecg, seconds: 10, seed: 2).entries[0]?.map(\.value) != entries.map(\.value))
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $1.time - $0.time > 3_900_000 })
    }

    @Test(arguments: [
        "ecg", "respiration", "heartrate", "hrv", "imu", "temperature", "humidity", "pressure", "battery",
        "geolocation", "button", "unheard_of",
    ])
    func everyKindHasItsShape(_ type: String) throws {
        let listener = try play(try scenario("sensor_type: \(type), sampling_rate: 10"), seconds: 5)
        let width = try #require(listener.declared.first?.attributes.first?.width)
        let entries = try #require(listener.entries[0])
        #expect(entries.count % width == 0)
        #expect(Set(entries.map(\.value)).count > 1 || type == "battery")
    }

    @Test func wanderStaysWithinItsLimits() throws {
        let listener = try play(
            try scenario("sensor_type: temperature, sampling_rate: 50, min_value: 2, max_value: 3"), seconds: 60)
        for entry in listener.entries[0] ?? [] {
            guard case .integer(let mantissa) = entry.value else { throw CancellationError() }
            #expect((200...300).contains(mantissa))
        }
    }

    @Test func faultsHappenOnPurpose() throws {
        let quiet = try play(
            try scenario(
                "sensor_type: temperature, sampling_rate: 10", faults: "{drop_out_every: 10, drop_out_for: 4}"),
            seconds: 20)
        #expect((115...125).contains(quiet.entries[0]?.count ?? 0))
        #expect(quiet.states.contains("silent on purpose"))
        let stuck = try play(
            try scenario("sensor_type: temperature, sampling_rate: 10", faults: "{stuck_every: 10, stuck_for: 5}"),
            seconds: 9)
        #expect(Set(stuck.entries[0]!.suffix(30).map(\.value)).count == 1)
        let spikes = try play(
            try scenario("sensor_type: temperature, sampling_rate: 10", faults: "{spike_every: 5}"), seconds: 20)
        let high = spikes.entries[0]!.filter { if case .integer(let m) = $0.value { m > 10_000 } else { false } }
        #expect(high.count == 4 || high.count == 3)
    }

    @Test(arguments: [
        ("", "empty"), ("connectors: 1", "mapping of connectors"),
        ("connectors: {a: {sensors: {b: {sensor_id: '__x', attributes: {t: {}}}}}}", "cannot be a sensor's id"),
        ("connectors: {a: {sensors: {b: {attributes: {t: {sampling_rate: -1}}}}}}", "sampling_rate: a number"),
        ("connectors: {a: {sensors: {b: {}}}}", "no attributes"),
        (
            "connectors: {a: {sensors: {b: {sensor_id: x, attributes: {t: {}}}, c: {sensor_id: x, attributes: {t: {}}}}}}",
            "twice"
        ),
    ])
    func badScenariosAreRefusedWithAPlace(_ text: String, _ part: String) {
        let error = #expect(throws: NotationError.self) { try Scenario.read(Array(text.utf8)) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
}

@Suite struct ShippedScenarioTests {
    func shipped(_ name: String) throws -> Scenario {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../Config/scenarios/\(name)")
        return try Scenario.read(Array(try Data(contentsOf: root.standardized)))
    }

    @Test func demoHasEightSensors() throws { #expect(try shipped("demo.yaml").sensors.count == 8) }

    @Test func largeHasThreeHundredSensorsAndNineHundredAttributes() throws {
        let large = try shipped("large.yaml")
        #expect(large.sensors.count == 300)
        #expect(large.sensors.map(\.attributes.count).reduce(0, +) == 900)
    }
}
