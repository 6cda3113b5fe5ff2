/// The authors. Operations name them by index, in the order in which they came; a table of ranks tells their
/// order by bytes, so that a new actor never rewrites an operation.
struct Actors {
    private(set) var ids: [ActorID] = []
    private(set) var ranks: [UInt32] = []
    /// The indexes by rank.
    private(set) var order: [UInt32] = []
    private var indexes: [ActorID: Int] = [:]

    var count: Int { ids.count }

    func index(of id: ActorID) -> Int? {
        if let last = ids.last, last == id { return ids.count - 1 }
        return indexes[id]
    }

    mutating func add(_ id: ActorID, limit: Int) throws(AutomergeError) -> Int {
        if let known = index(of: id) { return known }
        guard ids.count < limit else {
            throw AutomergeError(.tooLarge, "more than the limit of \(limit) actors")
        }
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[Int(order[middle])] < id { low = middle + 1 } else { high = middle }
        }
        ids.append(id)
        ranks.append(0)
        order.insert(UInt32(ids.count - 1), at: low)
        rank(from: low)
        indexes[id] = ids.count - 1
        return ids.count - 1
    }

    mutating func truncate(to count: Int) {
        while ids.count > count {
            indexes[ids.removeLast()] = nil
            let rank = Int(ranks.removeLast())
            order.remove(at: rank)
            self.rank(from: rank)
        }
    }

    private mutating func rank(from first: Int) {
        for rank in first..<order.count { ranks[Int(order[rank])] = UInt32(rank) }
    }

    /// Whether operation `left` is less than `right`: by counter, then by the actors' bytes.
    @inline(__always)
    func isLess(_ left: UInt64, _ right: UInt64) -> Bool {
        let (leftCounter, rightCounter) = (left >> 32, right >> 32)
        if leftCounter != rightCounter { return leftCounter < rightCounter }
        return ranks[Int(UInt32(truncatingIfNeeded: left))] < ranks[Int(UInt32(truncatingIfNeeded: right))]
    }
}
