import Measurements

/// What later consumers keep in the ring: how far hubs have durably what is here, and cursors of their own.
extension Ring {
    /// A hub has everything of these streams before the numbers: it may be let go first.
    public func markReplicated(
        _ key: RunKey, before next: [(stream: StreamNumber, number: SampleNumber)]
    ) throws(StoreError) {
        let before = state
        do throws(StoreError) {
            try database.transaction { () throws(StoreError) in
                for (stream, number) in next {
                    guard
                        let known = try RingCatalog(database).find(StreamKey(key, stream: stream), in: &state),
                        (state.streams[known]?.replicatedNext ?? 0) < number
                    else { continue }
                    state.streams[known]?.replicatedNext = number
                    try database.statement("UPDATE stream SET replicated = ? WHERE id = ?")
                        .bind(1, number).bind(2, Int64(known)).execute()
                }
            }
        } catch {
            state = before
            throw error
        }
        state.marks &+= 1
    }

    /// How far hubs have a stream.
    public func replicatedNext(of key: StreamKey) throws(StoreError) -> SampleNumber {
        guard let stream = try RingCatalog(database).find(key, in: &state) else { return 0 }
        return state.streams[stream]?.replicatedNext ?? 0
    }

    public func cursor(_ name: String) throws(StoreError) -> [UInt8]? {
        let statement = try database.statement("SELECT value FROM cursor WHERE name = ?")
        defer { statement.reset() }
        return try statement.bind(1, name).step() ? statement.bytes(0) : nil
    }

    func storeCursor(_ name: String, _ value: [UInt8]) throws(StoreError) {
        try database.statement("INSERT INTO cursor VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
            .bind(1, name).bind(2, value).execute()
    }
}
