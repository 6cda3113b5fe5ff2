import Hashing

/// Where a block stands and what its content hashes to: all that seals, receipts and range digests speak of.
public struct BlockHead: Hashable, Sendable {
    public var key: StreamKey
    public var first: SampleNumber
    public var count: Int
    public var address: Bytes32

    public init(key: StreamKey, first: SampleNumber, count: Int, address: Bytes32) {
        self.key = key
        self.first = first
        self.count = count
        self.address = address
    }

    /// The number after its last sample's.
    public var end: SampleNumber { first + SampleNumber(count) }
}

/// Consecutive samples of one stream, closed once by their origin and never cut again.
public struct Block: Hashable, Sendable {
    public var head: BlockHead
    public var boot: BootID
    /// The earliest and the latest of its samples' times; a stream's times may go back.
    public var firstTime: BootTime
    public var lastTime: BootTime
    /// One for each part of a sample.
    public var summaries: [Summary]
    /// Some packing of the samples; another may hold the same block with the same address.
    public var packed: [UInt8]

    public static let mostSamples = 1_024
    /// A block is closed at about 4 KiB; this is never passed.
    public static let mostPackedBytes = 32_768

    /// Packs, summarises and addresses `samples`, of which there are 1 to `mostSamples`.
    public init(key: StreamKey, first: SampleNumber, boot: BootID, samples: Samples) {
        self.init(key: key, first: first, boot: boot, samples: samples, packed: Packing.pack(samples))
    }

    init(key: StreamKey, first: SampleNumber, boot: BootID, samples: Samples, packed: [UInt8]) {
        precondition(!samples.isEmpty && samples.count <= Block.mostSamples, "a block has 1 to 1,024 samples")
        head = BlockHead(
            key: key, first: first, count: samples.count,
            address: BlockAddress.of(samples, key: key, first: first, boot: boot))
        self.boot = boot
        firstTime = samples.times.min() ?? 0
        lastTime = samples.times.max() ?? 0
        summaries = samples.summaries()
        self.packed = packed
    }

    /// A block as it comes from a store or from a peer: nothing but its samples and its place is believed. The address does
    /// not cover an integer's scale, which is the declaration's: with `attribute` the packing must agree with it.
    public init(
        received packed: [UInt8], key: StreamKey, first: SampleNumber, boot: BootID,
        attribute: AttributeDeclaration? = nil
    ) throws(Malformed) {
        let samples = try Packing.unpack(packed, mostSamples: Block.mostSamples)
        if let attribute, (attribute.kind, attribute.width) != (samples.kind, samples.width) {
            throw Malformed("block", .inconsistent, at: 0)
        }
        guard !samples.isEmpty, packed.count <= Block.mostPackedBytes,
            first <= SampleNumber.max - SampleNumber(samples.count)
        else {
            throw Malformed("block", .inconsistent, at: 0)
        }
        self.init(key: key, first: first, boot: boot, samples: samples, packed: packed)
    }

    public var key: StreamKey { head.key }
    public var first: SampleNumber { head.first }
    public var count: Int { head.count }
    public var end: SampleNumber { head.end }
    public var address: Bytes32 { head.address }

    public func samples() throws(Malformed) -> Samples {
        let samples = try Packing.unpack(packed, mostSamples: Block.mostSamples)
        guard samples.count == count else { throw Malformed("block", .inconsistent, at: 0) }
        return samples
    }

    /// Whether the packed bytes hold what the address says.
    public func holdsItsAddress() throws(Malformed) -> Bool { isAddress(of: try samples()) }

    func isAddress(of samples: Samples) -> Bool {
        BlockAddress.of(samples, key: key, first: first, boot: boot) == address
    }
}
