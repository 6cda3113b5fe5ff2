import Measurements
import Testing

@testable import Store

/// What a full ring lets go of, and in which order.
@Suite struct PolicyTests {
    private static let step: SampleNumber = 1_024

    /// Fills a small ring with `rounds` commits of incompressible samples over three streams.
    private func fill(
        _ ring: Ring, _ recorder: Recorder, rounds: Range<Int>, replicatedUpTo: (Int) -> SampleNumber = { _ in 0 }
    ) throws {
        for round in rounds {
            let start = SampleNumber(round) * PolicyTests.step
            for stream in 0..<3 {
                recorder.append(Noise.samples(start..<start + PolicyTests.step, stream), to: stream)
            }
            try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000, sealing: round % 8 == 0)
            let number = replicatedUpTo(round)
            if number > 0 {
                try ring.markReplicated(recorder.runKey, before: (0..<3).map { (StreamNumber($0), number) })
            }
        }
    }

    private func recorder() -> Recorder {
        let recorder = Recorder()
        for _ in 0..<3 { recorder.addStream(.double) }
        return recorder
    }

    private func limits(_ policy: RingLimits.Policy) -> RingLimits {
        RingLimits(bytes: RingLimits.leastBytes, floorBytes: 0, policy: policy)
    }

    /// Every sample is here, was reported lost, or neither is said of it.
    private func expectAccounted(_ ring: Ring, _ recorder: Recorder, end: SampleNumber) throws {
        let reader = try ring.readers.makeReader()
        for stream in 0..<3 {
            let key = recorder.key(stream)
            let found = try reader.all(key, numbers: 0..<end)
            var (held, lost) = (Ranges(), Ranges())
            for piece in found.pieces {
                let numbers = piece.first..<piece.first + SampleNumber(piece.samples.count)
                held.insert(numbers)
                #expect(piece.samples == Noise.samples(numbers, stream))
            }
            for loss in recorder.losses where loss.key == key { lost.insert(loss.numbers) }
            #expect(held.union(lost) == Ranges(0..<end))
            #expect(held.intersection(lost).isEmpty)
            #expect(found.thinned.intersection(held).isEmpty)
            #expect(found.thinned.subtracting(lost).isEmpty)
            #expect(try reader.held(key) == held)
        }
    }

    @Test func dropOldestKeepsTheNewestAndStaysInItsBounds() throws {
        let folder = try TemporaryFolder()
        let recorder = recorder()
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits(.dropOldest))
        try fill(ring, recorder, rounds: 0..<320)
        #expect(recorder.losses.allSatisfy { $0.kind == .evicted && !$0.wasReplicated })
        try expectAccounted(ring, recorder, end: 320 * PolicyTests.step)
        let reader = try ring.readers.makeReader()
        // Nothing older than what is held was kept, nothing newer was let go.
        for stream in 0..<3 { #expect(try reader.held(recorder.key(stream)).ranges.count == 1) }
        let sizes = try folder.sizes()
        #expect(sizes.values.reduce(0, +) <= RingLimits.leastBytes, "\(sizes) \(ring.shares)")
        #expect(ring.state.counters.packsEvicted > UInt64(ring.shares.packSlots))
    }

    @Test func replicatedGoesFirst() throws {
        let folder = try TemporaryFolder()
        let recorder = recorder()
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits(.dropOldest))
        // A hub that has everything but the last 20 rounds.
        try fill(ring, recorder, rounds: 0..<200) { $0 > 20 ? SampleNumber($0 - 20) * PolicyTests.step : 0 }
        #expect(!recorder.losses.isEmpty)
        #expect(recorder.losses.allSatisfy { $0.wasReplicated })
        try expectAccounted(ring, recorder, end: 200 * PolicyTests.step)
    }

    @Test func thinningKeepsLongerThanDropping() throws {
        let folder = try TemporaryFolder()
        let recorder = recorder()
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits(.thin))
        try fill(ring, recorder, rounds: 0..<200)
        try expectAccounted(ring, recorder, end: 200 * PolicyTests.step)
        let found = try ring.readers.makeReader().all(recorder.key(0))
        #expect(!found.thinned.isEmpty)
        #expect(found.thinned.end <= found.pieces[0].first)
        try expectThinnedTruly(ring, recorder, found.thinned)
        let sizes = try folder.sizes()
        #expect(sizes.values.reduce(0, +) <= RingLimits.leastBytes, "\(sizes) \(ring.shares)")
    }

    /// What stands for ten samples is their minimum, mean and maximum.
    private func expectThinnedTruly(_ ring: Ring, _ recorder: Recorder, _ thinned: Ranges) throws {
        var checked = 0
        try ring.readers.makeReader().read(recorder.key(0)) { piece throws(StoreError) in
            guard case .thinned(let numbers, let rest) = piece else { return true }
            for index in 0..<rest.count {
                let first = numbers.lowerBound + SampleNumber(10 * index)
                let ten = Noise.samples(first..<min(first + 10, numbers.upperBound), 0)
                let summary = ten.summaries()[0]
                #expect(rest.times[index] == ten.times[0])
                #expect(Array(rest.doubles[index * 3..<index * 3 + 3]) == [summary.min, summary.mean, summary.max])
                checked += 1
            }
            return checked < 2_000
        }
        #expect(checked > 0)
    }

    @Test func refusingLosesNothingThatWasTaken() throws {
        let folder = try TemporaryFolder()
        let recorder = recorder()
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits(.refuse))
        let error = #expect(throws: StoreError.self) { try fill(ring, recorder, rounds: 0..<400) }
        #expect(error?.cause == .refused)
        #expect(recorder.losses.isEmpty)
        let reader = try ring.readers.makeReader()
        for stream in 0..<3 {
            let end = try ring.committedNext(of: recorder.key(stream))
            #expect(end > 20 * PolicyTests.step)
            #expect(try reader.held(recorder.key(stream)) == Ranges(0..<end))
        }
        // Gap records still find room.
        var write = RingWrite(gateway: recorder.gateway)
        let gap = GapRecord(
            run: recorder.run, stream: 0, kind: .overflow, extent: .numbers(first: 1, end: 2, lost: 1), time: 0,
            cause: "the ring is full")
        write.commit = Commit(run: recorder.run, number: 10_000, time: 0, gaps: [gap])
        try ring.write(write, now: 1_790_000_000)
        #expect(try reader.gaps(of: recorder.runKey) == [gap])
        // A hub takes something: there is room again.
        try ring.markReplicated(recorder.runKey, before: (0..<3).map { (StreamNumber($0), 30 * PolicyTests.step) })
        try recorder.commit(to: ring, at: 500_000_000_000)
    }

    @Test func oldPacksGo() throws {
        let folder = try TemporaryFolder()
        let recorder = recorder()
        var limits = limits(.dropOldest)
        limits.ageSeconds = 30
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits)
        try fill(ring, recorder, rounds: 0..<60)
        #expect(!recorder.losses.isEmpty)
        try expectAccounted(ring, recorder, end: 60 * PolicyTests.step)
    }
}

/// Samples that no packing makes small.
enum Noise {
    static func samples(_ numbers: Range<SampleNumber>, _ stream: Int) -> Samples {
        var samples = Samples(kind: .double)
        for number in numbers {
            samples.times.append(BootTime(number) * 1_000_000)
            var word = number &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(stream)
            word = (word ^ word >> 29) &* 0xbf58_476d_1ce4_e5b9
            samples.doubles.append(Double(word ^ word >> 32) / 0x1p60)
        }
        return samples
    }
}
