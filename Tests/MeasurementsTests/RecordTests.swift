import Foundation
import Hashing
import Testing

@testable import Measurements

@Suite("Records are read back as written, and only as written")
struct RecordTests {
    static let open = RunOpen(
        gateway: Sketch.gateway, run: Sketch.run, ordinal: 3, previousRun: .none, previousSeal: .zero,
        boot: Sketch.boot, opened: 1_000, hardware: Sketch.gateway, version: "0.1.0")
    static let gap = GapRecord(
        run: Sketch.run, stream: 7, kind: .power,
        extent: .atMost(after: 99, durationNs: 10_000_000_000, samples: 9_800),
        time: 5, cause: "power was cut", who: "")
    static let anchor = ClockAnchor(
        boot: Sketch.boot, time: 5, wall: 1_700_000_000_000_000_000, errorNs: 250_000_000, source: .system)

    @Test("A commit with everything in it")
    func commit() throws {
        var samples = Samples(kind: .integer(scale: -3))
        samples.times = [1, 2, 3]
        samples.integers = [5, -6, 7]
        let commit = Commit(
            run: Sketch.run, number: 0, time: 77, open: Self.open.signed(by: Sketch.sign(as: Sketch.gateway)),
            declarations: [Sketch.declaration], gaps: [Self.gap], anchors: [Self.anchor],
            segments: [Segment(stream: 7, first: 0, samples: samples)])
        let bytes = commit.bytes
        let read = try Commit(bytes)
        #expect(read == commit)
        #expect(read.open?.isSigned(Sketch.verify) == true)
        #expect(try read.segments[0].samples() == samples)
        for index in bytes.indices {
            var torn = bytes
            torn[index] ^= 1
            #expect(throws: Malformed.self) { try Commit(torn) }
            #expect(throws: Malformed.self) { try Commit(Array(bytes[..<index])) }
        }
    }

    @Test("A seal keeps its hash and its signature over the wire")
    func seal() throws {
        let seal = Seal(
            gateway: Sketch.gateway, run: Sketch.run, number: 0, previous: Self.open.hash, root: .zero, blocks: 0,
            time: 9, next: [.init(stream: 7, number: 1_024)], gaps: [Self.gap], declarations: [Sketch.declaration],
            anchors: [Self.anchor])
        let signed = seal.signed(by: Sketch.sign(as: Sketch.gateway))
        let read = try Signed<Seal>(signed.bytes)
        #expect(read == signed)
        #expect(read.record.hash == seal.hash)
        #expect(read.isSigned(Sketch.verify))
    }

    @Test("More records than a seal may carry go into the next ones, none is dropped, and every seal can be read")
    func manyRecords() throws {
        var sealer = Sealer(Self.open)
        let long = String(repeating: "x", count: 160)
        for index in 0..<9_000 {
            let extent = GapRecord.Extent.numbers(first: UInt64(index), end: UInt64(index) + 1, lost: 1)
            sealer.add(
                GapRecord(
                    run: Sketch.run, stream: 1, kind: .overflow, extent: extent, time: 0, cause: long, who: long))
        }
        var gaps = 0
        while let seal = sealer.seal(closed: [:], time: 0)?.seal {
            let signed = seal.signed(by: Sketch.sign(as: Sketch.gateway))
            #expect(try Signed<Seal>(signed.bytes) == signed)
            gaps += seal.gaps.count
        }
        #expect(gaps == 9_000)
        #expect(sealer.number > 3)
    }

    @Test("Every leaf of every small tree is proved, at its place alone", arguments: 1...17)
    func merkle(count: Int) {
        let leaves = (0..<count).map { index in Bytes32 { $0[0] = UInt8(index) } }
        let root = MerkleTree.root(leaves)
        for index in leaves.indices {
            let proof = MerkleTree.proof(of: index, in: leaves)
            for place in leaves.indices {
                let holds = MerkleTree.holds(leaves[index], at: place, of: count, proof: proof, root: root)
                #expect(holds == (place == index))
            }
        }
    }
}

extension RecordTests {
    @Test("Records with a few changed bytes are read as what they are, or named as malformed")
    func mutations() throws {
        var random = Seeded(seed &+ 2)
        let names = ["run.signed", "seal.signed", "receipt.signed", "commit.v1", "ranges"]
        for name in names {
            let golden = Array(try Data(contentsOf: GoldenTests.folder.appendingPathComponent(name)))
            for _ in 0..<400 {
                var bytes = golden
                if name == "commit.v1" { bytes.removeLast(Commit.checksumBytes) }
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                if Int.random(in: 0..<4, using: &random) == 0 {
                    bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
                }
                if let seal = try? Signed<Seal>(bytes) { #expect(seal.bytes == bytes) }
                if let open = try? Signed<RunOpen>(bytes) { #expect(open.bytes == bytes) }
                if let receipt = try? Signed<Receipt>(bytes) { #expect(receipt.bytes == bytes) }
                if let commit = try? Commit(Commit.checked(bytes)) {
                    for segment in commit.segments { _ = try? segment.samples() }
                }
                var reader = ByteReader(bytes)
                _ = try? Ranges.decode(from: &reader)
            }
        }
    }
}
