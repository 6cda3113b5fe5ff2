import Hashing

/// One step from one state of a document to another. Applied in their order to what is shown, patches lead from the one to
/// the other.
public struct Patch: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        /// A key of a map or an element of a list has this value now. A new object's content follows in further patches.
        case put(Key, Value, isConflict: Bool)
        /// The value stays, but there are other values now that were set at the same time; or there are no more.
        case conflict(Key, Bool)
        case insert(index: Int, [Value])
        case insertText(index: Int, String)
        case delete(Key, count: Int)
        /// All marks of a text, as they are now: whenever a marked text changes.
        case marks([Mark])
    }

    public var object: ObjectID
    /// Where the object is now: keys from the root.
    public var path: [Key]
    public var action: Action
    /// Who caused it.
    public var author: ActorID

    public init(object: ObjectID, path: [Key], action: Action, author: ActorID) {
        self.object = object
        self.path = path
        self.action = action
        self.author = author
    }
}

extension Document {
    /// What leads from the document as it was at one set of heads to the document at another, by default as it is now.
    public func patches(
        from before: [ChangeHash], to after: [ChangeHash]? = nil
    ) throws(AutomergeError) -> [Patch] {
        let after = after ?? heads
        let known = try store.indexes(of: before) + store.indexes(of: after)
        // What neither side has does not count.
        let whole = store.history.since(known).isEmpty ? self : try at(Array(Set(before + after)))
        var difference = Difference(
            whole.store, before: try whole.store.indexes(of: before), after: try whole.store.indexes(of: after))
        return difference.patches()
    }
}
