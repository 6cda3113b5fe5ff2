import Measurements
import Store
import Testing

@Suite struct PendingBufferTests {
    private let run = RunID(high: 1, low: 2)

    private func batch(_ stream: StreamNumber, _ first: SampleNumber, _ body: [UInt8]) -> PendingBuffer.Batch {
        PendingBuffer.Batch(run: run, stream: stream, first: first, count: UInt32(body.count), body: body)
    }

    @Test func whatWasNotReleasedIsHandedOver() throws {
        let folder = try TemporaryFolder()
        do {
            let (buffer, left) = try PendingBuffer.open(at: folder.file("pending"))
            #expect(left.isEmpty)
            buffer.begin(run)
            #expect(buffer.append(stream: 1, first: 0, count: 3, [1, 2, 3]))
            buffer.turn()
            #expect(buffer.append(stream: 1, first: 3, count: 1, [4]))
            buffer.release()
            #expect(buffer.append(stream: 2, first: 9, count: 0, []))
            buffer.turn()
            #expect(buffer.append(stream: 1, first: 4, count: 2, [5, 6]))
        }
        // Opened twice, as by a process that is killed while replaying: the same both times.
        for _ in 0..<2 {
            let (_, left) = try PendingBuffer.open(at: folder.file("pending"))
            #expect(left == [batch(1, 3, [4]), batch(2, 9, []), batch(1, 4, [5, 6])])
        }
        let (buffer, _) = try PendingBuffer.open(at: folder.file("pending"))
        buffer.begin(run)
        #expect(try PendingBuffer.open(at: folder.file("pending")).left.isEmpty)
    }

    @Test func aFullHalfRefusesAndKeepsWhatItHas() throws {
        let folder = try TemporaryFolder()
        let (buffer, _) = try PendingBuffer.open(at: folder.file("pending"), bytes: 16_384)
        buffer.begin(run)
        var kept = 0
        while buffer.append(stream: 0, first: SampleNumber(kept), count: 1, [UInt8](repeating: 7, count: 100)) {
            kept += 1
        }
        #expect(kept == buffer.halfBytes / 128)
        buffer.turn()
        #expect(buffer.append(stream: 0, first: 0, count: 1, [1]))
        let left = try PendingBuffer.open(at: folder.file("pending"), bytes: 16_384).left
        #expect(left.count == kept + 1 && left[kept].body == [1])
    }

    /// Bytes that are not ours, or not whole, are not handed over as samples.
    @Test func strangeFilesAreEmpty() throws {
        let folder = try TemporaryFolder()
        do {
            let (buffer, _) = try PendingBuffer.open(at: folder.file("pending"), bytes: 16_384)
            buffer.begin(run)
            for first in 0..<5 { _ = buffer.append(stream: 0, first: SampleNumber(first), count: 1, [1, 2, 3]) }
        }
        var random = Seeded()
        for _ in 0..<200 {
            var bytes = try Bytes.read(folder.file("pending"))
            for _ in 0..<4 {
                let at = Int.random(in: 0..<4_400, using: &random)
                bytes[at] = UInt8.random(in: 0...255, using: &random)
            }
            try Bytes.write(bytes, folder.file("other"))
            let left = try PendingBuffer.open(at: folder.file("other"), bytes: 16_384).left
            #expect(left.allSatisfy { $0.body == [1, 2, 3] || $0.body.isEmpty }, "seed \(random.seed)")
        }
    }
}
