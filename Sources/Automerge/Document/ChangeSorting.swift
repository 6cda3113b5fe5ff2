/// Sorting the operations of a document back into its changes.
extension DocumentLoader {
    private struct Item {
        var key: UInt64
        /// An operation's place in the document, or behind those a successor's.
        var source: UInt32
    }

    /// Sorts all ids, of operations and of successors, and shares them out among each actor's changes: an id that only
    /// occurs as a successor is a delete. Then every id has its row.
    mutating func sortIntoChanges() throws(AutomergeError) {
        let total = count + successorTotal
        var items = Scratch<Item>(capacity: total + 1)
        var actorCount: UInt32 = 1
        for index in 0..<changeCount { actorCount = max(actorCount, changeActor.base[index] + 1) }
        var maximum: UInt64 = 0
        for index in 0..<total {
            let isOperation = index < count
            let actor = isOperation ? idActor.base[index] : successorActor.base[index - count]
            let counter = isOperation ? idCounter.base[index] : successorCounter.base[index - count]
            guard actor < actorCount, counter != absent else { throw malformed("an operation has no valid id") }
            items.base[index] = Item(key: UInt64(actor) << 32 | UInt64(counter), source: UInt32(index))
            maximum |= items.base[index].key
        }
        sort(&items, total, maximum)
        row.ensure(count)
        successorRow.ensure(successorTotal)
        var counts = [UInt32](repeating: 0, count: changeCount)
        let byActor = try changesByActor(Int(actorCount))
        try eachID(items, total, byActor) { (change, _, _) throws(AutomergeError) in counts[change] += 1 }
        changeOperations = counts
        changeFirstRow = [UInt32](repeating: 0, count: changeCount)
        for index in 0..<changeCount {
            guard changeOperations[index] <= changeMaxOp.base[index] else {
                throw malformed("a change has more operations than its counters allow")
            }
            changeFirstRow[index] = UInt32(rowCount)
            rowCount += Int(changeOperations[index])
        }
        let (rows, successorRows, operationCount, sorted) = (row.base, successorRow.base, count, items.base)
        try eachID(items, total, byActor) { (change, counter, sources) throws(AutomergeError) in
            let start = changeMaxOp.base[change] - changeOperations[change] + 1
            guard counter >= start else { throw malformed("the operations of a change have gaps") }
            let row = changeFirstRow[change] + (counter - start)
            for index in sources {
                let source = Int(sorted[index].source)
                if source >= operationCount {
                    successorRows[source - operationCount] = row
                } else if index > sources.lowerBound {
                    throw malformed("two operations have the same id")
                } else {
                    rows[source] = row
                }
            }
        }
    }

    /// The changes of each actor in the order of their sequence numbers, which is also that of their operations.
    private func changesByActor(_ actors: Int) throws(AutomergeError) -> [[UInt32]] {
        var byActor = [[UInt32]](repeating: [], count: actors)
        for index in 0..<changeCount {
            let actor = Int(changeActor.base[index])
            guard Int(changeSequence.base[index]) == byActor[actor].count + 1 else {
                throw malformed("an actor's changes are not numbered one after another")
            }
            if let last = byActor[actor].last, changeMaxOp.base[Int(last)] > changeMaxOp.base[index] {
                throw malformed("an actor's operation counters go back")
            }
            byActor[actor].append(UInt32(index))
        }
        return byActor
    }

    /// Each id once, with the change it belongs to and which items have it; operations come before successors.
    @inline(__always)
    private borrowing func eachID(
        _ items: borrowing Scratch<Item>, _ total: Int, _ byActor: [[UInt32]],
        _ body: (Int, UInt32, Range<Int>) throws(AutomergeError) -> Void
    ) throws(AutomergeError) {
        var index = 0
        var actor = -1
        var place = 0
        var changes: [UInt32] = []
        while index < total {
            let key = items.base[index].key
            var end = index + 1
            while end < total, items.base[end].key == key { end += 1 }
            if Int(key >> 32) != actor {
                actor = Int(key >> 32)
                place = 0
                changes = byActor[actor]
            }
            let counter = UInt32(truncatingIfNeeded: key)
            while place < changes.count, changeMaxOp.base[Int(changes[place])] < counter { place += 1 }
            guard place < changes.count else { throw malformed("an operation belongs to no change") }
            try body(Int(changes[place]), counter, index..<end)
            index = end
        }
    }

    /// Radix sort; equal keys keep their order. Digits in which no key differs are passed over.
    private borrowing func sort(_ items: inout Scratch<Item>, _ total: Int, _ used: UInt64) {
        var other = Scratch<Item>(capacity: total + 1)
        var inOther = false
        for shift in stride(from: 0 as UInt64, to: 64, by: 11) where used >> shift & 0x7ff != 0 {
            var starts = [Int](repeating: 0, count: 2_049)
            let from = inOther ? other.base : items.base
            let to = inOther ? items.base : other.base
            for index in 0..<total { starts[Int(from[index].key >> shift & 0x7ff) + 1] += 1 }
            for digit in 1..<2_049 { starts[digit] += starts[digit - 1] }
            starts.withUnsafeMutableBufferPointer { starts in
                for index in 0..<total {
                    let digit = Int(from[index].key >> shift & 0x7ff)
                    to[starts[digit]] = from[index]
                    starts[digit] += 1
                }
            }
            inOther.toggle()
        }
        if inOther { swap(&items, &other) }
    }
}
