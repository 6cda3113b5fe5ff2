import Measurements
import Store
import Testing

@Suite struct RingTests {
    /// What was committed is read back, from the tail and from packs, before and after opening again.
    @Test func whatWasWrittenIsRead() throws {
        let folder = try TemporaryFolder()
        let recorder = Recorder()
        let kinds: [(ValueKind, Int)] = [
            (.integer(scale: -2), 1), (.double, 1), (.boolean, 1), (.text, 1), (.double, 3),
        ]
        for (kind, width) in kinds { recorder.addStream(kind, components: width > 1 ? ["x", "y", "z"] : []) }
        let total: SampleNumber = 6_000
        func check(_ ring: Ring, _ end: SampleNumber) throws {
            let reader = try ring.readers.makeReader()
            for (stream, (kind, width)) in kinds.enumerated() {
                let found = try reader.all(recorder.key(stream))
                #expect(found.missing.isEmpty && found.pieces.count == 1)
                #expect(found.pieces.first?.samples == Wave.samples(0..<end, kind: kind, width: width))
                #expect(try reader.held(recorder.key(stream)) == Ranges(0..<end))
            }
        }
        do {
            let ring = try Ring.open(at: folder.file("ring.db"))
            #expect(ring.opened.condition == .fresh)
            for start in stride(from: 0, to: total, by: 100) {
                for (stream, (kind, width)) in kinds.enumerated() {
                    recorder.append(Wave.samples(start..<start + 100, kind: kind, width: width), to: stream)
                }
                try recorder.commit(to: ring, at: Int64(start + 100) * 10_000_000)
                if start == 2_000 { try check(ring, 2_100) }
            }
            try check(ring, total)
        }
        let ring = try Ring.open(at: folder.file("ring.db"))
        #expect(ring.opened.condition == .existing && ring.opened.damage.isEmpty)
        try check(ring, total)
        #expect(try ring.committedNext(of: recorder.key(0)) == total)
    }
}
