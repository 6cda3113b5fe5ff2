/// How two copies of one run differ, block by block.
public struct CopyComparison: Hashable, Sendable {
    public var same: UInt64 = 0
    public var onlyLeft: [BlockHead] = []
    public var onlyRight: [BlockHead] = []
    /// One identity, two contents: both are kept, and it is an alarm.
    public var forks: [Fork] = []

    public struct Fork: Hashable, Sendable {
        public var left: BlockHead
        public var right: BlockHead
    }

    /// Heads of one run each; blocks that are there twice count once.
    public init(_ left: [BlockHead], _ right: [BlockHead]) {
        let other = Dictionary(right.map { (Place($0), $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<Place> = []
        for head in left.sorted(by: { $0.precedes($1) }) where seen.insert(Place(head)).inserted {
            guard let twin = other[Place(head)] else {
                onlyLeft.append(head)
                continue
            }
            if twin == head { same += 1 } else { forks.append(Fork(left: head, right: twin)) }
        }
        onlyRight = other.filter { !seen.contains($0.key) }.values.sorted { $0.precedes($1) }
    }

    private struct Place: Hashable {
        var key: StreamKey
        var first: SampleNumber

        init(_ head: BlockHead) {
            key = head.key
            first = head.first
        }
    }

    public var isSame: Bool { onlyLeft.isEmpty && onlyRight.isEmpty && forks.isEmpty }
}
