import Measurements
import Testing

@testable import Store

/// Seals, gap records, cursors, state and copies.
@Suite struct KeepingTests {
    private func ring(_ folder: TemporaryFolder) throws -> (Ring, Recorder) {
        let recorder = Recorder()
        recorder.addStream(.double)
        let ring = try Ring.open(
            at: folder.file("ring.db"), limits: RingLimits(bytes: 16 << 20, floorBytes: 0, policy: .dropOldest))
        return (ring, recorder)
    }

    @Test func sealsAreKeptInOrderAndGoWithTheirBlocks() throws {
        let folder = try TemporaryFolder()
        let recorder = Recorder()
        recorder.addStream(.double)
        let ring = try Ring.open(
            at: folder.file("ring.db"),
            limits: RingLimits(bytes: RingLimits.leastBytes, floorBytes: 0, policy: .dropOldest))
        for round in 0..<400 {
            let start = SampleNumber(round) * 2_000
            recorder.append(Noise.samples(start..<start + 2_000, 0), to: 0)
            try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000, sealing: true)
        }
        let reader = try ring.readers.makeReader()
        var seals: [Seal] = []
        while true {
            let more = try reader.seals(of: recorder.runKey, from: seals.last.map { $0.number + 1 } ?? 0, limit: 64)
            if more.isEmpty { break }
            seals += more.map(\.record)
        }
        #expect(seals.last?.number == 399)
        #expect(try reader.lastSeal(of: recorder.runKey)?.record == seals.last)
        #expect(zip(seals, seals.dropFirst()).allSatisfy { $0.number + 1 == $1.number })
        // The oldest block that is held is under a seal that is held.
        let oldest = try #require(try reader.heads(of: recorder.key(0)).first)
        #expect(seals[0].number > 10)
        let covering = try #require(recorder.sealedNext.firstIndex { $0 >= oldest.end })
        #expect(seals[0].number <= UInt64(covering))
    }

    @Test func gapRecordsAreCoalescedNotDropped() throws {
        let folder = try TemporaryFolder()
        let (ring, recorder) = try ring(folder)
        recorder.append(Noise.samples(0..<10, 0), to: 0)
        try recorder.commit(to: ring, at: 1_000_000_000)
        var write = RingWrite(gateway: recorder.gateway)
        for index in 0..<200 as Range<UInt64> {
            let first = 1_000 + index * 10
            let gap = GapRecord(
                run: recorder.run, stream: 0, kind: .overflow, extent: .numbers(first: first, end: first + 3, lost: 3),
                time: 5, cause: "flood")
            write.gaps.append((recorder.gateway, gap))
        }
        try ring.write(write, now: 0)
        // The same again changes nothing.
        write.gaps.removeFirst(150)
        try ring.write(write, now: 0)
        let kept = try ring.readers.makeReader().gaps(of: recorder.runKey)
        #expect(kept.count <= RingRecords.mostGapsOfStream)
        #expect(kept.map(\.numbers.lowerBound).min() == 1_000 && kept.map(\.numbers.upperBound).max() == 2_993)
        #expect(kept.reduce(0) { $0 + $1.lost } >= 600)
    }

    @Test func cursorsMoveWithTheWrite() throws {
        let folder = try TemporaryFolder()
        let (ring, recorder) = try ring(folder)
        var write = RingWrite(gateway: recorder.gateway)
        write.cursors = [("hub", [1, 2])]
        try ring.write(write, now: 0)
        #expect(try ring.cursor("hub") == [1, 2])
        #expect(try ring.cursor("other") == nil)
    }

    @Test func aCommitOfAnUnknownRunIsRefused() throws {
        let folder = try TemporaryFolder()
        let (ring, recorder) = try ring(folder)
        let segment = Segment(stream: 0, first: 0, samples: Noise.samples(0..<5, 0))
        let commit = Commit(run: recorder.run, number: 0, time: 0, segments: [segment])
        let error = #expect(throws: StoreError.self) {
            try ring.write(RingWrite(gateway: recorder.gateway, commit: commit), now: 0)
        }
        #expect(error?.cause == .invalid)
    }

    @Test func aCopyMadeWhileWritingIsWhole() throws {
        let folder = try TemporaryFolder()
        let (ring, recorder) = try ring(folder)
        var round = 0
        func write() throws {
            let start = SampleNumber(round) * 1_000
            recorder.append(Noise.samples(start..<start + 1_000, 0), to: 0)
            round += 1
            try recorder.commit(to: ring, at: Int64(round) * 1_000_000_000, sealing: true)
        }
        for _ in 0..<150 { try write() }
        let backup = try ring.backUp(to: folder.file("copy.db"))
        var progress = try backup.step(pages: 32)
        while !progress.isFinished {
            try write()
            progress = try backup.step(pages: 32)
        }
        let end = SampleNumber(round) * 1_000
        try write()
        let restored = try Ring.restore(from: folder.file("copy.db"), to: folder.file("restored.db"))
        #expect(restored.lastRun == recorder.runKey && restored.seals == UInt64(round - 1))
        #expect(restored.description.contains("new run"))
        let copy = try Ring.open(at: folder.file("restored.db"), limits: ring.limits)
        let reader = try copy.readers.makeReader()
        #expect(try reader.check().isSound)
        #expect(try reader.checkPages().isEmpty)
        #expect(try reader.all(recorder.key(0)).pieces.first?.samples == Noise.samples(0..<end, 0))
    }

    @Test func theStateOfTheRingAddsUp() throws {
        let folder = try TemporaryFolder()
        let (ring, recorder) = try ring(folder)
        for round in 0..<60 {
            let start = SampleNumber(round) * 2_000
            recorder.append(Noise.samples(start..<start + 2_000, 0), to: 0)
            try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000)
        }
        let stats = try ring.stats()
        #expect(stats.packsUsed > 5 && stats.packsUsed <= stats.packSlots)
        #expect(stats.counters.samples == 120_000 && stats.counters.commits == 60)
        #expect(stats.sampleBytes > 500_000)
        #expect(stats.usedBytes <= stats.capBytes)
        #expect(stats.bytesWritten > stats.counters.packedBytes)
        #expect(stats.secondsUntilFull ?? 0 > 0)
    }
}
