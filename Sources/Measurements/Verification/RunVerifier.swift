import Hashing

/// Checks one run of one copy: seals and blocks are handed in as they are read, then `finish` tells what is there.
/// Of a block only its head is kept.
public struct RunVerifier {
    public typealias Verify = (Bytes32, [UInt8], Signature) -> Bool

    private let open: RunOpen
    private let verify: Verify
    private var seals: [UInt64: Seal] = [:]
    private var heads: [StreamNumber: [SampleNumber: BlockHead]] = [:]
    private var thinned: Set<BlockHead> = []
    private var gaps: [GapRecord] = []
    /// How the blocks of a stream are packed, with the first number of one of each: the address does not cover the scale.
    private var shapes: [StreamNumber: [Shape: SampleNumber]] = [:]
    private var report: RunReport

    private struct Shape: Hashable {
        var kind: ValueKind
        var width: Int
    }

    public init(_ open: Signed<RunOpen>, verify: @escaping Verify) {
        self.open = open.record
        self.verify = verify
        report = RunReport(run: open.record.key)
        if !open.isSigned(verify) { report.problems.append(.unsignedRun) }
    }

    /// In any order.
    public mutating func add(_ signed: Signed<Seal>) {
        let seal = signed.record
        guard signed.isSigned(verify) else {
            report.problems.append(.unsignedSeal(seal.number))
            return
        }
        guard seal.key == open.key else {
            report.problems.append(.foreignSeal(seal.number))
            return
        }
        if let other = seals[seal.number], other != seal { report.problems.append(.twoSeals(seal.number)) }
        seals[seal.number] = seal
    }

    /// A block as it is stored: its address is computed anew.
    public mutating func add(_ block: Block) {
        guard let samples = try? block.samples(), block.isAddress(of: samples) else {
            report.problems.append(.brokenBlock(stream: block.key.stream, first: block.first))
            return
        }
        let shape = Shape(kind: samples.kind, width: samples.width)
        if shapes[block.key.stream]?[shape] == nil { shapes[block.key.stream, default: [:]][shape] = block.first }
        add(block.head)
    }

    /// A block whose content is known to be what its address says.
    public mutating func add(_ head: BlockHead) {
        guard head.key.runKey == open.key else {
            report.problems.append(.foreignBlock(stream: head.key.stream, first: head.first))
            return
        }
        guard head.count > 0, head.count <= Block.mostSamples, head.first <= .max - SampleNumber(head.count) else {
            report.problems.append(.brokenBlock(stream: head.key.stream, first: head.first))
            return
        }
        if let other = heads[head.key.stream]?[head.first] {
            if other == head {
                report.duplicates += 1
            } else {
                report.problems.append(.fork(stream: head.key.stream, first: head.first))
            }
            return
        }
        heads[head.key.stream, default: [:]][head.first] = head
    }

    /// A block of which only the hash and a summary are kept.
    public mutating func add(thinned head: BlockHead) {
        add(head)
        thinned.insert(head)
    }

    /// What the origin declares lost and no seal holds yet. Sealed gaps need not be handed in.
    public mutating func add(_ gap: GapRecord) { gaps.append(gap) }

    public func finish() -> RunReport {
        var report = report
        let sorted = heads.mapValues { $0.values.sorted { $0.first < $1.first } }
        let gaps = (gaps + seals.values.flatMap(\.gaps)).filter { $0.run == open.run }
        checkChain(&report)
        findOverlaps(sorted, &report)
        checkShapes(&report)
        account(sorted, Dictionary(grouping: gaps, by: \.stream), &report)
        checkRoots(sorted, &report)
        return report
    }

    private func checkChain(_ report: inout RunReport) {
        report.seals = UInt64(seals.count)
        guard let last = seals.keys.max() else { return }
        var previous: Bytes32? = open.hash
        var numbers: [StreamNumber: SampleNumber] = [:]
        // A number in a seal is bounded only by 64 bits: go by the seals that are there.
        var expected: UInt64 = 0
        for number in seals.keys.sorted() {
            guard let seal = seals[number] else { continue }
            if number > expected {
                report.problems.append(.missingSeal(expected))
                previous = nil
            }
            if let previous, seal.previous != previous { report.problems.append(.brokenChain(number)) }
            for next in seal.next {
                if next.number < numbers[next.stream] ?? 0 {
                    report.problems.append(.backwards(seal: number, stream: next.stream))
                }
                numbers[next.stream] = next.number
            }
            previous = seal.hash
            expected = number < last ? number + 1 : number
        }
    }

    private func checkShapes(_ report: inout RunReport) {
        for declaration in seals.values.flatMap(\.declarations) {
            let declared = Shape(kind: declaration.attribute.kind, width: declaration.attribute.width)
            for (shape, first) in shapes[declaration.number] ?? [:] where shape != declared {
                report.problems.append(.brokenBlock(stream: declaration.number, first: first))
            }
        }
    }

    private func findOverlaps(_ heads: [StreamNumber: [BlockHead]], _ report: inout RunReport) {
        for (stream, heads) in heads {
            for index in heads.indices.dropFirst() where heads[index].first < heads[index - 1].end {
                report.problems.append(.fork(stream: stream, first: heads[index].first))
            }
        }
    }

    /// Counts what is missing, lost or in the tail.
    private func account(
        _ heads: [StreamNumber: [BlockHead]], _ gaps: [StreamNumber: [GapRecord]], _ report: inout RunReport
    ) {
        var reached: [StreamNumber: SampleNumber] = [:]
        for number in seals.keys.sorted() {
            for next in seals[number]?.next ?? [] { reached[next.stream] = max(reached[next.stream] ?? 0, next.number) }
        }
        for stream in Set(reached.keys).union(heads.keys).union(gaps.keys) {
            let end = reached[stream] ?? 0
            var absent = Ranges(0..<end)
            for head in heads[stream] ?? [] {
                absent.remove(head.first..<head.end)
                if thinned.contains(head) { report.thinned += UInt64(head.count) }
                if head.first >= end { report.tail += UInt64(head.count) }
            }
            for gap in gaps[stream] ?? [] {
                let inside = absent.intersection(Ranges(gap.numbers))
                if gap.kind == .thinned {
                    // Those whose head is there were counted above.
                    report.thinned.count(inside.count)
                } else {
                    report.knownLost[gap.kind, default: 0].count(gap.lost)
                }
                // A coalesced record speaks of some numbers in its range: of as many as it says.
                if inside.count <= gap.lost { absent.remove(gap.numbers) }
            }
            if !absent.isEmpty { report.missing[stream] = absent }
        }
    }

    private func checkRoots(_ heads: [StreamNumber: [BlockHead]], _ report: inout RunReport) {
        // How many of each stream's blocks are under earlier seals.
        var passed: [StreamNumber: Int] = [:]
        for number in seals.keys.sorted() {
            guard let seal = seals[number] else { continue }
            var covered: [BlockHead] = []
            for next in seal.next {
                let rest = (heads[next.stream] ?? []).dropFirst(passed[next.stream] ?? 0)
                let under = rest.prefix { $0.end <= next.number }
                covered += under
                passed[next.stream, default: 0] += under.count
            }
            let samples = covered.reduce(0) { $0 + UInt64($1.count) } - thinnedCount(covered)
            if covered.count < seal.blocks {
                report.unproved += samples
            } else if MerkleTree.root(covered.map(\.address)) == seal.root {
                report.sealed += samples
            } else {
                report.problems.append(.otherBlocks(seal: number))
            }
        }
    }

    private func thinnedCount(_ heads: [BlockHead]) -> UInt64 {
        heads.reduce(0) { $0 + (thinned.contains($1) ? UInt64($1.count) : 0) }
    }
}
