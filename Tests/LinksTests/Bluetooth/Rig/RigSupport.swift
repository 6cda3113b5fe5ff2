import Decoders
import Foundation
import Glibc
import Measurements
import System
import Testing

@testable import Links

/// There is one radio: nothing of this runs beside anything else.
@Suite(.serialized, .enabled(if: Rig.isHere)) enum BluetoothRig {}

/// Inside the rig (`Tests/rig/test`) there is a kernel with Bluetooth, and an air to be told what to do.
enum Rig {
    static let isHere = ProcessInfo.processInfo.environment["BOTHY_RIG"] == "1"
    static let isLong = ProcessInfo.processInfo.environment["BOTHY_LONG"] == "1"
    static let socket = ProcessInfo.processInfo.environment["BOTHY_AIR"] ?? "/run/air.sock"

    static let bluetoothctl = ProcessInfo.processInfo.environment["BOTHY_BLUETOOTHCTL"]

    /// The privileged helper, where the tests run without a privilege.
    static func radio() -> any RadioAccess {
        ProcessInfo.processInfo.environment["BOTHY_RADIO"].map { HelperRadio(path: $0) } ?? DirectRadio()
    }

    /// The repository's own decoder files.
    static let library: DecoderLibrary = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../Config/decoders")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return DecoderLibrary(
            names.filter { $0.hasSuffix(".json") }.sorted().map { name in
                (name, [UInt8]((try? Data(contentsOf: folder.appending(path: name))) ?? Data()))
            })
    }()
}

/// Speaks with the air: one command a line, one answer a line.
final class Air {
    private let descriptor: Int32
    private(set) var happened: [String] = []

    init() throws {
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(Rig.socket.utf8)) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw SystemFailure.last("connect", Rig.socket) }
    }

    deinit { close(descriptor) }

    @discardableResult
    func tell(_ command: String) throws -> String {
        let line = Array((command + "\n").utf8)
        _ = write(descriptor, line, line.count)
        var answer: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != 10 { answer.append(byte) }
        let text = String(decoding: answer, as: UTF8.self)
        guard !text.contains("\"error\"") else { throw SystemFailure(code: EINVAL, call: text, subject: command) }
        return text
    }

    /// Whether the peers said so since the air was made.
    func saw(_ text: String) throws -> Bool {
        happened.append(try tell("events"))
        return happened.contains { $0.contains(text) }
    }
}

/// A Bluetooth link on a loop of its own, in front of the air.
final class RigLink: @unchecked Sendable {  // because link and owner are only touched on the loop, through `on`
    let loop: Loop
    let owner = RecordingOwner()
    let link: BluetoothLink
    let air: Air

    init(
        adopt: [BluetoothSettings.Adopted] = [], keeper: any BluetoothKeeper = ForgetfulKeeper(),
        mode: BluetoothSettings.Mode = .automatic, radio: (any RadioAccess)? = nil, start: Bool = true
    ) throws {
        air = try Air()
        loop = try Loop(name: "ble")
        var settings = BluetoothSettings()
        settings.adopted = adopt
        settings.mode = mode
        link = BluetoothLink(
            loop: loop, settings: settings, library: Rig.library, radio: radio ?? Rig.radio(), keeper: keeper)
        loop.start()
        if start {
            try on { try self.link.start(owner: self.owner) }
            try wait(10, "an adapter that listens") { self.link.adapterList.contains { $0.isListening } }
        }
    }

    func stop() throws {
        try on { self.link.stop() }
        loop.stop()
    }

    func on<Result>(_ body: @escaping () throws -> Result) throws -> Result {
        let slot = Slot<Result>()
        let done = Semaphore()
        let box = Box { slot.result = Swift.Result { try body() } }
        loop.post {
            box.body()
            done.signal()
        }
        done.wait()
        return try slot.result!.get()
    }

    /// Asks on the loop until it is so; a failure after `seconds`.
    func wait(_ seconds: Double, _ what: String, _ condition: @escaping () throws -> Bool) throws {
        let end = SystemClock.bootTime + Int64(seconds * 1e9)
        while SystemClock.bootTime < end {
            if try on(condition) { return }
            usleep(20_000)
        }
        let state = try on {
            "\(self.link.adapterList.map(\.summary)) \(self.owner.states.suffix(3)) \(self.owner.faults)"
        }
        throw NotSo(description: "after \(seconds) s there is not \(what): \(state)")
    }

    func pair(_ address: String, passkey: UInt32? = nil, answer: @escaping (PairingQuestion) -> PairingAnswer?) throws
        -> String?
    {
        final class Outcome { var isDone = false; var why: String? }
        let outcome = Outcome()
        let peer = try #require(BluetoothAddress(address, kind: .random))
        try on {
            self.link.pair(peer, passkey: passkey) { question in
                if let reply = answer(question) { self.link.answerPairing(reply) }
            } done: { why in
                outcome.why = why
                outcome.isDone = true
            }
        }
        try wait(60, "an end of the pairing") { outcome.isDone }
        return outcome.why
    }
}

private struct Box: @unchecked Sendable {  // because the caller waits until it has run
    var body: () -> Void
}

private final class Slot<Result> { var result: Swift.Result<Result, any Error>? }

struct NotSo: Error, CustomStringConvertible { var description: String }
