import Hashing

/// A document's content, from first operation to last. Everything that edits goes through `append` (see
/// StoreEditing.swift), which can be taken back row by row.
struct Store {
    struct Object {
        /// The operation that made it; `Operation.head` for the root.
        var row: UInt32
        var kind: ObjectKind
        var depth: UInt16
        /// How many mark operations lie in it.
        var marks: UInt32 = 0
        /// Of a map: its newest entry.
        var firstEntry = MapEntries.none
        var sequence = Sequences.Root()
    }

    struct Foreign {
        var chunk: [UInt8]
        var heads: [ChangeHash]
    }

    var operations: [Operation] = []
    var values: [UInt8] = []
    var links = Links()
    var actors = Actors()
    var names = Names()
    var entries = MapEntries()
    var sequences = Sequences()
    var objects: [Object] = [Object(row: Operation.head, kind: .map, depth: 0)]
    var history = History()
    /// What is visible at an element that was ever set again; others show what was inserted.
    var elementValues: [UInt32: UInt32] = [:]
    /// What increments added to a counter so far.
    var counterSums: [UInt32: Int64] = [:]
    var markNames: [UInt32: UInt32] = [:]
    /// A document with columns that nobody here knows: kept as it came, and saved so.
    var foreign: Foreign?
    /// The change whose operations are being added: they are found through these.
    var openActor = -1
    var openCounter: UInt32 = 0
    var openRow = 0

    var limits = Limits()

    /// Memory held, about; strings of messages and what lies in dictionaries of rare things is left out.
    var byteCount: Int {
        operations.capacity * MemoryLayout<Operation>.stride + values.capacity + links.byteCount + names.byteCount
            + entries.byteCount + sequences.byteCount + history.byteCount
            + objects.capacity * MemoryLayout<Object>.stride
            + elementValues.capacity * 12 + counterSums.capacity * 18 + markNames.capacity * 12
    }

    /// The row of an operation, those of the open change included.
    @inline(__always)
    func row(counter: UInt32, actor: Int) -> UInt32? {
        if actor == openActor, counter >= openCounter {
            let row = openRow + Int(counter - openCounter)
            return row < operations.count ? UInt32(row) : nil
        }
        return history.row(counter: counter, actor: actor)
    }

    func operationID(_ row: UInt32) -> OperationID {
        let operation = operations[Int(row)]
        return OperationID(counter: operation.counter, actor: actors.ids[operation.actor])
    }

    func objectID(_ object: Int) -> ObjectID {
        object == 0 ? .root : ObjectID(operationID(objects[object].row))
    }

    /// The index of an object that somebody names.
    func objectIndex(_ id: ObjectID) throws(AutomergeError) -> Int {
        guard let operation = id.operation else { return 0 }
        guard let actor = actors.index(of: operation.actor), let row = row(counter: operation.counter, actor: actor),
            operations[Int(row)].makesObject
        else { throw AutomergeError(.notFound, "there is no object \(id)") }
        return Int(operations[Int(row)].valueBits)
    }

    // MARK: Values

    @inline(__always)
    func withValueBytes<Result>(_ row: UInt32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let operation = operations[Int(row)]
        let length = operation.valueLength
        if length <= 4 || operation.makesObject {
            return withUnsafeBytes(of: operation.valueBits.littleEndian) {
                body(UnsafeRawBufferPointer(rebasing: $0[..<min(length, 4)]))
            }
        }
        let start = Int(operation.valueBits)
        return values.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<(start + length)])) }
    }

    /// Keeps the bytes of a value; the result is an operation's `valueBits`.
    @inline(__always)
    mutating func keep(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        if bytes.count <= 4 {
            var bits: UInt32 = 0
            for index in 0..<bytes.count { bits |= UInt32(bytes[index]) << (8 * UInt32(index)) }
            return bits
        }
        let start = UInt32(values.count)
        values.append(contentsOf: bytes)
        return start
    }

    /// Whether something replaces the operation; an increment does not replace a counter.
    func isHidden(_ row: UInt32) -> Bool {
        let operation = operations[Int(row)]
        if operation.successors == Links.none { return false }
        guard operation.isCounter else { return true }
        var hidden = false
        links.forEach(operation.successors) { hidden = hidden || operations[Int($0)].action != Action.increment }
        return hidden
    }

    /// The greatest of several operations: what a reader sees first.
    @inline(__always)
    func winner(_ visible: UInt32) -> UInt32? {
        guard var best = links.first(visible) else { return nil }
        guard best != visible else { return best }
        links.forEach(visible) {
            if actors.isLess(operations[Int(best)].id, operations[Int($0)].id) { best = $0 }
        }
        return best
    }

    /// What is visible at an element.
    @inline(__always)
    func visible(atElement element: UInt32, _ position: Sequences.Position) -> UInt32 {
        guard sequences.isVisible(position) else { return Links.none }
        if elementValues.isEmpty { return element }
        return elementValues[element] ?? element
    }

    func position(ofElement element: UInt32) -> Sequences.Position {
        sequences.position(of: element, in: operations[Int(element)].leaf)
    }

    /// The element that an operation of a sequence works on.
    @inline(__always)
    func element(of row: UInt32) -> UInt32 {
        let operation = operations[Int(row)]
        return operation.isInsert ? row : operation.key
    }
}
