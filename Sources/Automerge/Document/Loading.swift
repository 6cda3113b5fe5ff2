import Hashing

extension Document {
    /// Reads what `save` wrote: documents and changes, one after another. On an error nothing was loaded; the error
    /// tells where.
    public init(loading bytes: [UInt8], actor: ActorID, limits: Limits = Limits()) throws(AutomergeError) {
        self.init(actor: actor, limits: limits)
        try load(bytes)
    }

    /// Brings in what is in the bytes: documents and changes, one after another.
    @discardableResult
    public mutating func load(_ bytes: [UInt8]) throws(AutomergeError) -> Applied {
        try bytes.read { bytes throws(AutomergeError) in try load(bytes) }
    }

    private mutating func load(_ bytes: UnsafeRawBufferPointer) throws(AutomergeError) -> Applied {
        var reader = ByteReader(bytes)
        var changes: [Change] = []
        var writer = ChangeWriter()
        var first: Store?
        while !reader.isAtEnd {
            let chunk = try Chunk(&reader)
            switch chunk.kind {
            case .change, .deflatedChange: changes.append(try Change(chunk, limits))
            case .document:
                let loaded = try Store(document: chunk, limits)
                if first == nil, changes.isEmpty, store.history.count == 0 {
                    first = loaded
                } else {
                    for index in 0..<loaded.history.count where !contains(loaded.history.hash(of: UInt32(index))) {
                        changes.append(loaded.change(UInt32(index), &writer))
                    }
                }
            case .bundle:
                throw AutomergeError(.malformed, "bundles of changes are not supported", at: chunk.body.origin)
            }
        }
        guard let first else { return try apply(changes) }
        let empty = store
        store = first
        do throws(AutomergeError) {
            var result = try apply(changes)
            result.applied = first.history.hashes(Array(0..<UInt32(first.history.count))) + result.applied
            return result
        } catch {
            store = empty
            throw error
        }
    }
}

extension Store {
    /// Reads a document chunk: sorts its operations back into changes, and checks each change's hash by the heads.
    init(document chunk: Chunk, _ limits: Limits) throws(AutomergeError) {
        self.init()
        self.limits = limits
        guard Chunk.checksum(of: SHA256.hash(chunk.hashed)) == chunk.checksum else {
            throw AutomergeError(.corrupt, "the checksum of a document does not match", at: chunk.body.origin)
        }
        var reader = chunk.body
        try readDocumentActors(&reader)
        let heads = try reader.hashes(limit: limits.heads)
        var changeTable = ColumnTable()
        var operationTable = ColumnTable()
        try changeTable.read(&reader, deflateAllowed: true)
        try operationTable.read(&reader, deflateAllowed: true)
        try changeTable.locate(&reader)
        try operationTable.locate(&reader)
        // Heads' indexes may follow; the heads are computed here, so they tell nothing new.
        var loader = DocumentLoader(origin: chunk.body.origin)
        try loader.inflate(&changeTable, limits)
        try loader.inflate(&operationTable, limits)
        if changeTable.has(other: Column.ofChanges) || operationTable.has(other: Column.ofDocument) {
            foreign = Foreign(chunk: Array(chunk.whole), heads: heads)
        }
        try loader.readChanges(changeTable, actors: actors.count, limits)
        try loader.readOperations(operationTable, limits)
        try loader.sortIntoChanges()
        try fill(from: &loader)
        try hashChanges(&loader, heads)
    }

    private mutating func readDocumentActors(_ reader: inout ByteReader) throws(AutomergeError) {
        let count = try reader.length("actors", limit: limits.actors)
        for _ in 0..<count {
            let length = try reader.length("an actor", limit: limits.actorBytes)
            let actor = ActorID(Array(try reader.take(length)))
            if let last = actors.ids.last, actor <= last {
                throw reader.failure(.malformed, "the actors are not in their order")
            }
            _ = try actors.add(actor, limit: limits.actors)
        }
    }
}
