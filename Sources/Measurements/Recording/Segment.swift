/// Consecutive samples of one stream since its previous commit, packed.
public struct Segment: Hashable, Sendable {
    public var stream: StreamNumber
    public var first: SampleNumber
    public var count: Int
    public var packed: [UInt8]

    public init(stream: StreamNumber, first: SampleNumber, samples: Samples) {
        self.init(stream: stream, first: first, count: samples.count, packed: Packing.pack(samples))
    }

    public init(stream: StreamNumber, first: SampleNumber, count: Int, packed: [UInt8]) {
        self.stream = stream
        self.first = first
        self.count = count
        self.packed = packed
    }

    public var end: SampleNumber { first + SampleNumber(count) }

    public func samples() throws(Malformed) -> Samples {
        let samples = try Packing.unpack(packed, mostSamples: Block.mostSamples)
        guard samples.count == count else { throw Malformed("segment", .inconsistent, at: 0) }
        return samples
    }
}
