import Foundation
import Measurements
import Testing

@testable import Store

/// What a process leaves that ends without a word. Copying the files of an open ring gives exactly that.
@Suite struct CrashTests {
    /// Random writes; at random moments the files are opened as after a crash: everything is there once, blocks that
    /// were closed are the same to the bit, and the next run goes on.
    @Test func aCrashAtAnyCommitLosesNothing() throws {
        var random = Seeded()
        let folder = try TemporaryFolder()
        let limits = RingLimits(bytes: 16 << 20, floorBytes: 0, packAgeSeconds: 40)
        let recorder = Recorder()
        recorder.limits = BlockLimits(samples: 300, packedBytes: 700, ageNs: 20_000_000_000)
        let kinds: [(ValueKind, Int)] = [
            (.integer(scale: -1), 1), (.double, 1), (.text, 1), (.integer(scale: 0), 3), (.boolean, 1),
        ]
        for (kind, width) in kinds { recorder.addStream(kind, components: width > 1 ? ["x", "y", "z"] : []) }
        let ring = try Ring.open(at: folder.file("ring.db"), limits: limits)
        var ends = [SampleNumber](repeating: 0, count: kinds.count)
        for round in 0..<160 {
            for (stream, (kind, width)) in kinds.enumerated() where Bool.random(using: &random) {
                let count = SampleNumber(Int.random(in: 1...(stream == 0 ? 400 : 60), using: &random))
                let numbers = ends[stream]..<ends[stream] + count
                recorder.append(Wave.samples(numbers, kind: kind, width: width), to: stream)
                ends[stream] += count
            }
            let time = Int64(round) * 3_000_000_000
            let heads = try recorder.commit(
                to: ring, at: time, closing: round % 50 == 49, sealing: round % 7 == 0)
            #expect(heads.losses.isEmpty)
            if round % 20 == 13 || round == 159 {
                try expectWhole(folder, limits, recorder, ends, "round \(round), seed \(random.seed)")
            }
        }
    }

    private func expectWhole(
        _ folder: TemporaryFolder, _ limits: RingLimits, _ recorder: Recorder, _ ends: [SampleNumber], _ what: String
    ) throws {
        let copy = try TemporaryFolder()
        for name in ["ring.db", "ring.db-wal"] {
            try FileManager.default.copyItem(atPath: folder.file(name), toPath: copy.file(name))
        }
        let ring = try Ring.open(at: copy.file("ring.db"), limits: limits)
        #expect(ring.opened.condition == .existing && ring.opened.damage.isEmpty, "\(ring.opened) \(what)")
        let reader = try ring.readers.makeReader()
        var unfinished: [StreamKey: RingOpened.Unfinished] = [:]
        for one in ring.opened.unfinished { unfinished[one.key] = one }
        for stream in recorder.writers.indices {
            let key = recorder.key(stream)
            let writer = recorder.writers[stream]
            let found = try reader.all(key)
            #expect(found.missing.isEmpty && found.pieces.count <= 1, "\(what)")
            #expect(
                found.pieces.first?.samples ?? Samples(kind: writer.kind, width: writer.width)
                    == Wave.samples(0..<ends[stream], kind: writer.kind, width: writer.width), "\(what)")
            #expect(try ring.committedNext(of: key) == ends[stream], "\(what)")
            try expectSameBlocks(reader, key, recorder.heads(of: stream), "\(what)")
            // What is in no block is handed over, and makes up the rest exactly.
            let closed = recorder.heads(of: stream).last?.end ?? 0
            #expect((unfinished[key] != nil) == (closed < ends[stream]), "\(what)")
            if let rest = unfinished[key] {
                #expect(rest.from == closed && rest.declaration == recorder.declarations[stream], "\(what)")
                var again = StreamWriter(
                    key: key, boot: rest.boot, attribute: recorder.declarations[stream].attribute,
                    nextNumber: rest.from)
                for segment in rest.segments { try again.replay(segment, now: 0) }
                let blocks = again.closeAll()
                try ring.write(RingWrite(gateway: key.gateway, blocks: blocks), now: 0)
                #expect(blocks.first?.first == closed && blocks.last?.end == ends[stream], "\(what)")
            }
        }
        try ring.flush(now: 0)
        #expect(ring.state.tail.pagesKept == 1, "nothing is left to wait for: \(what)")
        for stream in recorder.writers.indices {
            #expect(try reader.held(recorder.key(stream)) == Ranges(0..<ends[stream]), "\(what)")
        }
    }

    private func expectSameBlocks(
        _ reader: RingReader, _ key: StreamKey, _ expected: [BlockHead], _ what: String
    ) throws {
        var found: [BlockHead] = []
        try reader.blocks(of: key) { head, block throws(StoreError) in
            found.append(head)
            #expect(block?.head == head, "\(what)")
            return true
        }
        #expect(found == expected, "\(what)")
        #expect(try reader.heads(of: key) == expected, "\(what)")
    }
}
