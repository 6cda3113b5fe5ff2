import Hashing

/// Edits in progress: they are seen at once through `document`, and become one change when the transaction ends.
public struct Transaction: ~Copyable {
    // The document is being edited in place by the function that made the transaction, which outlives it: nobody can
    // carry a value away that is not copyable.
    let target: UnsafeMutablePointer<Document>
    let author: Int
    private var lastObject = ObjectID.root
    private var lastIndex = 0

    init(_ target: UnsafeMutablePointer<Document>, author: Int) {
        self.target = target
        self.author = author
    }

    /// The document as it is with the edits so far.
    public var document: Document {
        _read { yield target.pointee }
    }

    /// How many operations there are so far.
    public var operationCount: Int { target.pointee.store.operations.count - target.pointee.store.openRow }

    @inline(__always)
    mutating func index(of object: ObjectID) throws(AutomergeError) -> Int {
        guard object.operation != nil else { return 0 }
        if object == lastObject { return lastIndex }
        let index = try target.pointee.store.objectIndex(object)
        (lastObject, lastIndex) = (object, index)
        return index
    }

    mutating func map(_ object: ObjectID) throws(AutomergeError) -> Int {
        let index = try index(of: object)
        if target.pointee.store.objects[index].kind.isSequence { _ = try target.pointee.map(object) }
        return index
    }

    mutating func sequence(_ object: ObjectID) throws(AutomergeError) -> Int {
        let index = try index(of: object)
        if !target.pointee.store.objects[index].kind.isSequence { _ = try target.pointee.sequence(object) }
        return index
    }
}

extension Document {
    /// Edits the document and makes one change of all edits; none if there are none. If `body` throws, the document is as
    /// it was. The time is for display; by custom seconds since 1970.
    @discardableResult
    public mutating func change(
        message: String? = nil, time: Int64 = 0,
        _ body: (inout Transaction) throws(AutomergeError) -> Void
    ) throws(AutomergeError) -> Change? {
        try change(message: message, time: time, extra: [], body).change
    }

    /// As `change`, for edits that yield something.
    public mutating func change<Result>(
        message: String? = nil, time: Int64 = 0, extra: [UInt8] = [],
        _ body: (inout Transaction) throws(AutomergeError) -> Result
    ) throws(AutomergeError) -> (result: Result, change: Change?) {
        let mark = store.mark
        do throws(AutomergeError) {
            let author = try open()
            let result = try withUnsafeMutablePointer(to: &self) { target throws(AutomergeError) in
                var transaction = Transaction(target, author: author)
                return try body(&transaction)
            }
            return (result, try commit(author, mark, message, time, extra))
        } catch {
            store.rewind(to: mark)
            throw error
        }
    }

    private mutating func open() throws(AutomergeError) -> Int {
        precondition(store.openActor < 0, "a transaction is open already")
        guard actor.bytes.count <= limits.actorBytes else {
            throw AutomergeError(.tooLarge, "an actor has more than \(limits.actorBytes) bytes")
        }
        let author = try store.actors.add(actor, limit: limits.actors)
        store.openActor = author
        store.openCounter = nextOp
        store.openRow = store.operations.count
        return author
    }

    private mutating func commit(
        _ author: Int, _ mark: Store.Mark, _ message: String?, _ time: Int64, _ extra: [UInt8]
    ) throws(AutomergeError) -> Change? {
        let rows = store.openRow..<store.operations.count
        guard !rows.isEmpty else {
            store.rewind(to: mark)
            return nil
        }
        guard store.history.count < limits.changes else {
            throw AutomergeError(.tooLarge, "more than the limit of \(limits.changes) changes")
        }
        let dependencies = store.history.heads.sorted {
            store.history.hash(of: $0) < store.history.hash(of: $1)
        }
        let header = ChangeWriter.Header(
            actor: author, sequence: UInt32(store.history.lastSequence(of: author) + 1), startOp: store.openCounter,
            time: time, message: message.flatMap { $0.isEmpty ? nil : $0 },
            dependencies: store.history.hashes(dependencies), extra: extra)
        var writer = ChangeWriter()
        writer.write(header, rows: rows, of: store)
        store.openActor = -1
        store.history.append(
            store.record(header, writer.hash, rows.lowerBound), dependencies: dependencies, rowCount: rows.count,
            History.Details(message: header.message, extra: extra))
        return Change(
            header, actor: actor, operationCount: rows.count, hash: writer.hash, chunk: Array(writer.chunk))
    }
}

extension Store {
    /// The next operation of the open change.
    @inline(__always)
    func nextID() throws(AutomergeError) -> UInt64 {
        let rows = operations.count
        guard rows < limits.operations else {
            throw AutomergeError(.tooLarge, "more than the limit of \(limits.operations) operations")
        }
        let counter = UInt64(openCounter) + UInt64(rows - openRow)
        guard counter < UInt64(absent) else { throw AutomergeError(.tooLarge, "the operation counters pass 32 bits") }
        return Operation.pack(UInt32(counter), openActor)
    }

    /// Adds an operation of the open change that replaces what is visible at its key.
    @inline(__always)
    mutating func write(
        _ action: UInt8, object: Int, key: UInt32, meta: UInt32, bits: UInt32, replacing visible: UInt32,
        at position: Sequences.Position? = nil
    ) throws(AutomergeError) {
        let operation = Operation(
            id: try nextID(), object: UInt32(object), key: key, valueMeta: meta, valueBits: bits,
            predecessors: Links.none, successors: Links.none, leaf: 0, action: action, flags: 0)
        guard let first = links.first(visible) else {
            return append(operation, predecessors: UnsafeBufferPointer(start: nil, count: 0), position: position)
        }
        if first == visible {
            withUnsafePointer(to: first) {
                append(operation, predecessors: UnsafeBufferPointer(start: $0, count: 1), position: position)
            }
        } else {
            sorted(visible).withUnsafeBufferPointer { append(operation, predecessors: $0, position: position) }
        }
    }

    func checkDepth(of object: Int) throws(AutomergeError) {
        guard Int(objects[object].depth) < limits.depth else {
            throw AutomergeError(.tooLarge, "objects are nested deeper than the limit of \(limits.depth)")
        }
    }

    /// Whether exactly this value is there already, without a conflict.
    func isUnchanged(_ visible: UInt32, _ meta: UInt32, _ bits: UInt32) -> Bool {
        guard visible != Links.none, let row = links.first(visible), row == visible else { return false }
        let old = operations[Int(row)]
        guard old.action == Action.set, old.valueMeta == meta, meta & 15 != ValueType.counter else { return false }
        let length = Int(meta >> 4)
        if length <= 4 { return old.valueBits == bits }
        return values.withUnsafeBytes { values in
            let (left, right) = (Int(old.valueBits), Int(bits))
            return values[left..<(left + length)].elementsEqual(values[right..<(right + length)])
        }
    }
}
