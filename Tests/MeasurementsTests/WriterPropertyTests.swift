import Testing

@testable import Measurements

@Suite("Whatever the order of events, every number is accounted for once")
struct WriterPropertyTests {
    /// A writer under random load, and what came out of it.
    struct Life {
        var writer: StreamWriter
        var given = Samples(kind: .double, width: 2)
        var numbers: [SampleNumber] = []
        var segments: [Segment] = []
        var blocks: [Block] = []
        var gaps: [GapRecord] = []
        var committed = 0

        init() {
            writer = StreamWriter(key: Sketch.key, boot: Sketch.boot, kind: .double, width: 2)
        }

        mutating func step(_ random: inout Seeded, now: BootTime) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                var samples = Samples(kind: .double, width: 2)
                for index in 0..<Int.random(in: 1...400, using: &random) {
                    samples.times.append(now + Int64(index))
                    samples.doubles += [Double(index) / 10, Double.random(in: 0...1, using: &random)]
                }
                let first = writer.nextNumber
                let kept = samples.count - writer.append(samples)
                given.append(samples, 0..<kept)
                numbers += (0..<kept).map { first + SampleNumber($0) }
            case 5: writer.refuse(Int.random(in: 1...5, using: &random))
            case 6: gaps += writer.takeGaps(now: now, cause: "test")
            case 7, 8:
                segments += writer.takeSegments(now: now)
                committed = numbers.count
            default: blocks += writer.takeBlocks(now: now)
            }
        }

        mutating func end() {
            segments += writer.takeSegments(now: 0)
            gaps += writer.takeGaps(now: 0, cause: "test")
            blocks += writer.closeAll()
        }
    }

    @Test("Segments and blocks hold all that was kept, gaps all that was not; nothing is in two places")
    func accounted() throws {
        var random = Seeded(seed &+ 4)
        for round in 0..<12 {
            var life = Life()
            for step in 0..<150 { life.step(&random, now: Int64(step) * 20_000_000_000) }
            life.end()
            var (fromSegments, fromBlocks) = (Samples(kind: .double, width: 2), Samples(kind: .double, width: 2))
            for segment in life.segments { fromSegments.append(try segment.samples()) }
            for block in life.blocks { fromBlocks.append(try block.samples()) }
            #expect(fromSegments == life.given, "round \(round) of seed \(seed)")
            #expect(fromBlocks == life.given, "round \(round) of seed \(seed)")
            let held = life.blocks.flatMap { $0.first..<$0.end }
            #expect(held == life.numbers)
            var all = Ranges()
            for block in life.blocks { all.insert(block.first..<block.end) }
            for gap in life.gaps { all.insert(gap.numbers) }
            #expect(all == Ranges(0..<life.writer.nextNumber))
            let lost = life.gaps.reduce(0) { $0 + $1.lost }
            #expect(UInt64(held.count) + lost == life.writer.nextNumber)
            #expect(life.writer.closedNumber == life.writer.nextNumber)
            #expect(life.blocks.allSatisfy { $0.packed.count <= Block.mostPackedBytes })
        }
    }

    @Test("A run that another process finishes has the same samples, each once, though commits are replayed twice")
    func replayed() throws {
        var random = Seeded(seed &+ 5)
        for _ in 0..<8 {
            var life = Life()
            for step in 0..<80 { life.step(&random, now: Int64(step)) }
            // Killed: what was not committed is gone here, what was closed is known to the store.
            let closed = life.blocks.last?.end ?? 0
            var heir = StreamWriter(key: Sketch.key, boot: Sketch.boot, kind: .double, width: 2, nextNumber: closed)
            for segment in life.segments + life.segments { try heir.replay(segment, now: 0) }
            let blocks = life.blocks + heir.closeAll()
            #expect(blocks.flatMap { $0.first..<$0.end } == Array(life.numbers[..<life.committed]))
            var samples = Samples(kind: .double, width: 2)
            for block in blocks { samples.append(try block.samples()) }
            #expect(samples == life.given[0..<life.committed], "seed \(seed)")
        }
    }
}

@Suite("Hundreds of slow streams weigh little")
struct WriterWeightTests {
    @Test("A stream that gives a sample every ten seconds keeps less than three bytes of each that waits for its block")
    func idle() {
        var writer = StreamWriter(key: Sketch.key, boot: Sketch.boot, kind: .integer(scale: -2), width: 1)
        var most = 0
        for index in 0..<359 {
            var samples = Samples(kind: .integer(scale: -2))
            samples.times = [Int64(index) * 10_000_000_000]
            samples.integers = [Int64(2_100 + index / 7)]
            writer.append(samples)
            _ = writer.takeSegments(now: Int64(index) * 10_000_000_000)
            #expect(writer.takeBlocks(now: Int64(index) * 10_000_000_000).isEmpty)
            most = max(most, writer.heldBytes)
        }
        // 64 samples may wait as they are, 16 bytes each.
        #expect(most <= 64 * 16 + 359 * 3)
        #expect(writer.takeBlocks(now: 3_601 * 1_000_000_000).count == 1)
    }
}
