import Foundation
import Notation
import Settings
import System
import Testing

@testable import Gateway

/// A whole gateway in this process: every part of it fails once, and capture goes on.
@Suite struct FailingPartsTests {
    static let scenario = """
        connectors: {c: {sensors: {s: {sensor_id: s, attributes: {t: {sensor_type: temperature, sampling_rate: 200}}}}}}
        """

    @Test func everyPartMayFailWhileCaptureGoesOn() throws {
        let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(
            "bothy-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.scenario.write(to: folder.appendingPathComponent("s.yaml"), atomically: true, encoding: .utf8)
        let settings = try SettingsReader.read(
            Array("control: {listen: \"off\"}\nbluetooth: {mode: \"off\"}\n".utf8), file: "test",
            schema: Schema.settings)
        let loop = try Loop(name: "gateway")
        let disk = try Loop(name: "disk")
        disk.start()
        loop.start()
        let options = Options(
            configFile: "/dev/null", configMustExist: false, stateFolder: folder.path + "/state",
            runtimeFolder: folder.path + "/run", scenario: folder.path + "/s.yaml", version: "test")
        let gateway = Box(
            try Gateway(options: options, configuration: Configuration(settings), loop: loop, diskLoop: disk))
        try loop.wait { try gateway.value.start { loop.stop() } }
        let paths = try loop.wait { gateway.value.root.reports().map(\.path) }
        #expect(
            paths.contains("store/recorder") && paths.contains("sensors/simulated") && paths.contains("peering/peering")
        )
        for path in paths {
            // What failed before brings down what was started after it; it has to be back first.
            try Self.wait("\(path) to run") {
                try loop.wait { gateway.value.root.reports().first { $0.path == path }?.state == .running }
            }
            let before = try loop.wait { gateway.value.intake.samples }
            let found = try loop.wait {
                gateway.value.root.injectFailure(
                    at: path.split(separator: "/", maxSplits: 1).map(String.init),
                    Failure(.restart, "injected by a test"))
            }
            #expect(found, "\(path)")
            try Self.wait("capture to go on after \(path) failed") {
                try loop.wait { gateway.value.intake.samples } > before + 50
            }
        }
        let reports = try loop.wait { gateway.value.root.reports() }
        for report in reports where !report.path.isEmpty {
            #expect(report.restarts >= 1, "\(report.path) was never restarted")
            #expect(report.lastFailure?.contains("injected") == true, "\(report.path): \(report.lastFailure ?? "")")
        }
        let numbers = try loop.wait { gateway.value.intake.streams.map { Int($0.writer.nextNumber) } }
        let stopped = Semaphore()
        loop.post { gateway.value.stop { stopped.signal() } }
        stopped.wait()
        #expect(numbers.allSatisfy { $0 > 0 })
        loop.stop()
        disk.stop()
    }

    /// Carries the gateway between this thread and its loop; it is touched on the loop only.
    final class Box: @unchecked Sendable {  // because `value` is used on the gateway's loop only
        let value: Gateway
        init(_ value: Gateway) { self.value = value }
    }

    static func wait(_ what: String, _ condition: () throws -> Bool) throws {
        for _ in 0..<1_200 {
            if try condition() { return }
            usleep(50_000)
        }
        try #require(Bool(false), "waited in vain for \(what)")
    }
}
