import Foundation
import Hashing
import Testing

@testable import Measurements

/// Files of format version 1 as they were written when it was frozen. They must be read for ever; that they are also
/// written bit for bit says that nobody changed the format by accident. `BOTHY_GOLDEN=write` writes those that do not exist.
@Suite("What version 1 wrote is read, and written the same")
struct GoldenTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

    /// The file's bytes, which must equal `bytes`.
    func golden(_ name: String, _ bytes: [UInt8]) throws -> [UInt8] {
        let file = Self.folder.appendingPathComponent(name)
        let mayWrite = ProcessInfo.processInfo.environment["BOTHY_GOLDEN"] == "write"
        if mayWrite, !FileManager.default.fileExists(atPath: file.path) { try Data(bytes).write(to: file) }
        let held = Array(try Data(contentsOf: file))
        #expect(held == bytes, "\(name) is not written as it was")
        return held
    }

    static let samples: [(name: String, samples: Samples)] = {
        var ecg = Samples(kind: .integer(scale: -3))
        for index in 0..<400 {
            let phase = Int64(index % 97)
            ecg.times.append(86_400_000_000_000 + Int64(index) * 7_692_308)
            ecg.integers.append(5 * (phase < 9 ? phase * (9 - phase) * 30 : phase * 3 % 17))
        }
        var motion = Samples(kind: .double, width: 3)
        for index in 0..<50 {
            motion.times.append(1_000_000_007 + Int64((Double(index) * 1e9 / 51.3).rounded()))
            motion.doubles += [Double(index % 7) / 100, -0.0, Double(index * index) * 10 / 32_768]
        }
        var odd = Samples(kind: .double)
        for (index, value) in SampleShapes.oddDoubles.enumerated() {
            odd.times.append(Int64(index * index * 1_000_003) - 5)
            odd.doubles.append(value)
        }
        var door = Samples(kind: .boolean)
        for index in 0..<60 {
            door.times.append(Int64(index / 20) &* -3_000_000_000)
            door.booleans.append(index % 13 < 4)
        }
        var state = Samples(kind: .text)
        for index in 0..<30 {
            state.times.append(Int64(index) * 1_000_000_000)
            state.texts.append(["idle", "läuft", "e\u{301}", "é", ""][index * index % 5])
        }
        var counter = Samples(kind: .integer(scale: 0))
        for index in 0..<80 {
            counter.times.append(Int64(index) * 10_000_000_000 + Int64(index * 7_919 % 1_000) * 1_000)
            counter.integers.append(index == 40 ? .min : index == 41 ? .max : Int64(index / 9))
        }
        return [
            ("ecg", ecg), ("motion", motion), ("odd", odd), ("door", door), ("state", state), ("counter", counter),
            ("empty", Samples(kind: .text, width: 2)),
        ]
    }()

    @Test("Packed samples, and the addresses of their blocks")
    func packings() throws {
        for (name, samples) in Self.samples {
            let packed = try golden("\(name).packed", Packing.pack(samples))
            #expect(try Packing.unpack(packed) == samples)
            guard !samples.isEmpty else { continue }
            let block = Block(key: Sketch.key, first: 1_024, boot: Sketch.boot, samples: samples)
            #expect(try golden("\(name).address", block.address.bytes) == block.address.bytes)
        }
    }

    @Test("A commit, a seal, a run's opening, a receipt")
    func records() throws {
        let open = RecordTests.open.signed(by: Sketch.sign(as: Sketch.gateway))
        #expect(try Signed<RunOpen>(golden("run.signed", open.bytes)) == open)
        var first: SampleNumber = 0
        var segments: [Segment] = []
        for (index, entry) in Self.samples.dropLast().enumerated() {
            segments.append(Segment(stream: StreamNumber(index), first: first, samples: entry.samples))
            first += 1_000
        }
        let gaps = GapRecord.Kind.allCases.enumerated().map { index, kind in
            GapRecord(
                run: Sketch.run, stream: StreamNumber(index), kind: kind,
                extent: index % 2 == 0
                    ? .numbers(first: UInt64(index), end: UInt64(index) + 500, lost: 400)
                    : .atMost(after: 77, durationNs: 10_000_000_000, samples: 9_800),
                time: Int64(index), cause: "a cause", who: index == 4 ? "ada" : "")
        }
        let anchors = ClockAnchor.Source.allCases.map { source in
            ClockAnchor(
                boot: Sketch.boot, time: 5, wall: 1_790_000_000_000_000_000, errorNs: 250_000_000, source: source,
                witness: "w")
        }
        let commit = Commit(
            run: Sketch.run, number: 300, time: -7, open: open, declarations: [Sketch.declaration], gaps: gaps,
            anchors: anchors, segments: segments)
        #expect(try Commit(golden("commit.v1", commit.bytes)) == commit)
        let seal = Seal(
            gateway: Sketch.gateway, run: Sketch.run, number: 0, previous: RecordTests.open.hash,
            root: MerkleTree.root((0..<5).map { index in Bytes32 { $0[0] = UInt8(index) } }), blocks: 5, time: 9,
            next: [.init(stream: 7, number: 1_024), .init(stream: 300, number: 70_000)], gaps: gaps,
            declarations: [Sketch.declaration], anchors: anchors)
        let signed = seal.signed(by: Sketch.sign(as: Sketch.gateway))
        #expect(try Signed<Seal>(golden("seal.signed", signed.bytes)) == signed)
        #expect(try golden("seal.hash", seal.hash.bytes) == seal.hash.bytes)
        let receipt = Receipt(
            hub: Sketch.gateway, epoch: StoreEpoch(high: 1, low: 2), gateway: Sketch.gateway, run: Sketch.run, seal: 3,
            root: seal.root, time: 1_790_000_000_000_000_000
        ).signed(by: Sketch.sign(as: Sketch.gateway))
        #expect(try Signed<Receipt>(golden("receipt.signed", receipt.bytes)) == receipt)
    }

    @Test("Sets of numbers and digests of ranges")
    func sets() throws {
        var ranges = Ranges(0..<1_024)
        ranges.insert(5_000..<1 << 40)
        ranges.insert(.max - 3 ..< .max)
        var writer = ByteWriter()
        ranges.encode(into: &writer)
        var reader = ByteReader(try golden("ranges", writer.bytes))
        #expect(try Ranges.decode(from: &reader) == ranges)
        let heads = (0..<3).map { BlockHead(key: Sketch.key, first: $0 * 10, count: 10, address: Sketch.gateway) }
        writer = ByteWriter()
        RangeDigest(heads).encode(into: &writer)
        #expect(try golden("digest", writer.bytes) == writer.bytes)
    }
}
