import Decoders
import Foundation
import Glibc
import Links
import Measurements
import Notation
import System
import Testing

let serialCheckout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

/// Keeps what links report.
final class SerialWitness: LinkOwner {
    struct Seen {
        var declarations: [String: SensorDeclaration] = [:]
        var ids: [String] = []
        var values: [String: [String: [Value]]] = [:]
        var states: [String: [String]] = [:]
        var faults: [String: [String: Int]] = [:]
        var anchors = 0
        var failures = 0
    }

    let seen = Locked(Seen())

    func declare(_ sensor: SensorDeclaration, from link: any Link) -> SensorHandle? {
        seen.withLock { seen in
            seen.declarations[sensor.id] = sensor
            if let known = seen.ids.firstIndex(of: sensor.id) { return SensorHandle(index: known) }
            seen.ids.append(sensor.id)
            return SensorHandle(index: seen.ids.count - 1)
        }
    }

    func deliver(_ readings: Readings, from sensor: SensorHandle) {
        seen.withLock { seen in
            let id = seen.ids[sensor.index]
            for entry in readings.entries {
                let name = seen.declarations[id]!.attributes[Int(entry.attribute)].name
                seen.values[id, default: [:]][name, default: []].append(entry.value)
            }
        }
    }

    func fault(_ kind: StaticString, detail: @autoclosure () -> String, sensor: SensorHandle) {
        seen.withLock { $0.faults[$0.ids[sensor.index], default: [:]]["\(kind)", default: 0] += 1 }
    }

    func clockAnchor(unixTime: Int64, at bootTime: BootTime, errorNs: Int64, sensor: SensorHandle) {
        seen.withLock { $0.anchors += 1 }
    }

    func state(_ text: String, healthy: Bool, sensor: SensorHandle) {
        seen.withLock { $0.states[$0.ids[sensor.index], default: []].append(text) }
    }

    func linkFailed(_ link: any Link, _ error: any Error) { seen.withLock { $0.failures += 1 } }

    /// Waits until it holds; false after half a minute, which is a failure and not a measurement.
    func until(_ holds: (Seen) -> Bool) -> Bool {
        for _ in 0..<3_000 {
            if holds(seen.withLock { $0 }) { return true }
            usleep(10_000)
        }
        return false
    }
}

/// Two ends of a line: the tests' and the link's.
final class Pair {
    let control: Int32
    let path: String

    init() {
        var (here, there): (Int32, Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 128)
        precondition(openpty(&here, &there, &name, nil, nil) == 0)
        control = here
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Raw from the beginning, as a device is.
        var raw = termios()
        tcgetattr(there, &raw)
        cfmakeraw(&raw)
        tcsetattr(there, TCSANOW, &raw)
        close(there)
    }

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(control, $0.baseAddress, $0.count) }
            if count < 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    func read() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(control, &buffer, buffer.count)
        return Array(buffer.prefix(max(0, count)))
    }

    func unplug() { close(control) }
}

extension Process {
    /// Children of a test's thread inherit that every signal is blocked; this one cannot be.
    func end() {
        kill(processIdentifier, SIGKILL)
        waitUntilExit()
    }
}

/// socat joins two ports, so that a foreign program can be the device at the other end.
final class Cable {
    let here: String
    let there: String
    private let process = Process()

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bothy-cable-\(UUID().uuidString)")
            .path
        (here, there) = (folder + "-a", folder + "-b")
        process.executableURL = URL(fileURLWithPath: "/usr/bin/socat")
        process.arguments = ["pty,raw,echo=0,link=\(here)", "pty,raw,echo=0,link=\(there)"]
        try process.run()
        for _ in 0..<1000 where !FileManager.default.fileExists(atPath: there) { usleep(5_000) }
    }

    func cut() {
        process.end()
    }
}

/// A Python peer that runs until the test ends.
final class Device {
    private let process = Process()
    private let input = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = serialCheckout.appendingPathComponent("Tests/peers/python")
        process.arguments = [serialCheckout.appendingPathComponent("Tests/peers/serial_device.py").path] + arguments
        process.standardInput = input
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    func write(_ bytes: [UInt8]) { input.fileHandleForWriting.write(Data((Hex.encode(bytes) + "\n").utf8)) }

    func stop() {
        process.end()
    }
}

func serialLibrary() throws -> DecoderLibrary {
    let folder = serialCheckout.appendingPathComponent("Config/decoders")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
    return DecoderLibrary(
        try names.sorted().map { ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0)))) })
}

/// A loop on its own thread with one link on it.
final class Running {
    let loop: Loop
    let witness = SerialWitness()
    let link: SerialLink

    init(_ settings: SerialPortSettings, library: DecoderLibrary) throws {
        loop = try Loop(name: "serial-test")
        link = try SerialLink(settings, library: library, loop: loop)
        loop.start()
        let box = Box(link: link, witness: witness)
        let begun = System.Semaphore()
        loop.post {
            try? box.link.start(owner: box.witness)
            begun.signal()
        }
        begun.wait()
    }

    func counters() -> [String: UInt64] {
        let box = Box(link: link, witness: witness)
        let answer = Locked<[String: UInt64]>([:])
        let done = System.Semaphore()
        loop.post {
            let counters = Dictionary(uniqueKeysWithValues: box.link.counters.map { ($0.name, $0.value) })
            answer.withLock { $0 = counters }
            done.signal()
        }
        done.wait()
        return answer.withLock { $0 }
    }

    func stop() {
        let box = Box(link: link, witness: witness)
        let done = System.Semaphore()
        loop.post {
            box.link.stop()
            done.signal()
        }
        done.wait()
        loop.stop()
    }

    private struct Box: @unchecked Sendable {  // because both are touched on the loop only, but for the locked part
        let link: SerialLink
        let witness: SerialWitness
    }
}
