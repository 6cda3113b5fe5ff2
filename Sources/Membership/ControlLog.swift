import Hashing

/// The control records of a room and what each knew of. It holds whatever somebody who was ever let in has signed;
/// what of it counts is the fold's to say, and may change as more becomes known.
public struct ControlLog: Sendable {
    struct Node: Sendable {
        var record: ControlRecord
        var hash: Bytes32
        /// All records that it knew of, directly or not.
        var past: BitSet
        /// The longest way to the room's beginning.
        var depth: Int
    }

    public enum Outcome: Hashable, Sendable {
        /// Taken, with what waited for it.
        case taken([Bytes32])
        case known
        /// It knows of records that are not here.
        case held(missing: [Bytes32])
        case refused(Refusal)
    }

    public let create: CreateRecord
    public let room: RoomID
    let verify: Verify
    private(set) var nodes: [Node] = []
    private(set) var index: [Bytes32: Int] = [:]
    private(set) var bySubject: [Bytes32: [Int]] = [:]
    private(set) var byAuthor: [Bytes32: [Int]] = [:]
    /// Records that take something from somebody else.
    private(set) var removals: [Int] = []
    /// Records about the room rather than about a key.
    private(set) var ofRoom: [Int] = []
    private var held = HeldRecords()
    public private(set) var heads: [Bytes32] = []

    public static let most = 4_096
    /// Of one author other than owners: nobody fills a room alone.
    public static let mostAnAuthor = 1_024

    public init(create: CreateRecord, verify: @escaping Verify = Ed25519.verify) {
        self.create = create
        room = create.room
        self.verify = verify
    }

    public var count: Int { nodes.count }
    public var records: [ControlRecord] { nodes.map(\.record) }
    public var heldBytes: Int { held.bytes }

    public func contains(_ hash: Bytes32) -> Bool { index[hash] != nil }

    public func nextSequence(of author: Bytes32) -> UInt64 {
        (byAuthor[author] ?? []).map { nodes[$0].record.sequence + 1 }.max() ?? 0
    }

    public mutating func add(_ record: ControlRecord) -> Outcome {
        let hash = record.hash
        if index[hash] != nil { return .known }
        if let refusal = checkAlone(record) { return .refused(refusal) }
        let missing = record.deps.filter { index[$0] == nil }
        guard missing.isEmpty else {
            guard held.insert(record, hash: hash) else { return .refused(.authorFull) }
            return .held(missing: missing)
        }
        if let refusal = checkPlace(record) { return .refused(refusal) }
        insert(record, hash)
        var taken = [hash]
        // Whatever waited for one of these may go in now, and more after it.
        while let next = held.takeReady({ index[$0] != nil }) {
            guard index[next.hash] == nil, checkPlace(next.record) == nil else { continue }
            insert(next.record, next.hash)
            taken.append(next.hash)
        }
        return .taken(taken)
    }

    private func checkAlone(_ record: ControlRecord) -> Refusal? {
        guard record.room == room else { return .otherRoom }
        guard verify(record.author, record.message, record.signature) else { return .signature }
        if case .grant(let key, _, _, let proof?, _) = record.kind,
            !proof.holds(room: room, key: key, verify)
        {
            return .joinProof
        }
        return nil
    }

    private func checkPlace(_ record: ControlRecord) -> Refusal? {
        guard nodes.count < ControlLog.most else { return .roomFull }
        let own = byAuthor[record.author] ?? []
        guard own.count < ControlLog.mostAnAuthor || record.author == create.founder else {
            return .authorFull
        }
        let past = past(of: record.deps)
        let before = own.filter { past.contains($0) }
        guard
            before.contains(where: { nodes[$0].record.sequence + 1 == record.sequence })
                || record.sequence == 0,
            !before.contains(where: { nodes[$0].record.sequence >= record.sequence })
        else { return .sequence }
        guard wasEverGranted(record.author, in: past) else { return .neverGranted }
        return nil
    }

    private mutating func insert(_ record: ControlRecord, _ hash: Bytes32) {
        let number = nodes.count
        let known = record.deps.compactMap { index[$0] }
        nodes.append(
            Node(
                record: record, hash: hash, past: past(of: record.deps),
                depth: 1 + (known.map { nodes[$0].depth }.max() ?? 0)))
        index[hash] = number
        byAuthor[record.author, default: []].append(number)
        if record.subject == nil { ofRoom.append(number) }
        if let subject = record.subject {
            bySubject[subject, default: []].append(number)
            switch record.kind {
            case .revoke, .role: if subject != record.author { removals.append(number) }
            default: break
            }
        }
        heads.removeAll { record.deps.contains($0) }
        heads.append(hash)
        heads.sort()
    }

    // MARK: What knew of what

    /// All that is known at some records, themselves included; nil where one of them is not here.
    func closure(of heads: [Bytes32]) -> BitSet? {
        guard heads.allSatisfy({ index[$0] != nil }) else { return nil }
        return past(of: heads)
    }

    private func past(of deps: [Bytes32]) -> BitSet {
        var past = BitSet()
        for dep in deps {
            guard let number = index[dep] else { continue }
            past.formUnion(nodes[number].past)
            past.insert(number)
        }
        return past
    }

    var everything: BitSet { past(of: heads) }

    func areConcurrent(_ a: Int, _ b: Int) -> Bool {
        a != b && !nodes[a].past.contains(b) && !nodes[b].past.contains(a)
    }

    /// Whether some record names this key as let in, whatever became of it.
    func wasEverGranted(_ key: Bytes32, in known: BitSet) -> Bool {
        if key == create.founder || key == create.recovery { return true }
        return (bySubject[key] ?? []).contains { number in
            guard known.contains(number), case .grant = nodes[number].record.kind else { return false }
            return true
        }
    }
}

/// Records that wait for what they knew of. A flood of them costs its author, then itself.
struct HeldRecords: Sendable {
    private var records: [(hash: Bytes32, record: ControlRecord, bytes: Int)] = []
    private var byAuthor: [Bytes32: Int] = [:]

    static let mostBytesAnAuthor = 1 << 20
    static let mostBytes = 8 << 20

    var bytes: Int { byAuthor.values.reduce(0, +) }

    /// False where there is no room for it.
    mutating func insert(_ record: ControlRecord, hash: Bytes32) -> Bool {
        if records.contains(where: { $0.hash == hash }) { return true }
        let size = record.bytes.count + 64
        guard byAuthor[record.author, default: 0] + size <= HeldRecords.mostBytesAnAuthor,
            bytes + size <= HeldRecords.mostBytes
        else { return false }
        records.append((hash, record, size))
        byAuthor[record.author, default: 0] += size
        return true
    }

    mutating func takeReady(_ isHere: (Bytes32) -> Bool) -> (hash: Bytes32, record: ControlRecord)? {
        guard let place = records.firstIndex(where: { $0.record.deps.allSatisfy(isHere) }) else {
            return nil
        }
        let entry = records.remove(at: place)
        byAuthor[entry.record.author, default: 0] -= entry.bytes
        if byAuthor[entry.record.author] == 0 { byAuthor[entry.record.author] = nil }
        return (entry.hash, entry.record)
    }
}
