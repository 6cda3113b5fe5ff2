import Hashing
import Testing

@testable import Measurements

/// A small run with two streams, three seals and a hole, as an honest gateway would leave it.
struct HonestRun {
    var open: Signed<RunOpen>
    var seals: [Signed<Seal>] = []
    var blocks: [Block] = []

    init(run: RunID = Sketch.run, previous: RunID = .none) {
        let record = RunOpen(
            gateway: Sketch.gateway, run: run, ordinal: 0, previousRun: previous, previousSeal: .zero,
            boot: Sketch.boot, opened: 0, hardware: .zero, version: "test")
        open = record.signed(by: Sketch.sign(as: Sketch.gateway))
        var sealer = Sealer(record)
        let key = RunKey(gateway: Sketch.gateway, run: run)
        let attribute = AttributeDeclaration(name: "force", kind: .integer(scale: -2))
        for number in 0..<2 {
            sealer.add(StreamDeclaration(number: StreamNumber(number), sensor: Sketch.sensor, attribute: attribute))
        }
        var writers = (0..<2).map {
            StreamWriter(
                key: StreamKey(key, stream: $0), boot: Sketch.boot, kind: .integer(scale: -2), width: 1)
        }
        for second in 0..<30 {
            for stream in writers.indices {
                var samples = Samples(kind: .integer(scale: -2))
                for index in 0..<100 {
                    samples.times.append(Int64(second * 100 + index) * 10_000_000)
                    samples.integers.append(Int64(second * index % (37 + stream)))
                }
                writers[stream].append(samples)
                if second == 4, stream == 1 { writers[stream].refuse(250) }
                for gap in writers[stream].takeGaps(now: 0, cause: "quota") { sealer.add(gap) }
                _ = writers[stream].takeSegments(now: 0)
                let due = second == 29 && stream == 0 ? writers[stream].closeAll() : writers[stream].takeBlocks(now: 0)
                for block in due { sealer.add(block.head) }
                blocks += due
            }
            guard second % 10 == 9 else { continue }
            let closed = Dictionary(uniqueKeysWithValues: writers.map { ($0.key.stream, $0.closedNumber) })
            if let seal = sealer.seal(closed: closed, time: Int64(second))?.seal {
                seals.append(seal.signed(by: Sketch.sign(as: Sketch.gateway)))
            }
        }
    }

    func report(_ change: (inout RunVerifier) -> Void = { _ in }) -> RunReport {
        var verifier = RunVerifier(open, verify: Sketch.verify)
        for seal in seals { verifier.add(seal) }
        for block in blocks { verifier.add(block) }
        change(&verifier)
        return verifier.finish()
    }
}

@Suite("Verification names every way to tamper with a run")
struct VerificationTests {
    @Test("An honest run is sound, and the numbers add up")
    func honest() {
        let run = HonestRun()
        let report = run.report()
        #expect(report.isSound)
        #expect(report.seals == 3)
        #expect(report.knownLost == [.overflow: 250])
        let samples = run.blocks.reduce(0) { $0 + UInt64($1.count) }
        #expect(report.sealed + report.tail == samples)
        #expect(report.sealed > 4_000)
        #expect(report.description.hasPrefix("sealed \(report.sealed), tail \(report.tail), 0 missing, 0 duplicate"))
    }

    @Test("One flipped bit in any packed byte")
    func flippedBit() {
        let run = HonestRun()
        var random = Seeded(seed)
        for bit in 0..<100 {
            var changed = run
            let index = bit % run.blocks.count
            // The first bytes, which say how to read the others, and some of those.
            let packed = changed.blocks[index].packed.indices
            let at = bit < 60 ? bit / 8 : Int.random(in: packed, using: &random)
            changed.blocks[index].packed[at] ^= 1 << UInt8(bit % 8)
            // Bits that no value depends on (padding) change nothing that was signed.
            if (try? changed.blocks[index].samples()) == (try? run.blocks[index].samples()) { continue }
            let (key, first) = (run.blocks[index].key, run.blocks[index].first)
            #expect(changed.report().problems.contains(.brokenBlock(stream: key.stream, first: first)))
        }
    }

    @Test("One block left out")
    func leftOut() {
        let run = HonestRun()
        for index in run.blocks.indices {
            var changed = run
            let block = changed.blocks.remove(at: index)
            let report = changed.report()
            #expect(report.missing[block.key.stream]?.contains(block.first..<block.end) == true)
            #expect(!report.isSound)
        }
    }

    @Test("One block exchanged for another that is consistent in itself")
    func exchanged() throws {
        var run = HonestRun()
        let block = run.blocks[0]
        var samples = try block.samples()
        samples.integers[5] += 1
        run.blocks[0] = Block(key: block.key, first: block.first, boot: block.boot, samples: samples)
        #expect(run.report().problems == [.otherBlocks(seal: 0)])
    }

    @Test("One seal replaced: by a forged one, by one signed anew, by nothing")
    func seals() {
        let run = HonestRun()
        for index in run.seals.indices {
            var forged = run
            var record = run.seals[index].record
            record.time += 1
            forged.seals[index] = Signed(record: record, signature: run.seals[index].signature)
            #expect(forged.report().problems.contains(.unsignedSeal(UInt64(index))))

            var anew = run
            anew.seals[index] = record.signed(by: Sketch.sign(as: Sketch.gateway))
            // The last seal's successor does not exist yet: only the other copy or a receipt shows that one.
            if index < 2 { #expect(anew.report().problems == [.brokenChain(UInt64(index) + 1)]) }
            #expect(run.report { $0.add(anew.seals[index]) }.problems.contains(.twoSeals(UInt64(index))))

            var absent = run
            absent.seals.remove(at: index)
            if index < 2 { #expect(absent.report().problems.contains(.missingSeal(UInt64(index)))) }
        }
    }

    @Test("A run replayed under another name, or twice")
    func replayed() {
        let run = HonestRun()
        let other = RunID(high: 9, low: 9)
        var record = run.open.record
        record.run = other
        var verifier = RunVerifier(record.signed(by: Sketch.sign(as: Sketch.gateway)), verify: Sketch.verify)
        for seal in run.seals { verifier.add(seal) }
        for block in run.blocks { verifier.add(block) }
        let problems = verifier.finish().problems
        #expect(problems.contains(.foreignSeal(0)))
        #expect(problems.contains(.foreignBlock(stream: 0, first: 0)))
        #expect(RunChain.problems([run.open.record, run.open.record]) == [.replayed(Sketch.run)])
        let twice = run.report { verifier in for block in run.blocks { verifier.add(block) } }
        #expect(twice.duplicates == UInt64(run.blocks.count))
    }

    @Test("What was evicted, thinned or lost to a flood is accounted, not missing")
    func accounted() {
        var run = HonestRun()
        let evicted = run.blocks.remove(at: 1)
        let gap = GapRecord(
            run: Sketch.run, stream: evicted.key.stream, kind: .evicted,
            extent: .numbers(first: evicted.first, end: evicted.end, lost: UInt64(evicted.count)), time: 0,
            cause: "full")
        let report = run.report { $0.add(gap) }
        #expect(report.isSound)
        #expect(report.knownLost[.evicted] == UInt64(evicted.count))
        #expect(report.unproved > 0)
        let thinned = run.report { $0.add(thinned: evicted.head) }
        #expect(thinned.isSound)
        #expect(thinned.thinned == UInt64(evicted.count))
        #expect(thinned.unproved == 0)
    }

    @Test("A gateway that declares absurd numbers is reported, and stops nobody")
    func absurd() {
        let run = HonestRun()
        var record = run.seals[2].record
        record.number = .max
        record.next = (0..<3).map { .init(stream: $0, number: .max) }
        record.gaps = (0..<3).flatMap { stream -> [GapRecord] in
            [
                GapRecord.Extent.numbers(first: 0, end: .max, lost: .max),
                .atMost(after: 0, durationNs: .max, samples: .max),
            ]
            .map {
                GapRecord(run: Sketch.run, stream: stream, kind: .evicted, extent: $0, time: 0, cause: "")
            }
        }
        let seal = record.signed(by: Sketch.sign(as: Sketch.gateway))
        var head = run.blocks[0].head
        head.first = .max
        let report = run.report {
            $0.add(seal)
            $0.add(head)
        }
        #expect(report.knownLost[.evicted] == .max)
        #expect(report.problems.contains(.missingSeal(3)))
        #expect(report.problems.contains(.brokenBlock(stream: head.key.stream, first: .max)))
        #expect(!report.description.isEmpty)
    }

    @Test("Two contents of one identity are a fork, in one copy and between two")
    func forks() throws {
        let run = HonestRun()
        let block = run.blocks[1]
        var samples = try block.samples()
        samples.integers[0] += 1
        let other = Block(key: block.key, first: block.first, boot: block.boot, samples: samples)
        #expect(run.report { $0.add(other) }.problems.contains(.fork(stream: block.key.stream, first: block.first)))
        var changed = run.blocks.map(\.head)
        #expect(CopyComparison(run.blocks.map(\.head), changed).isSame)
        #expect(RangeDigest(changed) == RangeDigest(changed.reversed()))
        changed[1] = other.head
        #expect(CopyComparison(run.blocks.map(\.head), changed).forks == [.init(left: block.head, right: other.head)])
        #expect(RangeDigest(run.blocks.map(\.head)) != RangeDigest(changed))
    }

    @Test("Runs that name the same predecessor are a clone or a restored backup")
    func clones() {
        func open(_ low: UInt64, after previous: UInt64, ordinal: UInt64, hardware: Bytes32 = .zero) -> RunOpen {
            RunOpen(
                gateway: Sketch.gateway, run: RunID(high: 0, low: low), ordinal: ordinal,
                previousRun: RunID(high: 0, low: previous), previousSeal: .zero, boot: Sketch.boot, opened: 0,
                hardware: hardware, version: "")
        }
        let chain = [open(1, after: 0, ordinal: 0), open(2, after: 1, ordinal: 1), open(3, after: 2, ordinal: 2)]
        #expect(RunChain.problems(chain) == [])
        let runs = chain.map(\.run)
        let clone = open(4, after: 1, ordinal: 1, hardware: Sketch.gateway)
        let problems = RunChain.problems(chain + [clone])
        #expect(problems == [.twoSuccessors(of: runs[0], runs[1], clone.run), .otherHardware(clone.run)])
        #expect(RunChain.problems([chain[0], chain[2]]) == [.missingRun(runs[1], before: runs[2])])
    }

    @Test("A thousand gaps become few records that still account for every number")
    func coalesced() {
        var log = GapLog()
        var random = Seeded(seed)
        var (lost, first): (UInt64, UInt64) = (0, 0)
        for _ in 0..<1_000 {
            let count = UInt64.random(in: 1...50, using: &random)
            first += UInt64.random(in: 1...1_000, using: &random)
            let kind: GapRecord.Kind = Bool.random(using: &random) ? .overflow : .evicted
            log.add(
                GapRecord(
                    run: Sketch.run, stream: 1, kind: kind,
                    extent: .numbers(first: first, end: first + count, lost: count), time: 0, cause: "\(kind)"))
            lost += count
            first += count
        }
        #expect(log.records.count <= GapLog.mostPerStream)
        #expect(log.records.reduce(0) { $0 + $1.lost } == lost)
    }
}
