import Hashing

/// The tree under a seal: its leaves are block addresses. A node over `n` leaves splits them at the greatest power of
/// two below `n`; leaves and nodes are hashed for different purposes, so that neither passes for the other.
public enum MerkleTree {
    public static func root(_ addresses: [Bytes32]) -> Bytes32 {
        guard !addresses.isEmpty else { return .zero }
        return node(addresses[...])
    }

    /// The hashes beside the way from the leaf to the root, the lowest first.
    public static func proof(of index: Int, in addresses: [Bytes32]) -> [Bytes32] {
        precondition(addresses.indices.contains(index), "no such leaf")
        var siblings: [Bytes32] = []
        var range = addresses[...]
        while range.count > 1 {
            let split = range.startIndex + split(range.count)
            if index < split {
                siblings.append(node(range[split...]))
                range = range[..<split]
            } else {
                siblings.append(node(range[..<split]))
                range = range[split...]
            }
        }
        return siblings.reversed()
    }

    /// Whether `address` is leaf `index` of the `count` leaves under `root`.
    public static func holds(
        _ address: Bytes32, at index: Int, of count: Int, proof: [Bytes32], root: Bytes32
    ) -> Bool {
        guard index >= 0, index < count else { return false }
        var turns: [Bool] = []
        var (index, count) = (index, count)
        while count > 1 {
            let split = split(count)
            turns.append(index < split)
            (index, count) = index < split ? (index, split) : (index - split, count - split)
        }
        guard turns.count == proof.count else { return false }
        var hash = leaf(address)
        for (isLeft, sibling) in zip(turns.reversed(), proof) {
            hash = isLeft ? join(hash, sibling) : join(sibling, hash)
        }
        return hash == root
    }

    private static func node(_ addresses: ArraySlice<Bytes32>) -> Bytes32 {
        guard addresses.count > 1 else { return leaf(addresses[addresses.startIndex]) }
        let middle = addresses.startIndex + split(addresses.count)
        return join(node(addresses[..<middle]), node(addresses[middle...]))
    }

    private static func leaf(_ address: Bytes32) -> Bytes32 { BLAKE2b.hash(address.bytes, purpose: "bothy.leaf.v1") }

    private static func join(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        BLAKE2b.hash(left.bytes + right.bytes, purpose: "bothy.node.v1")
    }

    private static func split(_ count: Int) -> Int {
        1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}
