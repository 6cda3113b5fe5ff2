/// Short lists of rows. Nearly all have no member or one, and then take no room beyond the link itself:
/// a link is `none`, a row, or with its top bit set the index of a node whose own link goes on.
struct Links {
    static let none = UInt32.max
    private static let nodeBit: UInt32 = 1 << 31

    private struct Node {
        var row: UInt32
        var next: UInt32
    }

    private var nodes: [Node] = []
    private var free = Links.none

    var byteCount: Int { nodes.capacity * MemoryLayout<Node>.stride }

    /// Puts `row` in front.
    mutating func push(_ row: UInt32, on link: UInt32) -> UInt32 {
        guard link != Links.none else { return row }
        if free != Links.none {
            let index = free
            free = nodes[Int(index)].next
            nodes[Int(index)] = Node(row: row, next: link)
            return index | Links.nodeBit
        }
        nodes.append(Node(row: row, next: link))
        return UInt32(nodes.count - 1) | Links.nodeBit
    }

    /// The list without its first member.
    mutating func pop(_ link: UInt32) -> UInt32 {
        guard link & Links.nodeBit != 0 else { return Links.none }
        let index = Int(link & ~Links.nodeBit)
        let next = nodes[index].next
        nodes[index].next = free
        free = UInt32(index)
        return next
    }

    /// The list without `row`; unchanged if it is not there.
    mutating func remove(_ row: UInt32, from link: UInt32) -> UInt32 {
        if link == Links.none || link == row { return Links.none }
        guard link & Links.nodeBit != 0 else { return link }
        let index = Int(link & ~Links.nodeBit)
        if nodes[index].row == row { return pop(link) }
        nodes[index].next = remove(row, from: nodes[index].next)
        if nodes[index].next == Links.none {
            let only = nodes[index].row
            _ = pop(link)
            return only
        }
        return link
    }

    @inline(__always)
    func first(_ link: UInt32) -> UInt32? {
        if link == Links.none { return nil }
        return link & Links.nodeBit == 0 ? link : nodes[Int(link & ~Links.nodeBit)].row
    }

    func contains(_ row: UInt32, in link: UInt32) -> Bool {
        var found = false
        forEach(link) { found = found || $0 == row }
        return found
    }

    @inline(__always)
    func forEach(_ link: UInt32, _ body: (UInt32) -> Void) {
        var rest = link
        while rest != Links.none {
            guard rest & Links.nodeBit != 0 else { return body(rest) }
            let node = nodes[Int(rest & ~Links.nodeBit)]
            body(node.row)
            rest = node.next
        }
    }

    func rows(_ link: UInt32) -> [UInt32] {
        var result: [UInt32] = []
        forEach(link) { result.append($0) }
        return result
    }

    func count(_ link: UInt32) -> Int {
        var count = 0
        forEach(link) { _ in count += 1 }
        return count
    }
}
