/// How much of its room the ring takes.
public struct RingUsage: Hashable, Sendable {
    /// Of the file, its log not counted. It grows up to the limit and then stays.
    public var usedBytes: Int
}

extension RingReader {
    public func usage() throws(StoreError) -> RingUsage {
        try snapshot { database throws(StoreError) in
            let pages = try database.statement("PRAGMA page_count")
            defer { pages.reset() }
            guard try pages.step() else { return RingUsage(usedBytes: 0) }
            return RingUsage(usedBytes: Int(pages.integer(0)) * RingShares.pageBytes)
        }
    }
}
