import Hashing

/// Gathers what a run closes and makes the seals over it. One a run; it is rebuilt from the run's last seal and the
/// blocks after it when a later process finishes the run.
public struct Sealer: Sendable {
    public let key: RunKey
    /// The number of the next seal.
    public private(set) var number: UInt64
    /// The hash that the next seal names as its predecessor.
    public private(set) var previous: Bytes32
    private var blocks: [BlockHead] = []
    private var gaps: [GapRecord] = []
    private var declarations: [StreamDeclaration] = []
    private var anchors: [ClockAnchor] = []
    private var sealed: [StreamNumber: SampleNumber] = [:]

    /// Bytes of records in one seal, so that it can be read by everybody; what is over waits for the next.
    public static let mostRecordBytes = 512 << 10

    public init(_ open: RunOpen) { self.init(open.key, previous: open.hash) }

    /// Goes on after a seal of which only its number and hash are known.
    public init(_ key: RunKey, previous: Bytes32, number: UInt64 = 0) {
        self.key = key
        self.previous = previous
        self.number = number
    }

    /// Goes on after `seals`, the run's seals so far, in order.
    public init(_ open: RunOpen, after seals: [Seal]) {
        self.init(open)
        for seal in seals { follow(seal) }
    }

    private mutating func follow(_ seal: Seal) {
        number = seal.number + 1
        previous = seal.hash
        for next in seal.next { sealed[next.stream] = next.number }
    }

    public mutating func add(_ head: BlockHead) { blocks.append(head) }
    public mutating func add(_ gap: GapRecord) { gaps.append(gap) }
    public mutating func add(_ declaration: StreamDeclaration) { declarations.append(declaration) }
    public mutating func add(_ anchor: ClockAnchor) { anchors.append(anchor) }

    /// Up to which number of `stream` everything is sealed.
    public func sealedNumber(of stream: StreamNumber) -> SampleNumber { sealed[stream] ?? 0 }

    /// The next seal and the blocks under it, in the order of its leaves; nil where nothing happened since the last. `closed` says of every stream up to where it is closed
    /// (`StreamWriter.closedNumber`). Blocks beyond that wait for the next seal.
    public mutating func seal(closed: [StreamNumber: SampleNumber], time: BootTime) -> (
        seal: Seal, blocks: [BlockHead]
    )? {
        let next = closed.filter { $0.value > sealedNumber(of: $0.key) }.sorted { $0.key < $1.key }
            .map { Seal.Next(stream: $0.key, number: $0.value) }
        guard !(next.isEmpty && gaps.isEmpty && declarations.isEmpty && anchors.isEmpty) else { return nil }
        let covered = blocks.filter { $0.end <= closed[$0.key.stream] ?? 0 }.sorted { $0.precedes($1) }
        blocks.removeAll { $0.end <= closed[$0.key.stream] ?? 0 }
        var seal = Seal(
            gateway: key.gateway, run: key.run, number: number, previous: previous,
            root: MerkleTree.root(covered.map(\.address)), blocks: UInt32(covered.count), time: time, next: next,
            gaps: [], declarations: [], anchors: [])
        takeRecords(into: &seal)
        follow(seal)
        return (seal, covered)
    }

    /// Declarations first: what they declare is in this seal's blocks.
    private mutating func takeRecords(into seal: inout Seal) {
        var writer = ByteWriter()
        seal.declarations = declarations.removePrefix(StreamDeclaration.most) {
            $0.encode(into: &writer)
            return writer.count <= Sealer.mostRecordBytes
        }
        seal.gaps = gaps.removePrefix(GapRecord.most) {
            $0.encode(into: &writer)
            return writer.count <= Sealer.mostRecordBytes
        }
        seal.anchors = anchors.removePrefix(ClockAnchor.most) {
            $0.encode(into: &writer)
            return writer.count <= Sealer.mostRecordBytes
        }
    }
}

extension Array {
    /// Takes away the first elements, at most `limit`, as long as there is `hasRoom` for them.
    fileprivate mutating func removePrefix(_ limit: Int, while hasRoom: (Element) -> Bool) -> [Element] {
        let taken = Array(prefix(limit).prefix(while: hasRoom))
        removeFirst(taken.count)
        return taken
    }
}

extension BlockHead {
    /// The order of a seal's leaves.
    func precedes(_ other: BlockHead) -> Bool { (key.stream, first) < (other.key.stream, other.first) }
}
