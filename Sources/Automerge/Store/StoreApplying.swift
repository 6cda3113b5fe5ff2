extension Store {
    /// Applies a change whose dependencies are here. On an error the document is as it was.
    mutating func apply(
        _ change: Change, _ reader: inout ChangeReader, _ writer: inout ChangeWriter
    ) throws(AutomergeError) {
        let mark = mark
        do throws(AutomergeError) {
            try applyUnguarded(change, &reader, &writer)
        } catch {
            rewind(to: mark)
            throw error
        }
    }

    private mutating func applyUnguarded(
        _ change: Change, _ reader: inout ChangeReader, _ writer: inout ChangeWriter
    ) throws(AutomergeError) {
        let author = try actors.add(change.actor, limit: limits.actors)
        let dependencies = try check(change, author)
        let firstRow = operations.count
        openActor = author
        openCounter = change.startOp
        openRow = firstRow
        let extra = try change.chunk.read { bytes throws(AutomergeError) -> [UInt8] in
            var bytes = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[change.actorsAt...]), origin: change.actorsAt)
            try readActors(of: &bytes, author, &reader)
            try reader.readColumns(&bytes, count: change.operationCount, limits)
            try appendOperations(change, author, &reader)
            return Array(reader.extra)
        }
        openActor = -1
        let header = ChangeWriter.Header(
            actor: author, sequence: UInt32(change.sequence), startOp: change.startOp, time: change.time,
            message: change.message, dependencies: change.dependencies, extra: extra)
        writer.write(header, rows: firstRow..<operations.count, of: self)
        let details = History.Details(
            message: change.message, extra: extra, verbatim: writer.hash == change.hash ? nil : change.chunk)
        history.append(
            record(header, change.hash, firstRow), dependencies: dependencies, rowCount: change.operationCount, details)
    }

    func record(_ header: ChangeWriter.Header, _ hash: ChangeHash, _ firstRow: Int) -> History.Record {
        History.Record(
            hash: hash, time: header.time, actor: UInt32(header.actor), sequence: header.sequence,
            startOp: header.startOp, firstRow: UInt32(firstRow), dependencies: Links.none)
    }

    /// Whether the change fits behind what is here; the result are its dependencies.
    private func check(_ change: Change, _ author: Int) throws(AutomergeError) -> [UInt32] {
        let next = history.lastSequence(of: author) + 1
        guard change.sequence >= next else {
            throw AutomergeError(
                .equivocation, "actor \(change.actor) has another change with sequence number \(change.sequence)")
        }
        guard change.sequence == next else {
            throw AutomergeError(
                .outOfOrder, "change \(change.sequence) of actor \(change.actor) comes where \(next) is due")
        }
        guard history.count < limits.changes else {
            throw AutomergeError(.tooLarge, "more than the limit of \(limits.changes) changes")
        }
        guard operations.count + change.operationCount <= limits.operations else {
            throw AutomergeError(.tooLarge, "more than the limit of \(limits.operations) operations")
        }
        var dependencies: [UInt32] = []
        for hash in change.dependencies {
            guard let index = history.find(hash) else {
                throw AutomergeError(.unknownChange, "a dependency is not here")
            }
            dependencies.append(index)
            try check(change, comesAfter: index)
        }
        if let last = history.lastChange(of: author) { try check(change, comesAfter: last) }
        return dependencies
    }

    private func check(_ change: Change, comesAfter index: UInt32) throws(AutomergeError) {
        let rows = history.rows(of: index, total: operations.count)
        let last = history.startOp(of: index) + UInt32(rows.count) - 1
        guard change.startOp > last else {
            throw AutomergeError(
                .outOfOrder, "operation \(change.startOp) does not come after operation \(last), which it builds on")
        }
    }

    private mutating func readActors(
        of bytes: inout ByteReader, _ author: Int, _ reader: inout ChangeReader
    ) throws(AutomergeError) {
        let count = try bytes.length("actors", limit: limits.actors)
        reader.actors.removeAll(keepingCapacity: true)
        reader.actors.append(author)
        for _ in 0..<count {
            let actor = ActorID(Array(try bytes.take(try bytes.length("an actor", limit: limits.actorBytes))))
            guard let known = actors.index(of: actor) else {
                throw bytes.failure(.unknownReference, "actor \(actor) is named but has written nothing here")
            }
            reader.actors.append(known)
        }
    }
}
