import Hashing
import Measurements

/// Why an entry or an attachment is not what it should be. It is the fault of whoever sent it: honest peers check.
public enum Forgery: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(Malformed)
    case foreign(String)
    case signature(String)
    case chain(UInt64)
    case index(UInt64)
    case address(Leaf)

    public var description: String {
        switch self {
        case .malformed(let malformed): malformed.description
        case .foreign(let what): "\(what) belongs to another log"
        case .signature(let what): "\(what) is not signed by its author"
        case .chain(let position): "entry \(position) does not follow the entry before"
        case .index(let position): "the index of entry \(position) does not match its root"
        case .address(let leaf): "a block of stream \(leaf.stream) from \(leaf.first) is not what was signed"
        }
    }
}

/// What an entry says, once its signature holds.
public struct EntryFacts: Hashable, Sendable {
    public enum Attachments: Hashable, Sendable {
        /// So many leaves under a Merkle root; none where the count is 0.
        case tree(count: Int, root: Bytes32)
        /// One thing, whose address the entry itself holds.
        case one(Leaf)
    }

    /// Numbers of a stream, perhaps of another log of the same author, that their author lost.
    public struct Loss: Hashable, Sendable {
        public var log: RunID
        public var stream: StreamNumber
        public var numbers: Range<SampleNumber>
    }

    public var hash: Bytes32
    /// The hash of the entry before; not looked at for entry 0.
    public var previous: Bytes32
    public var attachments: Attachments
    public var losses: [Loss]

    public init(hash: Bytes32, previous: Bytes32, attachments: Attachments, losses: [Loss] = []) {
        self.hash = hash
        self.previous = previous
        self.attachments = attachments
        self.losses = losses
    }

    public var count: Int {
        switch attachments {
        case .tree(let count, _): count
        case .one: 1
        }
    }
}

/// Knows how entries and attachments of a kind of log are written. Replication itself knows only chains and addresses.
public protocol LogReading: Sendable {
    /// Reads an entry and checks whose it is and that it stands at `position`. `isNew` entries come from outside: their
    /// signature is checked too.
    func read(_ entry: [UInt8], of key: LogKey, at position: UInt64, isNew: Bool) throws(Forgery) -> EntryFacts
    /// The address of what is attached at a leaf.
    func address(of attachment: [UInt8], at leaf: Leaf, in key: LogKey) throws(Forgery) -> Bytes32
}

/// Runs: entry 0 is a signed `RunOpen`, entry n + 1 the signed seal n. An attachment is a block: its boot (16 bytes), then
/// its packed samples.
public struct RunReading: LogReading {
    private let verify: @Sendable (Bytes32, [UInt8], Signature) -> Bool

    public init(verify: @escaping @Sendable (_ key: Bytes32, _ message: [UInt8], _ signature: Signature) -> Bool) {
        self.verify = verify
    }

    public func read(
        _ entry: [UInt8], of key: LogKey, at position: UInt64, isNew: Bool
    ) throws(Forgery) -> EntryFacts {
        guard key.kind == .run else { throw .foreign("an entry of a run") }
        guard position > 0 else {
            let open: Signed<RunOpen> = try decode(entry)
            guard open.record.key == key.run else { throw .foreign("the opening of a run") }
            guard !isNew || open.isSigned(verify) else { throw .signature("the opening of a run") }
            return EntryFacts(
                hash: open.record.hash, previous: .zero, attachments: .tree(count: 0, root: .zero))
        }
        let seal: Signed<Seal> = try decode(entry)
        guard seal.record.key == key.run, seal.record.number == position - 1 else { throw .foreign("a seal") }
        guard !isNew || seal.isSigned(verify) else { throw .signature("a seal") }
        return EntryFacts(
            hash: seal.record.hash, previous: seal.record.previous,
            attachments: .tree(count: Int(seal.record.blocks), root: seal.record.root),
            losses: seal.record.gaps.compactMap(loss))
    }

    public func address(of attachment: [UInt8], at leaf: Leaf, in key: LogKey) throws(Forgery) -> Bytes32 {
        guard let boot = BootID(attachment.prefix(BootID.count)) else {
            throw .malformed(Malformed("block", .truncated, at: 0))
        }
        do throws(Malformed) {
            let block = try Block(
                received: Array(attachment.dropFirst(BootID.count)), key: StreamKey(key.run, stream: leaf.stream),
                first: leaf.first, boot: boot)
            guard block.count == Int(leaf.count) else { throw Malformed("block's count", .inconsistent, at: 0) }
            return block.address
        } catch {
            throw .malformed(error)
        }
    }

    public static func attachment(_ block: Block) -> [UInt8] { block.boot.bytes + block.packed }

    private func decode<Record: Signable>(_ bytes: [UInt8]) throws(Forgery) -> Signed<Record> {
        do { return try Signed<Record>(bytes) } catch { throw .malformed(error) }
    }

    /// Coalesced records say only that some of their numbers are lost: those are asked for all the same.
    private func loss(_ gap: GapRecord) -> EntryFacts.Loss? {
        guard case .numbers(let first, let end, let lost) = gap.extent, lost == end - first else { return nil }
        return EntryFacts.Loss(log: gap.run, stream: gap.stream, numbers: first..<end)
    }
}
