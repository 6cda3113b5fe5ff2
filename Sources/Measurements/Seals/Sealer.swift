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

    public init(_ open: RunOpen) {
        key = open.key
        number = 0
        previous = open.hash
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

    /// The next seal; nil where nothing happened since the last. `closed` says of every stream up to where it is closed
    /// (`StreamWriter.closedNumber`). Blocks beyond that wait for the next seal.
    public mutating func seal(closed: [StreamNumber: SampleNumber], time: BootTime) -> Seal? {
        let next = closed.filter { $0.value > sealedNumber(of: $0.key) }.sorted { $0.key < $1.key }
            .map { Seal.Next(stream: $0.key, number: $0.value) }
        guard !(next.isEmpty && gaps.isEmpty && declarations.isEmpty && anchors.isEmpty) else { return nil }
        let covered = blocks.filter { $0.end <= closed[$0.key.stream] ?? 0 }.sorted { $0.precedes($1) }
        blocks.removeAll { $0.end <= closed[$0.key.stream] ?? 0 }
        let seal = Seal(
            gateway: key.gateway, run: key.run, number: number, previous: previous,
            root: MerkleTree.root(covered.map(\.address)), blocks: UInt32(covered.count), time: time, next: next,
            gaps: Array(gaps.prefix(GapRecord.most)),
            declarations: Array(declarations.prefix(StreamDeclaration.most)),
            anchors: Array(anchors.prefix(ClockAnchor.most)))
        gaps.removeFirst(seal.gaps.count)
        declarations.removeFirst(seal.declarations.count)
        anchors.removeFirst(seal.anchors.count)
        follow(seal)
        return seal
    }
}

extension BlockHead {
    /// The order of a seal's leaves.
    func precedes(_ other: BlockHead) -> Bool { (key.stream, first) < (other.key.stream, other.first) }
}
