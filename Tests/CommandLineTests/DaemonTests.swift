import Foundation
import Notation
import Testing

/// The program as it is used: a real daemon, and commands that talk to it.
@Suite(.serialized) struct DaemonTests {
    /// One sensor, fast enough to have something to lose.
    static let scenario = """
        connectors:
          one:
            sensors:
              heart:
                sensor_id: heart
                attributes:
                  ecg: {attribute_id: ecg, sensor_type: ecg, sampling_rate: 250}
              room:
                sensor_id: room
                attributes:
                  temperature: {attribute_id: temperature, sensor_type: temperature, sampling_rate: 10}
                  humidity: {attribute_id: humidity, sensor_type: humidity, sampling_rate: 10}
        """

    @Test func recordsAndTellsAndStopsClean() throws {
        let daemon = try RunningDaemon(scenario: Self.scenario)
        try daemon.start()
        try daemon.wait("samples") { try daemon.samples() > 300 }
        let status = try daemon.ask(["status", "--output", "json"]).json()
        #expect(status["healthy"] == true)
        #expect(status["recording"]?["sensors"] == 2)
        let screen = try daemon.ask(["status"])
        #expect(screen.out.contains("healthy") && screen.out.split(separator: "\n").count < 24)
        #expect(try daemon.ask(["sensor", "list"]).out.contains("heart"))
        #expect(try daemon.ask(["sensor", "show", "room"]).out.contains("humidity"))
        #expect(try daemon.ask(["sensor", "rename", "room", "Stube"]).status == 0)
        #expect(try daemon.ask(["sensor", "list"]).out.contains("Stube"))
        #expect(try daemon.ask(["status", "--limits"]).out.contains("pending buffer"))
        #expect(daemon.stop() == 0)
        #expect(daemon.told.contains("everything recorded is on disk"))
    }

    @Test func wrongWordsAndWrongIdsGetASentenceAndAStatus() throws {
        let daemon = try RunningDaemon(scenario: Self.scenario)
        try daemon.start()
        let unknown = try daemon.ask(["sensor", "show", "haert"])
        #expect(unknown.status == 1 && unknown.err.contains("haert") && unknown.out.isEmpty)
        let several = try daemon.ask(["export", "room"])
        #expect(several.status == 2 && several.err.contains("temperature, humidity"))
        let usage = try daemon.ask(["sensor", "lst"])
        #expect(usage.status == 2 && usage.err.contains("sensor list"))
        let nobody = try daemon.ask(["status"], socket: "/nonexistent/bothy.sock")
        #expect(nobody.status == 3 && nobody.err.contains("no daemon runs here"))
        let second = try daemon.ask(daemon.arguments)
        #expect(
            second.status == 4 && second.err.contains("process \(daemon.process.processIdentifier)"), "\(second.err)")
        #expect(daemon.stop() == 0)
    }

    @Test func badSettingsAreRefusedWithTheirPlace() throws {
        let daemon = try RunningDaemon(settings: "store:\n  cap: much\n")
        let refused = try daemon.ask(daemon.arguments)
        #expect(refused.status == 2)
        #expect(refused.err.contains("bothy.yaml:2:8") && refused.err.contains("store.cap"), "\(refused.err)")
    }

    @Test func aReloadTakesWhatChangedAndRefusesABadFileWhole() throws {
        let quiet = "control: {listen: \"off\"}\nbluetooth: {mode: \"off\"}\n"
        let daemon = try RunningDaemon(scenario: Self.scenario, settings: quiet)
        try daemon.start()
        let file = daemon.folder.appendingPathComponent("bothy.yaml")
        try (quiet + "intake: {least_quota: 300}\n").write(to: file, atomically: true, encoding: .utf8)
        #expect(try daemon.ask(["config", "reload"]).out.contains("intake.least_quota"))
        try (quiet + "intake: {least_quota: many}\n").write(to: file, atomically: true, encoding: .utf8)
        let refused = try daemon.ask(["config", "reload"])
        #expect(refused.status == 4 && refused.err.contains("intake.least_quota"), "\(refused.err)")
        let before = try daemon.samples()
        try daemon.wait("recording to go on") { try daemon.samples() > before }
        #expect(daemon.stop() == 0)
    }

    /// What was taken in before a kill is there afterwards, each sample once.
    @Test(arguments: 0..<3) func aKillLosesNothing(_ round: Int) throws {
        let daemon = try RunningDaemon(scenario: Self.scenario)
        try daemon.start()
        var seen: Int64 = 0
        try daemon.wait("samples") {
            seen = try daemon.samples()
            return seen > 200 + Int64(round) * 300
        }
        _ = daemon.stop(SIGKILL)
        try daemon.start()
        let text = try daemon.ask(["export", "heart", "ecg", "--format", "ndjson"]).out
        let temperature = try daemon.ask(["export", "room", "temperature", "--format", "ndjson"]).out
        let humidity = try daemon.ask(["export", "room", "humidity", "--format", "ndjson"]).out
        var kept: Int64 = 0
        for export in [text, temperature, humidity] {
            // Numbers count from 0 in each run; the first run's part ends where they begin again.
            let numbers = try export.split(separator: "\n").map { line in
                try #require(JSONReader.read(String(line))["number"]?.integer, "\(line)")
            }
            let first = numbers.dropFirst().firstIndex(of: 0).map { Array(numbers[..<$0]) } ?? numbers
            #expect(first == Array(0..<Int64(first.count)), "each number once, none left out")
            kept += Int64(first.count)
        }
        #expect(kept >= seen, "\(seen) samples were told, \(kept) are there")
        #expect(daemon.stop() == 0)
    }
}
