/// The elements of all lists and texts, in order: one B+tree for each, their leaves and nodes in shared pools.
///
/// A leaf holds up to 64 elements, deleted ones too, and a word that says which are visible. A node knows how many are
/// visible under each child; nodes have at most 32 children.
struct Sequences {
    static let leafSize = 64
    static let fanOut = 32
    static let none = UInt32.max

    struct Leaf {
        var visible: UInt64 = 0
        var parent = Sequences.none
        var next = Sequences.none
        var count: UInt8 = 0
    }

    struct Node {
        var parent = Sequences.none
        var count: UInt8 = 0
    }

    /// What an object keeps of its tree.
    struct Root {
        /// A leaf if the height is 0, else a node.
        var root = Sequences.none
        var first = Sequences.none
        var height: UInt8 = 0
        /// How many elements are visible.
        var length: UInt32 = 0
    }

    struct Position {
        var leaf: Int
        var index: Int
    }

    var leaves: [Leaf] = []
    /// The elements of leaf n begin at n * leafSize.
    var rows: [UInt32] = []
    var nodes: [Node] = []
    /// The children of node n begin at n * fanOut; likewise how many elements are visible under each.
    var children: [UInt32] = []
    var widths: [UInt32] = []
    /// Where somebody was last: typing goes on where it stopped.
    var finger = Finger()

    struct Finger {
        var root = Sequences.none
        var leaf = 0
        /// How many visible elements come before the leaf.
        var start = 0
    }

    var byteCount: Int {
        leaves.capacity * MemoryLayout<Leaf>.stride + rows.capacity * 4 + nodes.capacity * MemoryLayout<Node>.stride
            + (children.capacity + widths.capacity) * 4
    }

    // MARK: Reading

    @inline(__always)
    func row(at position: Position) -> UInt32 { rows[position.leaf * Sequences.leafSize + position.index] }

    @inline(__always)
    func isVisible(_ position: Position) -> Bool {
        leaves[position.leaf].visible >> UInt64(position.index) & 1 != 0
    }

    /// Where an element lies, its leaf being known.
    @inline(__always)
    func position(of row: UInt32, in leaf: UInt32) -> Position {
        let start = Int(leaf) * Sequences.leafSize
        let count = Int(leaves[Int(leaf)].count)
        let index = rows.withUnsafeBufferPointer { rows in
            for index in 0..<count where rows[start + index] == row { return index }
            return count
        }
        return Position(leaf: Int(leaf), index: index)
    }

    /// The visible element number `index`.
    @inline(__always)
    mutating func locate(_ index: Int, in root: Root) -> Position {
        var leaf: Int
        var rest = index
        if finger.root == root.first, index >= finger.start,
            index - finger.start < leaves[finger.leaf].visible.nonzeroBitCount
        {
            leaf = finger.leaf
            rest -= finger.start
        } else {
            leaf = descend(root, &rest)
            finger = Finger(root: root.first, leaf: leaf, start: index - rest)
        }
        return Position(leaf: leaf, index: Sequences.select(leaves[leaf].visible, rest))
    }

    /// As `locate`, for readers: without remembering where they were.
    func find(_ index: Int, in root: Root) -> Position {
        var rest = index
        let leaf = descend(root, &rest)
        return Position(leaf: leaf, index: Sequences.select(leaves[leaf].visible, rest))
    }

    private func descend(_ root: Root, _ rest: inout Int) -> Int {
        var id = Int(root.root)
        for _ in 0..<root.height {
            var slot = id * Sequences.fanOut
            while rest >= Int(widths[slot]) {
                rest -= Int(widths[slot])
                slot += 1
            }
            id = Int(children[slot])
        }
        return id
    }

    @inline(__always)
    static func select(_ word: UInt64, _ index: Int) -> Int {
        var word = word
        for _ in 0..<index { word &= word &- 1 }
        return word.trailingZeroBitCount
    }

    /// How many visible elements come before the position.
    func rank(_ position: Position, in root: Root) -> Int {
        let below = leaves[position.leaf].visible & ((1 << UInt64(position.index)) &- 1)
        var rank = below.nonzeroBitCount
        var child = UInt32(position.leaf)
        var parent = leaves[position.leaf].parent
        while parent != Sequences.none {
            var slot = Int(parent) * Sequences.fanOut
            while children[slot] != child {
                rank += Int(widths[slot])
                slot += 1
            }
            child = parent
            parent = nodes[Int(parent)].parent
        }
        return rank
    }

    /// A number that grows along the sequence; comparable until the sequence changes.
    func order(_ position: Position) -> UInt64 {
        var order = UInt64(position.index)
        var shift: UInt64 = 6
        var child = UInt32(position.leaf)
        var parent = leaves[position.leaf].parent
        while parent != Sequences.none {
            let start = Int(parent) * Sequences.fanOut
            var slot = start
            while children[slot] != child { slot += 1 }
            order |= UInt64(slot - start) << shift
            shift += 5
            child = parent
            parent = nodes[Int(parent)].parent
        }
        return order
    }

    /// The position after this one, whether or not something is there yet; nil at the end.
    @inline(__always)
    func next(_ position: Position) -> Position? {
        var next = Position(leaf: position.leaf, index: position.index + 1)
        while next.index >= Int(leaves[next.leaf].count) {
            guard leaves[next.leaf].next != Sequences.none else { return nil }
            next = Position(leaf: Int(leaves[next.leaf].next), index: 0)
        }
        return next
    }

    func start(of root: Root) -> Position? {
        guard root.first != Sequences.none else { return nil }
        return next(Position(leaf: Int(root.first), index: -1))
    }

    /// All elements in order, with whether each is visible.
    @inline(__always)
    func forEach(in root: Root, _ body: (UInt32, Bool) -> Void) {
        var leaf = root.first
        while leaf != Sequences.none {
            let here = leaves[Int(leaf)]
            let start = Int(leaf) * Sequences.leafSize
            for index in 0..<Int(here.count) { body(rows[start + index], here.visible >> UInt64(index) & 1 != 0) }
            leaf = here.next
        }
    }
}
