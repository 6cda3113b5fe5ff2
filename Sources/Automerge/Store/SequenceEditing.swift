extension Sequences {
    /// Puts `row` at the position, which is where an element is or where a leaf ends; tells where it is now.
    @discardableResult
    mutating func insert(
        _ row: UInt32, at position: Position, visible: Bool, into root: inout Root, _ operations: inout [Operation]
    ) -> Position {
        var position = position
        if Int(leaves[position.leaf].count) == Sequences.leafSize {
            position = makeRoom(at: position, &root, &operations)
        }
        let base = position.leaf * Sequences.leafSize
        let count = Int(leaves[position.leaf].count)
        rows.withUnsafeMutableBufferPointer { rows in
            var index = base + count
            while index > base + position.index {
                rows[index] = rows[index - 1]
                index -= 1
            }
            rows[index] = row
        }
        let word = leaves[position.leaf].visible
        let low = (1 as UInt64) << UInt64(position.index) &- 1
        leaves[position.leaf].visible =
            word & low | (word & ~low) << 1 | (visible ? 1 : 0) << UInt64(position.index)
        leaves[position.leaf].count += 1
        operations[Int(row)].leaf = UInt32(position.leaf)
        if visible { widen(position.leaf, by: 1, &root) }
        return position
    }

    /// The first element of an empty sequence.
    mutating func begin(_ root: inout Root) -> Position {
        if root.first == Sequences.none {
            root.first = addLeaf()
            root.root = root.first
        }
        return Position(leaf: Int(root.first), index: 0)
    }

    mutating func setVisible(_ visible: Bool, at position: Position, in root: inout Root) {
        let bit = (1 as UInt64) << UInt64(position.index)
        guard (leaves[position.leaf].visible & bit != 0) != visible else { return }
        leaves[position.leaf].visible ^= bit
        widen(position.leaf, by: visible ? 1 : -1, &root)
    }

    /// Takes an element out, as if it had never been there. A leaf may stay behind empty.
    mutating func remove(at position: Position, from root: inout Root) {
        setVisible(false, at: position, in: &root)
        let base = position.leaf * Sequences.leafSize
        let count = Int(leaves[position.leaf].count)
        for index in (base + position.index)..<(base + count - 1) { rows[index] = rows[index + 1] }
        let word = leaves[position.leaf].visible
        let low = (1 as UInt64) << UInt64(position.index) &- 1
        leaves[position.leaf].visible = word & low | (word >> 1) & ~low
        leaves[position.leaf].count -= 1
    }

    @inline(__always)
    private mutating func widen(_ leaf: Int, by difference: Int32, _ root: inout Root) {
        root.length = UInt32(Int32(root.length) + difference)
        // What comes before the finger's leaf may have changed.
        if finger.root == root.first, finger.leaf != leaf { finger.root = Sequences.none }
        var child = UInt32(leaf)
        var parent = leaves[leaf].parent
        while parent != Sequences.none {
            let slot = slot(of: child, in: parent)
            widths[slot] = UInt32(Int32(widths[slot]) + difference)
            child = parent
            parent = nodes[Int(parent)].parent
        }
    }

    @inline(__always)
    private func slot(of child: UInt32, in parent: UInt32) -> Int {
        children.withUnsafeBufferPointer { children in
            var slot = Int(parent) * Sequences.fanOut
            while children[slot] != child { slot += 1 }
            return slot
        }
    }

    private mutating func addLeaf() -> UInt32 {
        leaves.append(Leaf())
        rows.append(contentsOf: repeatElement(0, count: Sequences.leafSize))
        return UInt32(leaves.count - 1)
    }

    private mutating func addNode() -> UInt32 {
        nodes.append(Node())
        children.append(contentsOf: repeatElement(0, count: Sequences.fanOut))
        widths.append(contentsOf: repeatElement(0, count: Sequences.fanOut))
        return UInt32(nodes.count - 1)
    }

    /// Splits a full leaf, and tells where the position is now.
    private mutating func makeRoom(
        at position: Position, _ root: inout Root, _ operations: inout [Operation]
    ) -> Position {
        let size = Sequences.leafSize
        // Who types goes on at the end of what he typed: full leaves stay full.
        if position.index == size {
            let next = leaves[position.leaf].next
            if next != Sequences.none, Int(leaves[Int(next)].count) < size {
                return Position(leaf: Int(next), index: 0)
            }
        }
        let keep = position.index == size ? size : size / 2
        let new = Int(addLeaf())
        for index in keep..<size {
            let row = rows[position.leaf * size + index]
            rows[new * size + index - keep] = row
            operations[Int(row)].leaf = UInt32(new)
        }
        leaves[new].count = UInt8(size - keep)
        leaves[position.leaf].count = UInt8(keep)
        let word = leaves[position.leaf].visible
        if keep < size {
            leaves[new].visible = word >> UInt64(keep)
            leaves[position.leaf].visible = word & ((1 << UInt64(keep)) &- 1)
        }
        leaves[new].next = leaves[position.leaf].next
        leaves[position.leaf].next = UInt32(new)
        if finger.leaf == position.leaf { finger.root = Sequences.none }
        let parent = addChild(
            UInt32(new), width: UInt32(leaves[new].visible.nonzeroBitCount), after: UInt32(position.leaf),
            in: leaves[position.leaf].parent, at: 0, &root)
        leaves[new].parent = parent
        return position.index <= keep && keep < size
            ? position : Position(leaf: new, index: position.index - keep)
    }

    /// Puts a new sibling behind `child`; the node that holds it is returned.
    private mutating func addChild(
        _ new: UInt32, width: UInt32, after child: UInt32, in parent: UInt32, at level: UInt8, _ root: inout Root
    ) -> UInt32 {
        guard parent != Sequences.none else {
            let top = addNode()
            let base = Int(top) * Sequences.fanOut
            (children[base], children[base + 1]) = (child, new)
            (widths[base], widths[base + 1]) = (root.length - width, width)
            nodes[Int(top)].count = 2
            setParent(of: child, at: level, to: top)
            root.root = top
            root.height = level + 1
            return top
        }
        var parent = parent
        var slot = slot(of: child, in: parent)
        if Int(nodes[Int(parent)].count) == Sequences.fanOut {
            let sibling = splitNode(parent, at: level + 1, &root)
            let half = Sequences.fanOut / 2
            if slot - Int(parent) * Sequences.fanOut >= half {
                slot += (Int(sibling) - Int(parent)) * Sequences.fanOut - half
                parent = sibling
            }
        }
        widths[slot] -= width
        let end = Int(parent) * Sequences.fanOut + Int(nodes[Int(parent)].count)
        var index = end
        while index > slot + 1 {
            children[index] = children[index - 1]
            widths[index] = widths[index - 1]
            index -= 1
        }
        children[index] = new
        widths[index] = width
        nodes[Int(parent)].count += 1
        return parent
    }

    private mutating func splitNode(_ node: UInt32, at level: UInt8, _ root: inout Root) -> UInt32 {
        let half = Sequences.fanOut / 2
        let new = addNode()
        var moved: UInt32 = 0
        for index in 0..<half {
            let from = Int(node) * Sequences.fanOut + half + index
            children[Int(new) * Sequences.fanOut + index] = children[from]
            widths[Int(new) * Sequences.fanOut + index] = widths[from]
            moved += widths[from]
            setParent(of: children[from], at: level - 1, to: new)
        }
        nodes[Int(new)].count = UInt8(half)
        nodes[Int(node)].count = UInt8(half)
        nodes[Int(new)].parent = addChild(
            new, width: moved, after: node, in: nodes[Int(node)].parent, at: level, &root)
        return new
    }

    private mutating func setParent(of child: UInt32, at level: UInt8, to parent: UInt32) {
        if level == 0 { leaves[Int(child)].parent = parent } else { nodes[Int(child)].parent = parent }
    }

    /// Makes the tree of a sequence that is known whole.
    mutating func build(
        _ elements: ArraySlice<UInt32>, visible: ArraySlice<Bool>, _ operations: inout [Operation]
    ) -> Root {
        var root = Root()
        guard !elements.isEmpty else { return root }
        var level: [(id: UInt32, width: UInt32)] = []
        let fill = 56
        for start in stride(from: elements.startIndex, to: elements.endIndex, by: fill) {
            let leaf = addLeaf()
            if let previous = level.last { leaves[Int(previous.id)].next = leaf }
            var word: UInt64 = 0
            let count = min(fill, elements.endIndex - start)
            for index in 0..<count {
                let row = elements[start + index]
                rows[Int(leaf) * Sequences.leafSize + index] = row
                operations[Int(row)].leaf = leaf
                if visible[start + index] { word |= 1 << UInt64(index) }
            }
            leaves[Int(leaf)].visible = word
            leaves[Int(leaf)].count = UInt8(count)
            level.append((leaf, UInt32(word.nonzeroBitCount)))
        }
        root.first = level[0].id
        root.length = level.reduce(0) { $0 + $1.width }
        while level.count > 1 { level = addLevel(over: level, &root) }
        root.root = level[0].id
        return root
    }

    private mutating func addLevel(
        over level: [(id: UInt32, width: UInt32)], _ root: inout Root
    ) -> [(id: UInt32, width: UInt32)] {
        var above: [(id: UInt32, width: UInt32)] = []
        let fill = 24
        for start in stride(from: 0, to: level.count, by: fill) {
            let node = addNode()
            let count = min(fill, level.count - start)
            for index in 0..<count {
                let child = level[start + index]
                children[Int(node) * Sequences.fanOut + index] = child.id
                widths[Int(node) * Sequences.fanOut + index] = child.width
                setParent(of: child.id, at: root.height, to: node)
            }
            nodes[Int(node)].count = UInt8(count)
            above.append((node, level[start..<(start + count)].reduce(0) { $0 + $1.width }))
        }
        root.height += 1
        return above
    }
}
