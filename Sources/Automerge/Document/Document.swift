import Hashing

/// An Automerge document: maps, lists and texts that several may edit at once and that merge by themselves.
///
/// It is a value: a copy is another replica, cheap until one of the two is edited. Nothing here reads a clock or draws a
/// random number; whoever edits passes actor, time and message.
public struct Document: Sendable {
    var store = Store()
    var queue = ChangeQueue()

    /// Who edits. A fork must get an actor of its own.
    public var actor: ActorID

    /// An empty document.
    public init(actor: ActorID, limits: Limits = Limits()) {
        self.actor = actor
        store.limits = limits
    }

    public var limits: Limits { store.limits }

    // MARK: History

    /// The changes on which no other depends, in the order of their hashes. Two documents with equal heads are equal.
    public var heads: [ChangeHash] { store.history.hashes(store.history.heads).sorted() }

    public var changeCount: Int { store.history.count }
    public var operationCount: Int { store.operations.count }

    /// The counter that the next operation of a transaction gets.
    public var nextOp: UInt32 { store.history.greatestOp + 1 }

    /// About how many bytes of memory the document takes.
    public var memoryUsed: Int { store.byteCount + queue.byteCount }

    public func contains(_ hash: ChangeHash) -> Bool { store.history.find(hash) != nil }

    /// The number of changes an actor has here.
    public func sequence(of actor: ActorID) -> Int {
        store.actors.index(of: actor).map { store.history.lastSequence(of: $0) } ?? 0
    }

    /// A change, as it came or was made.
    public func change(_ hash: ChangeHash) -> Change? {
        guard let index = store.history.find(hash) else { return nil }
        var writer = ChangeWriter()
        return store.change(index, &writer)
    }

    /// The changes that somebody lacks who has `heads`, each after what it depends on. All of them for no heads; heads
    /// that this document does not know are refused.
    public func changes(since heads: [ChangeHash] = []) throws(AutomergeError) -> [Change] {
        var writer = ChangeWriter()
        return store.history.since(try store.indexes(of: heads)).map { store.change($0, &writer) }
    }

    /// Changes whose dependencies are missing.
    public var queuedChanges: [Change] { queue.all }

    /// What the queued changes wait for, and `heads` if they are unknown: what to ask others for.
    public func missingDependencies(of heads: [ChangeHash] = []) -> [ChangeHash] {
        var missing = Set(queue.missing)
        for hash in heads where !contains(hash) && !queue.contains(hash) { missing.insert(hash) }
        return missing.sorted()
    }

    /// A copy for another author.
    public func fork(actor: ActorID) -> Document {
        var copy = self
        copy.actor = actor
        return copy
    }

    /// Brings in everything that `other` has and this one lacks.
    @discardableResult
    public mutating func merge(_ other: Document) throws(AutomergeError) -> Applied {
        let common = store.indexesKnown(in: other)
        var writer = ChangeWriter()
        let missing = other.store.history.since(common).filter { index in
            store.history.find(other.store.history.hash(of: index)) == nil
        }
        return try apply(missing.map { other.store.change($0, &writer) } + other.queue.all)
    }
}

extension Store {
    func indexes(of heads: [ChangeHash]) throws(AutomergeError) -> [UInt32] {
        var indexes: [UInt32] = []
        for hash in heads {
            guard let index = history.find(hash) else {
                throw AutomergeError(.unknownChange, "this document does not have the change \(hash.short)")
            }
            indexes.append(index)
        }
        return indexes
    }

    /// The indexes in `other` of the heads here that are known there.
    func indexesKnown(in other: Document) -> [UInt32] {
        history.heads.compactMap { other.store.history.find(history.hash(of: $0)) }
    }

    func header(_ index: UInt32) -> ChangeWriter.Header {
        let record = history.records[Int(index)]
        return ChangeWriter.Header(
            actor: Int(record.actor), sequence: history.sequence(of: index), startOp: history.startOp(of: index),
            time: history.time(of: index),
            message: history.messages[index], dependencies: history.hashes(history.dependencies(of: index)),
            extra: history.extras[index] ?? [])
    }

    func change(_ index: UInt32, _ writer: inout ChangeWriter) -> Change {
        let header = header(index)
        let rows = history.rows(of: index, total: operations.count)
        let chunk: [UInt8]
        if let kept = history.verbatim[index] {
            chunk = kept
        } else {
            writer.write(header, rows: rows, of: self)
            chunk = Array(writer.chunk)
        }
        return Change(
            header, actor: actors.ids[header.actor], operationCount: rows.count,
            hash: history.hash(of: index), chunk: chunk)
    }
}

extension ChangeHash {
    /// Enough of a hash for a person to tell it from others.
    var short: String { "\(ActorID(Array(bytes.prefix(4))))…" }
}
