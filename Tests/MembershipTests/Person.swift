import Hashing
import Membership
import Simulator

/// Keys that sign by a hash: who has a key's index has its secret, and liars in these tests use their own alone.
enum Keys {
    static func key(_ index: Int) -> Bytes32 {
        Bytes32 { bytes in
            bytes[0] = UInt8(index & 255)
            bytes[1] = UInt8(index >> 8)
            bytes[31] = 1
        }
    }

    static func sign(_ key: Bytes32) -> ([UInt8]) -> [UInt8] {
        { message in
            let half = BLAKE2b.hash(key.bytes + message, purpose: "test.signature").bytes
            return half + half
        }
    }

    /// Invitations have real keys, since tickets make them.
    @Sendable static func verify(_ key: Bytes32, _ message: [UInt8], _ signature: [UInt8]) -> Bool {
        sign(key)(message) == signature || Ed25519.verify(key, message, signature)
    }

    static let recovery = key(999)
    static let create = CreateRecord(founder: key(0), nonce: key(500), schema: 1, recovery: recovery)
    static let genesis = [Document.settings, .content].map { document in
        ChangeFacts(
            hash: key(600 + Int(document.rawValue)), deps: [], actor: create.genesisActor(of: document),
            startOp: 1,
            operations: 5)
    }

    static func authority() -> Authority {
        Authority(create: create, genesis: genesis, verify: verify)
    }
}

/// An envelope with its change, as they travel together.
struct Letter: Hashable {
    var envelope: Envelope
    var facts: ChangeFacts
    var hash: Bytes32 { envelope.hash }
}

/// A member's node: its replica of the room, and what it writes.
struct Person {
    let key: Bytes32
    var authority = Keys.authority()
    var records: [ControlRecord] = []
    var letters: [Letter] = []
    var directives: [AuthorityDirective] = []
    private var sequence: UInt64 = 0
    private var previous = Bytes32.zero
    private var changes: UInt64 = 0

    init(_ index: Int) { key = Keys.key(index) }

    mutating func hear(_ record: ControlRecord) {
        let out = authority.receive(record)
        if authority.control.contains(record.hash), !records.contains(record) { records.append(record) }
        directives += out
    }

    mutating func hear(_ letter: Letter) {
        directives += authority.receive(letter.envelope, letter.facts)
        if !letters.contains(letter) { letters.append(letter) }
    }

    /// Signs a record on what it knows (or on other heads), and takes it itself.
    @discardableResult
    mutating func say(
        _ kind: ControlRecord.Kind, on heads: [Bytes32]? = nil, as other: Bytes32? = nil,
        sequence: UInt64? = nil
    ) -> ControlRecord {
        let author = other ?? key
        let record = ControlRecord(
            room: authority.control.room, deps: heads ?? authority.control.heads, author: author,
            sequence: sequence ?? authority.control.nextSequence(of: author), kind: kind,
            sign: Keys.sign(author))
        hear(record)
        return record
    }

    /// Writes a change on what counts here (or on other things).
    @discardableResult
    mutating func write(
        _ document: Document = .content, on heads: [Bytes32]? = nil, deps: [Bytes32]? = nil,
        sequence number: UInt64? = nil, for principal: Bytes32? = nil
    ) -> Letter {
        changes += 1
        let deps = deps ?? newest(document)
        let log = Array(key.bytes.prefix(16))
        let lastOps = deps.map { dep in
            Keys.genesis.first { $0.hash == dep }.map { _ in 5 }
                ?? letters.first { $0.facts.hash == dep }.map { $0.facts.startOp + $0.facts.operations - 1 }
                ?? 0
        }
        let facts = ChangeFacts(
            hash: BLAKE2b.hash(
                key.bytes + deps.flatMap(\.bytes) + [UInt8(changes & 255), UInt8(changes >> 8)],
                purpose: "test.change"),
            deps: deps, actor: Actor.of(key, room: authority.control.room, log: log),
            startOp: 1 + (lastOps.max() ?? 0),
            operations: 2)
        let envelope = Envelope(
            room: authority.control.room, document: document, author: key, log: log,
            sequence: number ?? sequence,
            previous: previous, controlHeads: heads ?? authority.control.heads, change: facts.hash,
            onBehalfOf: principal, sign: Keys.sign(key))
        if number == nil {
            sequence += 1
            previous = envelope.hash
        }
        let letter = Letter(envelope: envelope, facts: facts)
        hear(letter)
        return letter
    }

    /// The changes of a document that count here and that nothing builds on yet.
    func newest(_ document: Document) -> [Bytes32] {
        let counted = letters.filter {
            authority.admitted.contains($0.hash) && $0.envelope.document == document
        }
        let built = Set(counted.flatMap(\.facts.deps))
        let heads = counted.map(\.facts.hash).filter { !built.contains($0) }
        return heads.isEmpty
            ? [Keys.genesis[Int(document.rawValue) - 1].hash] : Array(Set(heads)).sorted()
    }

    func refusal(of hash: Bytes32) -> Refusal? {
        for case .refuse(hash, let why) in directives.reversed() { return why }
        return nil
    }

    func counts(_ letter: Letter) -> Bool { authority.admitted.contains(letter.hash) }
}

/// People who know of each other's doings when a test says so.
struct Gathering {
    var people: [Person]

    init(_ count: Int) { people = (0..<count).map { Person($0) } }

    /// `to` hears all that `from` knows, oldest first.
    mutating func tell(_ from: Int, _ to: Int) {
        for record in people[from].records { people[to].hear(record) }
        for letter in people[from].letters { people[to].hear(letter) }
    }

    /// Everybody hears everything.
    mutating func meet() {
        for _ in 0..<2 {
            for from in people.indices { for to in people.indices where from != to { tell(from, to) } }
        }
    }

    mutating func grant(_ index: Int, _ role: Role, by other: Int = 0) {
        people[other].say(.grant(Keys.key(index), role, known: 0, via: nil, isProvisional: false))
        meet()
    }

    func role(_ index: Int, at other: Int = 0) -> Role? {
        people[other].authority.role(of: Keys.key(index))
    }
}
