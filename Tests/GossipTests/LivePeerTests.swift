import Foundation
import Gossip
import Hashing
import Testing

/// The real iroh-gossip, as PyPI's iroh 0.35 has it: it joins at us, hears us, and we hear it.
@Suite struct LivePeerTests {
    static let topic = [UInt8](repeating: 7, count: 32)

    /// A Python program and the lines it says.
    final class Program: @unchecked Sendable {  // because `lines` is only touched under the lock
        private let process = Process()
        private let input = Pipe()
        private let output = Pipe()
        private let lock = NSLock()
        private var lines: [String] = []

        init(_ script: String, _ arguments: [String] = [], libraries: String? = nil) throws {
            let top = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
            process.executableURL = top.appendingPathComponent("Tests/peers/python")
            process.arguments = [top.appendingPathComponent("Tests/peers/\(script)").path] + arguments
            var environment = ProcessInfo.processInfo.environment
            if let libraries {
                let python = environment["BOTHY_TEST_PYTHON"].map {
                    URL(fileURLWithPath: $0).deletingLastPathComponent().deletingLastPathComponent()
                }
                environment["PYTHONPATH"] =
                    (python ?? top.appendingPathComponent(".build/peers")).appendingPathComponent(libraries).path
            }
            process.environment = environment
            process.standardInput = input
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.detachNewThread { [self] in
                var rest = Data()
                while case let more = output.fileHandleForReading.availableData, !more.isEmpty {
                    rest.append(more)
                    while let end = rest.firstIndex(of: 10) {
                        let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                        rest = Data(rest[(end + 1)...])
                        lock.withLock { lines.append(line) }
                    }
                }
            }
        }

        func next() -> [String]? {
            lock.withLock { lines.isEmpty ? nil : lines.removeFirst().split(separator: " ").map(String.init) }
        }

        func say(_ line: String) { try? input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8)) }

        func end() {
            try? input.fileHandleForWriting.close()
            process.terminate()
        }
    }

    static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.count - 1, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
    }

    /// Waits for a line that begins with `word`; half a minute is an error, not a measurement.
    func wait(for word: String, from program: Program) throws -> [String] {
        for _ in 0..<3000 {
            if let line = program.next(), line.first == word { return line }
            Thread.sleep(forTimeInterval: 0.01)
        }
        throw NoPeer(description: "no \"\(word)\" from the gossip peer: run Tests/peers/setup")
    }

    struct NoPeer: Error, CustomStringConvertible { var description: String }

    @Test func irohGossipJoinsHearsAndIsHeard() throws {
        let transport = try Program("gossip_transport.py")
        defer { transport.end() }
        let endpoint = try wait(for: "endpoint", from: transport)
        let me = try #require(Bytes32(LivePeerTests.bytes(endpoint[1])))
        let foreign = try Program(
            "gossip_peer.py", [LivePeerTests.hex(LivePeerTests.topic), endpoint[1], endpoint[2]],
            libraries: "iroh-0.35")
        defer { foreign.end() }
        let peer = try #require(Bytes32(LivePeerTests.bytes(try wait(for: "peer", from: transport)[1])))
        var topic = Topic(me: me, data: PeerAddresses().encoded(), seed: 1) { _ in .pass }
        var heard: [[UInt8]] = []
        var heardThere: [[UInt8]] = []
        var learnt: PeerAddresses?
        var now: Int64 = 0
        func perform(_ directives: [Directive]) throws {
            for directive in directives {
                switch directive {
                case .send(peer, let message): transport.say(LivePeerTests.hex(LivePeerTests.topic + message.encoded()))
                case .deliver(let payload, _): heard.append(payload.content)
                case .learnt(_, let data): learnt = try PeerAddresses(decoding: data)
                default: break
                }
            }
        }
        var (isBroadcast, isKnownThere) = (false, false)
        for _ in 0..<3000 where heard.count < 3 || heardThere.count < 3 {
            Thread.sleep(forTimeInterval: 0.01)
            now += 10_000_000
            while let line = transport.next() {
                guard line[0] == "frame" else { continue }
                let (to, message) = try Frames.split(versionZero: LivePeerTests.bytes(line[1]))
                #expect(to.bytes == LivePeerTests.topic)
                try perform(topic.handle(.received(peer, message), now: now))
            }
            while let line = foreign.next() {
                if line[0] == "received" { heardThere.append(LivePeerTests.bytes(line[1])) }
                if ["neighbor_up", "joined"].contains(line[0]) { isKnownThere = true }
            }
            try perform(topic.handle(.tick, now: now))
            if !isBroadcast, isKnownThere, topic.neighbours == [peer] {
                isBroadcast = true
                for index in 1...3 {
                    foreign.say(LivePeerTests.hex([1, UInt8(index)]))
                    try perform(topic.handle(.broadcast([2, UInt8(index)], widely: true), now: now))
                }
            }
        }
        #expect(topic.neighbours == [peer])
        #expect(Set(heard) == [[1, 1], [1, 2], [1, 3]], "what the peer said")
        #expect(Set(heardThere) == [[2, 1], [2, 2], [2, 3]], "what the peer heard")
        #expect(learnt?.direct.isEmpty == false, "where the peer says it is")
    }
}
