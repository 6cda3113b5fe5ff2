/// What a document may grow to. Whatever would pass a limit is refused and leaves the document as it was.
public struct Limits: Hashable, Sendable {
    public var actors = 65_536
    public var changes = 1 << 24
    public var operations = 1 << 24
    /// Objects within objects, the root being 0.
    public var depth = 512
    /// Of one column, one chunk or one sync message, after inflating.
    public var inflatedBytes = 256 << 20
    /// All strings, byte strings and numbers of the history together.
    public var valueBytes = 1 << 30
    public var actorBytes = 256
    /// Changes that wait for others.
    public var queuedChanges = 65_536
    public var queuedBytes = 64 << 20
    /// Dependencies of one change, heads of one document.
    public var heads = 4_096

    public init() {}
}
