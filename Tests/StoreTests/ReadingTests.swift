import Foundation
import Measurements
import System
import Testing

@testable import Store

@Suite struct ReadingTests {
    /// Readers on other threads, while the ring turns under them: what they get is right, and what they miss is behind.
    @Test func readersSeeOnlyWhatIsTrueWhileTheRingTurns() throws {
        let folder = try TemporaryFolder()
        let recorder = Recorder()
        for _ in 0..<3 { recorder.addStream(.double) }
        let limits = RingLimits(bytes: RingLimits.leastBytes, floorBytes: 0, policy: .dropOldest)
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits)
        let readers = ring.readers
        let outcome = Locked((stop: false, reads: 0, wrong: [String]()))
        let done = Semaphore()
        let keys = (0..<3).map { recorder.key($0) }
        for thread in 0..<2 {
            Thread.start(name: "reader") {
                while !outcome.withLock({ $0.stop }) {
                    do {
                        let stream = thread
                        let reader = try readers.makeReader()
                        let found = try reader.all(keys[stream])
                        var wrong = found.pieces.contains { piece in
                            piece.samples
                                != Noise.samples(piece.first..<piece.first + SampleNumber(piece.samples.count), stream)
                        }
                        // Only its beginning can go away while it is read.
                        if found.pieces.count > 1, found.pieces.dropFirst().contains(where: { $0.first == 0 }) {
                            wrong = true
                        }
                        outcome.withLock {
                            $0.reads += 1
                            if wrong { $0.wrong.append("stream \(stream)") }
                        }
                    } catch {
                        outcome.withLock { $0.wrong.append("\(error)") }
                    }
                }
                done.signal()
            }
        }
        for round in 0..<260 {
            let start = SampleNumber(round) * 1_024
            for stream in 0..<3 { recorder.append(Noise.samples(start..<start + 1_024, stream), to: stream) }
            try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000)
        }
        outcome.withLock { $0.stop = true }
        for _ in 0..<2 { done.wait() }
        let (_, reads, wrong) = outcome.withLock { $0 }
        #expect(wrong.isEmpty && reads > 0, "\(wrong.prefix(3))")
        #expect(ring.state.counters.packsEvicted > 20)
    }

    /// A reader that holds its snapshot for ever cannot make the log pass its limit.
    @Test func aSlowReaderCannotBreakTheCap() throws {
        let folder = try TemporaryFolder()
        let recorder = Recorder()
        recorder.addStream(.double)
        let limits = RingLimits(bytes: RingLimits.leastBytes, floorBytes: 0, policy: .dropOldest)
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits)
        let readers = ring.readers
        let (begun, end, over) = (Semaphore(), Semaphore(), Semaphore())
        var refused = 0
        func fill(_ rounds: Range<Int>) throws {
            for round in rounds {
                let start = SampleNumber(round) * 2_000
                recorder.append(Noise.samples(start..<start + 2_000, 0), to: 0)
                do {
                    try recorder.commit(to: ring, at: Int64(round + 1) * 1_000_000_000)
                } catch let error as StoreError where error.cause == .busy {
                    refused += 1
                    if refused == 2 { return }
                }
            }
        }
        try fill(0..<5)
        Thread.start(name: "slow") {
            if let reader = try? readers.makeReader() {
                _ = try? reader.snapshot { database throws(StoreError) in
                    _ = try database.integer("SELECT count(*) FROM packmeta")
                    begun.signal()
                    end.wait()
                }
            }
            over.signal()
        }
        begun.wait()
        try fill(5..<2_000)
        #expect(refused > 0, "the log reached its limit")
        #expect(try folder.bytes() <= limits.bytes)
        #expect(ring.state.counters.readersCancelled > 0)
        // It tries again some times.
        for _ in 0..<8 { end.signal() }
        over.wait()
        // It is gone: writing goes on.
        try recorder.commit(to: ring, at: 5_000_000_000_000)
    }

    @Test func timesAndBucketsAgreeWithTheSamples() throws {
        var random = Seeded()
        let folder = try TemporaryFolder()
        let recorder = Recorder()
        recorder.addStream(.integer(scale: -2))
        let ring = try Ring.open(at: folder.file("ring.db"), limits: RingLimits(bytes: 16 << 20, floorBytes: 0))
        let total: SampleNumber = 20_000
        for start in stride(from: 0, to: total, by: 250) {
            recorder.append(Wave.samples(start..<start + 250), to: 0)
            try recorder.commit(to: ring, at: Int64(start + 250) * 10_000_000)
            if start == 9_000 { try ring.flush(now: 0) }
        }
        let reader = try ring.readers.makeReader()
        let all = Wave.samples(0..<total)
        for _ in 0..<30 {
            let from = Int64.random(in: 0..<199_000_000_000, using: &random)
            let to = from + Int64.random(in: 1...80_000_000_000, using: &random)
            let inside = all.times.indices.filter { (from..<to).contains(all.times[$0]) }
            let found = try reader.all(recorder.key(0), times: from...to - 1)
            #expect(found.pieces.flatMap(\.samples.integers) == inside.map { all.integers[$0] }, "seed \(random.seed)")
            let count = Int.random(in: 1...50, using: &random)
            let buckets = try reader.buckets(of: recorder.key(0), times: from..<to, count: count)
            #expect(buckets.reduce(0) { $0 + $1.count } == UInt64(inside.count), "seed \(random.seed)")
            let values = inside.map { Double(all.integers[$0]) / 100 }
            #expect(buckets.map(\.parts[0].min).min() == values.min(), "seed \(random.seed)")
            #expect(buckets.map(\.parts[0].max).max() == values.max(), "seed \(random.seed)")
            let mean = buckets.reduce(0) { $0 + $1.parts[0].mean * Double($1.count) } / Double(max(1, inside.count))
            let expected = values.reduce(0, +) / Double(max(1, inside.count))
            #expect(abs(mean - expected) < 1e-6, "seed \(random.seed)")
            #expect(inside.isEmpty || buckets.last?.parts[0].last == values.last, "seed \(random.seed)")
        }
    }

    @Test func aReaderThatIsCancelledStops() throws {
        let folder = try TemporaryFolder()
        let recorder = Recorder()
        recorder.addStream()
        let ring = try Ring.open(at: folder.file("ring.db"))
        recorder.append(Wave.samples(0..<5_000), to: 0)
        try recorder.commit(to: ring, at: 1_000_000_000)
        let reader = try ring.readers.makeReader()
        reader.cancellation.cancel()
        let error = #expect(throws: StoreError.self) { try reader.runs() }
        #expect(error?.cause == .cancelled)
    }

    /// What peers send is stored as they closed it, in whatever order it comes; a fork is kept twice.
    @Test func carriedBlocksComeInAnyOrder() throws {
        var random = Seeded()
        let folder = try TemporaryFolder()
        let far = Recorder(run: 9, gateway: 3)
        var blocks: [Block] = []
        for index in 0..<400 {
            let numbers = SampleNumber(index) * 50..<SampleNumber(index + 1) * 50
            blocks.append(
                Block(key: far.key(4), first: numbers.lowerBound, boot: far.boot, samples: Noise.samples(numbers, 4)))
        }
        let shuffled = blocks.shuffled(using: &random)
        let fork = Block(key: far.key(4), first: 50, boot: far.boot, samples: Noise.samples(0..<50, 5))
        do {
            let ring = try Ring.open(at: folder.file("ring.db"))
            for start in stride(from: 0, to: 400, by: 20) {
                try ring.write(
                    RingWrite(gateway: Recorder().gateway, carried: Array(shuffled[start..<start + 20])), now: 1)
            }
        }
        let ring = try Ring.open(at: folder.file("ring.db"))
        let reader = try ring.readers.makeReader()
        #expect(try reader.heads(of: far.key(4)) == blocks.map(\.head), "seed \(random.seed)")
        #expect(try reader.held(far.key(4)) == Ranges(0..<20_000))
        let found = try reader.all(far.key(4))
        #expect(found.pieces.first?.samples == Noise.samples(0..<20_000, 4), "seed \(random.seed)")
        try ring.write(RingWrite(gateway: Recorder().gateway, carried: [fork]), now: 2)
        let two = try reader.heads(of: far.key(4), in: 50..<100)
        #expect(Set(two) == [blocks[1].head, fork.head])
    }
}
