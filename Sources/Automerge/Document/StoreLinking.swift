import Hashing

/// The second half of loading a document: who replaced whom, what is visible, and whether the hashes are right.
extension Store {
    mutating func linkSuccessors(_ loader: borrowing DocumentLoader) throws(AutomergeError) {
        var at = loader.successorTotal
        // From the last row to the first: so each operation's predecessors come to lie in the order of their ids.
        for index in stride(from: loader.count - 1, through: 0, by: -1) {
            let row = loader.row.base[index]
            let count = Int(loader.successorCount.base[index])
            at -= count
            guard count > 0 else { continue }
            let operation = operations[Int(row)]
            let key = objects[Int(operation.object)].kind.isSequence && operation.isInsert ? row : operation.key
            guard operation.isValue || operation.action == Action.increment else {
                throw loader.malformed("a mark is replaced")
            }
            for entry in at..<(at + count) {
                let next = loader.successorRow.base[entry]
                try link(row, operation, to: next, key, loader)
                operations[Int(row)].successors = links.push(next, on: operations[Int(row)].successors)
                operations[Int(next)].predecessors = links.push(row, on: operations[Int(next)].predecessors)
            }
        }
    }

    private mutating func link(
        _ row: UInt32, _ operation: Operation, to next: UInt32, _ key: UInt32, _ loader: borrowing DocumentLoader
    ) throws(AutomergeError) {
        if operations[Int(next)].object == absent {
            operations[Int(next)].object = operation.object
            operations[Int(next)].key = key
        }
        let other = operations[Int(next)]
        guard other.object == operation.object, other.key == key, !other.isInsert, other.counter > operation.counter,
            links.first(other.predecessors) != row
        else { throw loader.malformed("an operation is replaced by one that stands elsewhere") }
    }

    mutating func showValues(_ loader: borrowing DocumentLoader) {
        for index in 0..<loader.count {
            let row = loader.row.base[index]
            let operation = operations[Int(row)]
            if operation.action == Action.increment { addUp(row, operation) }
            guard operation.isValue, !isHidden(row) else { continue }
            if !objects[Int(operation.object)].kind.isSequence {
                entries[operation.key].visible = links.push(row, on: entries[operation.key].visible)
            } else if !operation.isInsert {
                let inserted = isElementVisible(operation.key) ? operation.key : Links.none
                elementValues[operation.key] = links.push(row, on: elementValues[operation.key] ?? inserted)
            }
        }
    }

    private mutating func addUp(_ row: UInt32, _ operation: Operation) {
        guard let amount = integer(row) else { return }
        for predecessor in links.rows(operation.predecessors) where operations[Int(predecessor)].isCounter {
            counterSums[predecessor, default: 0] &+= amount
        }
    }

    func isElementVisible(_ row: UInt32) -> Bool {
        let operation = operations[Int(row)]
        if operation.successors == Links.none { return operation.isValue }
        return operation.isValue && !isHidden(row) || elementValues[row] != nil
    }

    /// Writes every change, takes its hash, and compares what nothing depends on with the heads that the document claims.
    mutating func hashChanges(
        _ loader: inout DocumentLoader, _ heads: [ChangeHash]
    ) throws(AutomergeError) {
        var writer = ChangeWriter()
        var dependencyAt = 0
        for index in 0..<loader.changeCount {
            let dependencies = UnsafeBufferPointer(
                start: loader.changeDependency.base + dependencyAt,
                count: Int(loader.changeDependencyCount.base[index]))
            dependencyAt += dependencies.count
            try check(dependencies, of: index, loader)
            let details = try details(index, &loader)
            let record = history.records[index]
            let count = Int(loader.changeOperations[index])
            var hashes: [ChangeHash] = []
            for dependency in dependencies { hashes.append(history.hash(of: dependency)) }
            let header = ChangeWriter.Header(
                actor: Int(record.actor), sequence: loader.changeSequence.base[index],
                startOp: loader.changeMaxOp.base[index] - loader.changeOperations[index] + 1,
                time: loader.changeTime.base[index],
                message: details.message, dependencies: hashes, extra: details.extra)
            let first = Int(record.firstRow)
            writer.write(header, rows: first..<(first + count), of: self)
            history.setHash(writer.hash, of: UInt32(index), dependencies: dependencies, details)
        }
        guard history.hashes(history.heads).sorted() == heads else {
            throw AutomergeError(
                .corrupt, "the changes of the document do not have the hashes that it claims", at: loader.origin)
        }
    }

    private func check(
        _ dependencies: UnsafeBufferPointer<UInt32>, of index: Int, _ loader: borrowing DocumentLoader
    ) throws(AutomergeError) {
        let start = history.startOp(of: UInt32(index))
        guard start > 0 else { throw loader.malformed("an operation counter is 0") }
        for dependency in dependencies {
            guard dependency < UInt32(index) else {
                throw loader.malformed("a change stands before one that it depends on")
            }
            guard loader.changeMaxOp.base[Int(dependency)] < start else {
                throw AutomergeError(
                    .outOfOrder, "operation \(start) does not come after those it builds on", at: loader.origin)
            }
        }
    }

    private func details(
        _ index: Int, _ loader: inout DocumentLoader
    ) throws(AutomergeError) -> History.Details {
        var details = History.Details()
        let message = loader.changeMessage.base[index]
        if message.count > 0 { details.message = String(decoding: message.bytes, as: UTF8.self) }
        let meta = loader.changeExtra.base[index]
        if meta != absent, meta >> 4 > 0 { details.extra = Array(try loader.extraBytes.take(Int(meta >> 4))) }
        return details
    }
}
