import Hashing
import Identity
import Measurements

/// Gathers what was closed since the last seal and puts the gateway's name to it.
struct Sealer {
    static let everyMs: Int64 = 60_000

    private let identity: IdentityKey
    private let run: RunID
    private(set) var number: UInt64 = 0
    private(set) var previous: Bytes32
    private var blocks: [BlockHead] = []
    private var gaps: [GapRecord] = []
    private var declarations: [StreamDeclaration] = []
    private var anchors: [ClockAnchor] = []
    /// What the last seal said of each stream.
    private var said: [StreamNumber: SampleNumber] = [:]

    /// `previous` is the hash of the run's opening record, or of its last seal where a run is finished later.
    init(identity: IdentityKey, run: RunID, previous: Bytes32, number: UInt64 = 0) {
        self.identity = identity
        self.run = run
        self.previous = previous
        self.number = number
    }

    mutating func gather(
        blocks: [Block], gaps: [GapRecord], declarations: [StreamDeclaration], anchors: [ClockAnchor]
    ) {
        self.blocks += blocks.map(\.head)
        self.gaps += gaps
        self.declarations += declarations
        self.anchors += anchors
    }

    /// Nil where nothing happened since the last one. `next` is what each stream may state: all before it is in closed
    /// blocks or in gap records.
    mutating func seal(next: [Seal.Next], now: BootTime) -> (seal: Signed<Seal>, blocks: [BlockHead])? {
        let moved = next.filter { said[$0.stream] != $0.number && $0.number > 0 }.sorted { $0.stream < $1.stream }
        guard !blocks.isEmpty || !gaps.isEmpty || !declarations.isEmpty || !anchors.isEmpty || !moved.isEmpty else {
            return nil
        }
        blocks.sort { ($0.key.stream, $0.first) < ($1.key.stream, $1.first) }
        let seal = Seal(
            gateway: identity.id, run: run, number: number, previous: previous,
            root: MerkleTree.root(blocks.map(\.address)), blocks: UInt32(blocks.count), time: now, next: moved,
            gaps: gaps, declarations: declarations, anchors: anchors)
        for pair in moved { said[pair.stream] = pair.number }
        let sealed = blocks
        previous = seal.hash
        number += 1
        (blocks, gaps, declarations, anchors) = ([], [], [], [])
        return (seal: identity.sign(seal), blocks: sealed)
    }
}

extension IdentityKey {
    /// Both rooms put the same words before the body, so that a record's signature verifies everywhere.
    func sign<Record: Signable>(_ record: Record) -> Signed<Record> {
        let bytes = sign(kind: Record.purpose, record.body).bytes
        guard let signature = Measurements.Signature(bytes) else { preconditionFailure("a signature has 64 bytes") }
        return Signed(record: record, signature: signature)
    }
}
