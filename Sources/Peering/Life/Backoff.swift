/// Growing pauses between attempts, each drawn from the upper half of its span, so that many who lost the same thing do
/// not come back at once.
public struct Backoff: Hashable, Sendable {
    public var first: Int64
    public var most: Int64
    public private(set) var attempts = 0

    public init(first: Int64 = 500_000_000, most: Int64 = 30_000_000_000) {
        self.first = first
        self.most = most
    }

    /// The next pause; `random` is any 64 random bits.
    public mutating func next(random: UInt64) -> Int64 {
        let span = attempts >= 30 ? most : min(most, first << Int64(attempts))
        attempts += 1
        return span / 2 + Int64(random % UInt64(max(1, span / 2)))
    }

    public mutating func reset() { attempts = 0 }
}
