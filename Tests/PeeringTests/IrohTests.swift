import CIroh
import Foundation
import Hashing
import Identity
import System
import Testing

@testable import Peering

/// Runs a Python script of Tests/peers and gives what it prints.
func runPeer(_ script: String, _ arguments: [String] = []) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "Tests/peers/python")
    process.arguments = ["Tests/peers/\(script)"] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "Tests/peers/\(script) failed: has Tests/peers/setup been run?")
    return String(decoding: data, as: UTF8.self)
}

/// A library for the tests; absent, they fail and say what to do.
func library() throws -> IrohLibrary {
    do {
        return try IrohLibrary.load()
    } catch {
        Issue.record("\(error) For the tests, run Tests/peers/setup.")
        throw error
    }
}

/// A loop with its thread, stopped with the test. What is confined to it is made and touched through `sync`.
final class TestLoop {
    let loop: Loop

    init(_ name: String = "test") throws {
        loop = try Loop(name: name)
        loop.start()
    }

    deinit { loop.stop() }

    /// Runs on the loop and waits until it has run.
    func sync<Value>(_ body: @escaping () -> Value) -> Value {
        let result = Box<Value?>(nil)
        let work = Box(body)
        let done = Semaphore()
        loop.post {
            result.value = work.value()
            done.signal()
        }
        done.wait()
        return result.value!
    }

    /// Runs on the loop something that answers later through its argument, and waits for the answer.
    func wait<Value>(_ body: @escaping (@escaping (Value) -> Void) -> Void) -> Value {
        let result = Box<Value?>(nil)
        let work = Box(body)
        let done = Semaphore()
        loop.post {
            work.value {
                result.value = $0
                done.signal()
            }
        }
        done.wait()
        return result.value!
    }
}

final class Box<Value>: @unchecked Sendable {  // because each test hands it over through a semaphore
    var value: Value
    init(_ value: Value) { self.value = value }
}

@Suite struct IrohLibraryTests {
    @Test func theTableIsThatOfTheWheel() throws {
        let wheel = Dictionary(
            uniqueKeysWithValues: try runPeer("iroh_table.py").split(separator: "\n").map { line in
                let parts = line.split(separator: " ", omittingEmptySubsequences: false)
                return (String(parts[0]), "\(parts[1]) \(parts[2])")
            })
        func plain(_ name: Substring) -> String {
            switch name.trimmingCharacters(in: .whitespaces) {
            case "BUFFER", "struct bothy_iroh_buffer": "BUFFER"
            case "STATUS": "STATUS"
            case "HANDLE", "FUTURE", "uint64_t": "u64"
            case "int64_t": "i64"
            case "uint32_t": "u32"
            case "int32_t": "i32"
            case "int8_t": "i8"
            case "bothy_iroh_continuation": "CONTINUATION"
            case let other: other
            }
        }
        let lines = String(cString: bothy_iroh_describe()).split(separator: "\n")
        #expect(lines.count > 80)
        for line in lines {
            let symbol = String(line.prefix { $0 != " " })
            let rest = line.dropFirst(symbol.count + 1)
            let open = rest.lastIndex(of: "(")!
            let arguments = rest[rest.index(after: open)...].dropLast().split(separator: ",").map(plain)
            let ours = "\(plain(rest[..<open])) \(arguments == ["void"] ? "" : arguments.joined(separator: ","))"
            #expect(wheel[symbol] == ours, "\(symbol)")
        }
    }

    @Test func thePinsAreThoseOfTheFetchScript() throws {
        let pins = try String(contentsOfFile: "Config/iroh.sha256", encoding: .utf8).split(separator: "\n")
            .filter { $0.hasSuffix("/libiroh_ffi.so") }.map { String($0.prefix(64)) }
        #expect(Set(pins) == IrohLibrary.pinned)
    }

    @Test func withoutTheLibraryAllThatIsMissingIsNamed() throws {
        #expect(throws: IrohAbsence.notFound(looked: ["/nowhere/libiroh_ffi.so"])) {
            try IrohLibrary.load(from: ["/nowhere/libiroh_ffi.so"])
        }
        let other = "/lib/x86_64-linux-gnu/libz.so.1"
        let path = FileManager.default.fileExists(atPath: other) ? other : "/lib/aarch64-linux-gnu/libz.so.1"
        #expect {
            try IrohLibrary.load(from: [path])
        } throws: {
            if case .notOurs? = $0 as? IrohAbsence { true } else { false }
        }
        // A library that is pinned but has another interface: the first symbol that is missing is said.
        let checksum = SHA256.hash(Array(try Data(contentsOf: URL(fileURLWithPath: path)))).bytes
            .map { String(format: "%02x", $0) }.joined()
        #expect {
            try IrohLibrary.load(from: [path], pinned: [checksum])
        } throws: {
            "\($0)".contains("ffi_iroh_ffi_uniffi_contract_version")
        }
    }

    @Test func aLibraryOthersCanChangeIsNotLoaded() throws {
        let path = NSTemporaryDirectory() + "bothy-iroh-\(UInt64.random(in: 0...UInt64.max)).so"
        defer { unlink(path) }
        try Data([1]).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o666)
        #expect(throws: IrohAbsence.writableByOthers(path: path)) { try IrohLibrary.load(from: [path]) }
    }
}

@Suite struct IrohEndpointTests {
    let alpn = Array("bothy-test/1".utf8)

    private func bind(_ loop: TestLoop, seed: UInt8) throws -> IrohEndpoint {
        let library = try library()
        let key = EndpointKey(seed: [UInt8](repeating: seed, count: 32), serial: 1)!
        var options = IrohOptions(alpns: [alpn])
        options.bind = ["127.0.0.1:0", "[::1]:0"]
        return try loop.wait { IrohEndpoint.bind(library, loop.loop, key: key, options, $0) }.get()
    }

    /// Two endpoints of one process, connected. What is let go is closed, so a test holds all of it.
    private final class Pair {
        let server, client: IrohEndpoint
        let dialled, accepted: IrohConnection

        init(_ server: IrohEndpoint, _ client: IrohEndpoint, _ dialled: IrohConnection, _ accepted: IrohConnection) {
            (self.server, self.client, self.dialled, self.accepted) = (server, client, dialled, accepted)
        }
    }

    private func pair(_ loop: TestLoop) throws -> Pair {
        let server = try bind(loop, seed: 1)
        let client = try bind(loop, seed: 2)
        let sockets = loop.sync { server.sockets }
        let accepted: Box<Result<IrohConnection, IrohFailure>?> = Box(nil)
        let id = EndpointKey(seed: [UInt8](repeating: 1, count: 32), serial: 1)!.id
        let dialled = loop.wait { (done: @escaping (Result<IrohConnection, IrohFailure>) -> Void) in
            var mine: Result<IrohConnection, IrohFailure>?
            server.accept(
                { incoming in
                    incoming.accept {
                        accepted.value = $0
                        if let mine { done(mine) }
                    }
                }, ended: {})
            client.connect(to: id, at: IrohAddress(direct: sockets), alpn: alpn) {
                mine = $0
                if accepted.value != nil || $0.failure != nil { done($0) }
            }
        }
        return Pair(server, client, try dialled.get(), try accepted.value!.get())
    }

    @Test func twoEndpointsKnowEachOtherAndEcho() throws {
        let loop = try TestLoop()
        let pair = try pair(loop)
        defer { withExtendedLifetime(pair) {} }
        let dialled = pair.dialled
        let accepted = pair.accepted
        #expect(
            loop.sync { dialled.remoteID.bytes }
                == EndpointKey(seed: [UInt8](repeating: 1, count: 32), serial: 1)!.id.bytes)
        #expect(
            loop.sync { accepted.remoteID.bytes }
                == EndpointKey(seed: [UInt8](repeating: 2, count: 32), serial: 1)!.id.bytes)
        #expect(loop.sync { accepted.alpn } == alpn)
        #expect(loop.sync { dialled.paths.filter(\.isSelected).allSatisfy { !$0.isRelay } })
        let echoed = loop.wait { (done: @escaping (Result<[UInt8], IrohFailure>) -> Void) in
            accepted.acceptBi { streams in
                guard case .success(let streams) = streams else { return }
                streams.receive.read(limit: 100) {
                    streams.send.write((try? $0.get()) ?? []) { _ in streams.send.finish() }
                }
            }
            dialled.openBi { streams in
                guard case .success(let streams) = streams else { return }
                streams.send.write([1, 2, 3]) { _ in }
                streams.receive.read(limit: 100) { first in
                    streams.receive.read(limit: 100) { second in
                        // The end of the stream reads as no bytes.
                        if case .success(let rest) = second, rest.isEmpty { done(first) } else { done(second) }
                    }
                }
            }
        }
        #expect(try echoed.get() == [1, 2, 3])
    }

    @Test func aReadThatWouldNeverEndCanBeCancelled() throws {
        let loop = try TestLoop()
        let pair = try pair(loop)
        defer { withExtendedLifetime(pair) {} }
        let dialled = pair.dialled
        let result = loop.wait { (done: @escaping (IrohFailure?) -> Void) in
            dialled.openBi { streams in
                guard case .success(let streams) = streams else { return done(nil) }
                let read = streams.receive.read(limit: 1) { done($0.failure) }
                read.cancel()
                read.cancel()
            }
        }
        #expect(result == .cancelled)
    }

    @Test func theOtherSideSeesWhyAConnectionWasClosed() throws {
        let loop = try TestLoop()
        let pair = try pair(loop)
        defer { withExtendedLifetime(pair) {} }
        let dialled = pair.dialled
        let accepted = pair.accepted
        let reason = loop.wait { (done: @escaping (String) -> Void) in
            accepted.onClosed(done)
            dialled.close(code: 7, reason: "not today")
        }
        #expect(reason.contains("not today") && reason.contains("7"))
    }

    @Test func aConnectToNobodyIsCancelledByItsOwner() throws {
        let loop = try TestLoop()
        let client = try bind(loop, seed: 3)
        let nobody = EndpointKey(seed: [UInt8](repeating: 9, count: 32), serial: 1)!.id
        let result = loop.wait { (done: @escaping (IrohFailure?) -> Void) in
            let attempt = client.connect(to: nobody, at: IrohAddress(direct: ["127.0.0.1:9"]), alpn: alpn) {
                done($0.failure)
            }
            loop.loop.schedule(afterMs: 50) { attempt?.cancel() }
        }
        #expect(result == .cancelled)
    }

    @Test func addressesThatDoNotReadAreErrors() throws {
        let loop = try TestLoop()
        let client = try bind(loop, seed: 3)
        let failure = loop.wait { (done: @escaping (IrohFailure?) -> Void) in
            client.connect(to: .zero, at: IrohAddress(direct: ["not an address"], relay: "::"), alpn: alpn) {
                done($0.failure)
            }
        }
        #expect(failure != nil)
    }
}
