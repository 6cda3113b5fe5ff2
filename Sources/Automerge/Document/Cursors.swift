/// A place in a list or text that stays where it is while others edit around it.
public struct Cursor: Hashable, Sendable, CustomStringConvertible {
    /// The element; nil for the end, wherever that will be.
    public let element: OperationID?

    public static let end = Cursor(nil)

    public init(_ element: OperationID?) { self.element = element }

    public var description: String { element.map { "\($0)" } ?? "end" }
}

extension Document {
    /// A cursor before the element at an index; at the end for the index behind the last.
    public func cursor(in object: ObjectID, at index: Int) throws(AutomergeError) -> Cursor {
        let sequence = try sequence(object)
        let length = Int(store.objects[sequence].sequence.length)
        guard index >= 0, index <= length else {
            throw AutomergeError(.notFound, "index \(index) is not within the \(length) elements")
        }
        if index == length { return .end }
        let position = store.sequences.find(index, in: store.objects[sequence].sequence)
        return Cursor(store.operationID(store.sequences.row(at: position)))
    }

    /// Where a cursor is now. If its element was deleted, that is where it was.
    public func index(of cursor: Cursor, in object: ObjectID) throws(AutomergeError) -> Int {
        let sequence = try sequence(object)
        let root = store.objects[sequence].sequence
        guard let element = cursor.element else { return Int(root.length) }
        guard let actor = store.actors.index(of: element.actor),
            let row = store.row(counter: element.counter, actor: actor), store.operations[Int(row)].isInsert,
            store.operations[Int(row)].object == UInt32(sequence)
        else { throw AutomergeError(.notFound, "the cursor \(cursor) is not in this document") }
        return store.sequences.rank(store.position(ofElement: row), in: root)
    }
}
