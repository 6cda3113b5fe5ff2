import Foundation
import Hashing
import Measurements
import Testing

@testable import Store

/// A process that records under load is killed again and again, at random moments: every sample that it said it had
/// accepted is there exactly once, in the ring or in the buffer that the next start replays.
@Suite struct KillTests {
    private static let gateway = Bytes32 { out in out[0] = 7 }

    @Test func aKillLosesNothing() throws {
        var random = Seeded()
        let folder = try TemporaryFolder()
        let kills = ProcessInfo.processInfo.environment["BOTHY_LONG"] != nil ? 1_000 : 100
        var ends: [[SampleNumber]] = []
        for run in 0..<kills {
            let accepted = try record(folder, run, milliseconds: Int.random(in: 5...60, using: &random))
            try expectAll(folder, run, accepted, "run \(run), seed \(random.seed)")
            ends.append(accepted)
        }
        // One more start, to finish the last run; then all of all runs is in blocks, without a hole or a double.
        _ = try record(folder, kills, milliseconds: 300)
        let ring = try Ring.open(at: folder.file("ring.db"), limits: RingLimits(bytes: 64 << 20, floorBytes: 0))
        try ring.flush(now: 1_800_000_000)
        let reader = try ring.readers.makeReader()
        for (run, accepted) in ends.enumerated() {
            for stream in 0..<3 where accepted[stream] > 0 {
                let heads = try reader.heads(of: key(run, stream))
                #expect(
                    heads.first?.first == 0 && (heads.last?.end ?? 0) >= accepted[stream],
                    "\(heads.prefix(2)) \(heads.count) accepted \(accepted) run \(run) stream \(stream) seed \(random.seed)"
                )
                #expect(
                    zip(heads, heads.dropFirst()).allSatisfy { $0.end == $1.first },
                    "\(heads.prefix(2)) \(heads.count) accepted \(accepted) run \(run) stream \(stream) seed \(random.seed)"
                )
            }
        }
        #expect(try reader.check().isSound)
    }

    private func key(_ run: Int, _ stream: Int) -> StreamKey {
        StreamKey(
            gateway: KillTests.gateway, run: RunID(high: 1, low: UInt64(run)), stream: StreamNumber(stream))
    }

    /// Starts the child, kills it, and returns what it had accepted by then.
    private func record(_ folder: TemporaryFolder, _ run: Int, milliseconds: Int) throws -> [SampleNumber] {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = try child()
        process.arguments = [folder.path, "\(run)"]
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Only the child may hold the other end, or its end is never seen.
        try output.fileHandleForWriting.close()
        try errors.fileHandleForWriting.close()
        var said = output.fileHandleForReading.availableData
        let deadline = Date() + Double(milliseconds) / 1000
        while Date() < deadline, process.isRunning { said += output.fileHandleForReading.availableData }
        kill(process.processIdentifier, SIGKILL)
        said += output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(complaint.isEmpty)
        var ends: [SampleNumber] = [0, 0, 0]
        for line in String(decoding: said, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ").compactMap { UInt64($0) }
            if words.count == 2 { ends[Int(words[0])] = max(ends[Int(words[0])], words[1]) }
        }
        return ends
    }

    private func expectAll(_ folder: TemporaryFolder, _ run: Int, _ accepted: [SampleNumber], _ what: String) throws {
        let ring = try Ring.open(at: folder.file("ring.db"), limits: RingLimits(bytes: 64 << 20, floorBytes: 0))
        #expect(ring.opened.condition == (run == 0 && accepted == [0, 0, 0] ? .fresh : .existing), "\(what)")
        #expect(ring.opened.damage.isEmpty, "\(what)")
        let reader = try ring.readers.makeReader()
        let (_, left) = try PendingBuffer.open(at: folder.file("pending"), bytes: 1 << 20)
        for stream in 0..<3 {
            let found = try reader.all(key(run, stream))
            #expect(found.missing.isEmpty && found.pieces.count <= 1, "\(what)")
            var all = found.pieces.first?.samples ?? Samples(kind: .integer(scale: 0))
            for batch in left where batch.run.low == UInt64(run) && Int(batch.stream) == stream {
                let samples = try Packing.unpack(batch.body, mostSamples: Block.mostSamples)
                let known = SampleNumber(all.count)
                #expect(batch.first <= known, "\(what)")
                if batch.first + SampleNumber(samples.count) > known {
                    all.append(samples, Int(known - batch.first)..<samples.count)
                }
            }
            #expect(all.count >= Int(accepted[stream]), "\(what)")
            let expected = (0..<all.count).map { Int64(($0 * 7_919 + run * 31 + stream) % 1_000) }
            #expect(all.integers == expected, "\(what)")
        }
    }

    private func child() throws -> URL {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let path = try #require(bundle, "the test bundle's path is not among the arguments")
        return URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("store-child")
    }
}
