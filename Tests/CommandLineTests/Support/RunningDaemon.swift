import Foundation
import Notation
import Testing

/// A real daemon in folders of its own, as a user would start it.
final class RunningDaemon {
    static let top = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardized
    /// The program that was built together with these tests.
    static let program: URL = {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return beside.appendingPathComponent("bothy")
    }()

    let folder: URL
    private(set) var process = Process()
    private let log: URL

    var socket: String { folder.appendingPathComponent("r/bothy.sock").path }

    init(scenario: String = "", settings: String = "") throws {
        folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent(
            "bothy-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        log = folder.appendingPathComponent("log")
        // Tests run beside each other: no fixed ports.
        let quiet = "control: {listen: \"off\"}\nbluetooth: {mode: \"off\"}\n"
        try (settings.isEmpty ? quiet : settings).write(
            to: folder.appendingPathComponent("bothy.yaml"), atomically: true, encoding: .utf8)
        if !scenario.isEmpty {
            try scenario.write(to: folder.appendingPathComponent("scenario.yaml"), atomically: true, encoding: .utf8)
        }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    var arguments: [String] {
        var words = ["run", "--config", "bothy.yaml", "--state", "s", "--runtime", "r", "--log", "text"]
        if FileManager.default.fileExists(atPath: folder.appendingPathComponent("scenario.yaml").path) {
            words += ["--scenario", "scenario.yaml"]
        }
        return words
    }

    /// Starts it and waits until it answers.
    func start() throws {
        process = Process()
        process.executableURL = Self.program
        process.currentDirectoryURL = folder
        process.arguments = arguments
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: log)
        handle.seekToEndOfFile()
        process.standardError = handle
        try process.run()
        try wait("the daemon to answer") { (try? ask(["status", "--output", "json"]).status) == 0 }
    }

    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    var told: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    struct Said {
        var status: Int32
        var out: String
        var err: String
        func json() throws -> JSON { try JSONReader.read(out) }
    }

    /// Runs a command of the same program.
    func ask(_ words: [String], socket given: String? = nil) throws -> Said {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = words
        process.currentDirectoryURL = folder
        process.environment = ["BOTHY_SOCKET": given ?? socket, "PATH": "/usr/bin:/bin", "NO_COLOR": "1"]
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        try process.run()
        let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let errors = String(decoding: err.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Said(status: process.terminationStatus, out: text, err: errors)
    }

    /// Waits for something to become true; generous, since machines are busy.
    func wait(_ what: String, _ condition: () throws -> Bool) throws {
        for _ in 0..<1_200 {
            if try condition() { return }
            try #require(process.isRunning, "the daemon ended while waiting for \(what): \(told)")
            usleep(50_000)
        }
        try #require(Bool(false), "waited in vain for \(what): \(told)")
    }

    func samples() throws -> Int64 {
        try ask(["status", "--output", "json"]).json()["recording"]?["samples"]?.integer ?? 0
    }
}
