import Testing

@testable import Measurements

@Suite("What a stream writer is given comes out once, in order")
struct StreamWriterTests {
    func ramp(_ range: Range<Int>) -> Samples {
        var samples = Samples(kind: .integer(scale: 0))
        for index in range {
            samples.times.append(Int64(index) * 7_692_308)
            samples.integers.append(Int64(index % 200))
        }
        return samples
    }

    @Test("Blocks cut the stream at 1,024 samples whatever the commits are")
    func cuts() throws {
        var writer = StreamWriter(key: Sketch.key, boot: Sketch.boot, kind: .integer(scale: 0), width: 1)
        var segments: [Segment] = []
        var blocks: [Block] = []
        for start in stride(from: 0, to: 5_000, by: 50) {
            writer.append(ramp(start..<start + 50))
            segments += writer.takeSegments(now: Int64(start))
            blocks += writer.takeBlocks(now: Int64(start), limits: BlockLimits(packedBytes: 30_000))
        }
        #expect(writer.closedNumber == 4_096)
        blocks += writer.closeAll(limits: BlockLimits(packedBytes: 30_000))
        #expect(writer.closedNumber == 5_000)
        #expect(blocks.map(\.count) == [1_024, 1_024, 1_024, 1_024, 904])
        var fromBlocks = Samples(kind: .integer(scale: 0))
        for block in blocks {
            #expect(try block.holdsItsAddress())
            fromBlocks.append(try block.samples())
        }
        var fromSegments = Samples(kind: .integer(scale: 0))
        for segment in segments { fromSegments.append(try segment.samples()) }
        #expect(fromBlocks == ramp(0..<5_000))
        #expect(fromSegments == ramp(0..<5_000))
    }

    @Test("Refused samples keep their numbers, and no block spans the hole")
    func holes() throws {
        var writer = StreamWriter(key: Sketch.key, boot: Sketch.boot, kind: .integer(scale: 0), width: 1)
        writer.append(ramp(0..<10))
        writer.refuse(5)
        writer.refuse(1)
        writer.append(ramp(16..<20))
        #expect(writer.closedNumber == 0)
        let gaps = writer.takeGaps(now: 1, cause: "quota")
        #expect(gaps.map(\.extent) == [.numbers(first: 10, end: 16, lost: 6)])
        #expect(writer.takeSegments(now: 1).map(\.first) == [0, 16])
        #expect(writer.takeBlocks(now: 1).map(\.head.end) == [10])
        #expect(writer.closedNumber == 16)
        #expect(writer.closeAll().map(\.first) == [16])
    }

    @Test("A writer never holds more than its maximum, and says exactly what it refused")
    func overflow() {
        var writer = StreamWriter(key: Sketch.key, boot: Sketch.boot, kind: .integer(scale: 0), width: 1)
        #expect(writer.append(ramp(0..<StreamWriter.mostPending + 100)) == 100)
        let most = SampleNumber(StreamWriter.mostPending)
        #expect(writer.takeGaps(now: 0, cause: "")[0].numbers == most..<most + 100)
    }
}
