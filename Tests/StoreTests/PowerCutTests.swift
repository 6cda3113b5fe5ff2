import CFaultyDisk
import Foundation
import Measurements
import Testing

@testable import Store

extension SharedDisk {
    /// At every sync of a busy ring the power goes, and the disk is left in every state that it may be in: all that was
    /// said to be durable is there, the write under way is there whole or not at all, and nothing is reported damaged.
    @Test func aPowerCutTakesOnlyWhatWasUnderWay() throws {
        var random = Seeded()
        let folder = try TemporaryFolder()
        FaultyDisk.register()
        let long = ProcessInfo.processInfo.environment["BOTHY_LONG"] != nil
        let recorder = Recorder()
        recorder.limits = BlockLimits(samples: 200, packedBytes: 4_096, ageNs: 20_000_000_000)
        for _ in 0..<4 { recorder.addStream(.double) }
        let limits = RingLimits(bytes: RingLimits.leastBytes, floorBytes: 0, policy: .dropOldest, packAgeSeconds: 30)
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits, fileLayer: FaultyDisk.layer)
        let disk = FaultyDisk(files: try ["ring.db", "ring.db-wal"].map { try Bytes.read(folder.file($0)) })
        faulty_begin()
        var seen: Int64 = 0
        // The next numbers that each state of the ring may show: before and after the write under way.
        var before: SampleNumber = 0
        let rounds = long ? 1_500 : 180
        for round in 0..<rounds {
            // Seldom enough to end in time, often enough to meet a log written back, a pack, a slot used again.
            let isWatched = long || round % 23 == 5 || ring.log.bytes > ring.shares.checkpointBytes - 40_000
            let count = SampleNumber(isWatched ? 120 : 1_000)
            for stream in 0..<4 { recorder.append(Noise.samples(before..<before + count, stream), to: stream) }
            try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000, sealing: round % 10 == 0)
            let after = before + count
            var isDurable = false
            while seen < faulty_count() {
                let operation = FaultyDisk.operation(seen)
                seen += 1
                if isWatched, operation.kind == FAULTY_SYNC {
                    for image in disk.images(&random, subsets: long ? 8 : 1) {
                        let end = try expect(
                            image, limits, recorder, isDurable ? [after] : [before, after],
                            "round \(round), \(image.what), seed \(random.seed)")
                        // Once it is there with nothing unsynced, it stays.
                        if image.what == "nothing" { isDurable = end == after }
                    }
                }
                disk.take(operation)
            }
            // Between writes nothing is under way.
            if isWatched {
                for image in disk.images(&random, subsets: 1) {
                    try expect(image, limits, recorder, [after], "after round \(round), seed \(random.seed)")
                }
            }
            before = after
        }
        #expect(ring.state.counters.checkpoints > 3)
        #expect(ring.state.counters.packsEvicted > 10)
    }

    @discardableResult
    private func expect(
        _ image: FaultyDisk.Image, _ limits: RingLimits, _ recorder: Recorder, _ ends: [SampleNumber], _ what: String
    ) throws -> SampleNumber {
        let copy = try TemporaryFolder(inMemory: true)
        try Bytes.write(image.files[0], copy.file("ring.db"))
        try Bytes.write(image.files[1], copy.file("ring.db-wal"))
        let ring = try Ring.open(at: copy.file("ring.db"), limits: limits)
        #expect(ring.opened.condition == .existing && ring.opened.damage.isEmpty, "\(ring.opened) \(what)")
        let found = try (0..<4).map { try ring.committedNext(of: recorder.key($0)) }
        #expect(Set(found).count == 1 && ends.contains(found[0]), "\(found), not \(ends), \(what)")
        let reader = try ring.readers.makeReader()
        // Held is everything that was not let go: one range up to the end.
        for stream in 0..<4 {
            let held = try reader.held(recorder.key(stream))
            #expect(found[stream] == 0 || held.ranges.count == 1 && held.end == found[stream], "\(held) \(what)")
        }
        let last = found[0] > 600 ? found[0] - 600 : 0
        let samples = try reader.all(recorder.key(1), numbers: last..<found[0])
        #expect(samples.missing.isEmpty, "\(what)")
        #expect(found[0] == 0 || samples.pieces.first?.samples == Noise.samples(last..<found[0], 1), "\(what)")
        return found[0]
    }
}

/// Tests that write through the faulty layer, of which there is one: they run one after the other.
@Suite(.serialized) struct SharedDisk {}
