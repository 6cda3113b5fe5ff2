/// When a stream's open block is closed.
public struct BlockLimits: Hashable, Sendable {
    public var samples: Int
    public var packedBytes: Int
    public var ageNs: Int64
    /// Instead of `ageNs` for streams below 1 Hz.
    public var slowAgeNs: Int64

    public init(
        samples: Int = Block.mostSamples, packedBytes: Int = 4_096, ageNs: Int64 = 600_000_000_000,
        slowAgeNs: Int64 = 3_600_000_000_000
    ) {
        self.samples = min(max(1, samples), Block.mostSamples)
        self.packedBytes = packedBytes
        self.ageNs = ageNs
        self.slowAgeNs = slowAgeNs
    }

    public static let standard = BlockLimits()
}
