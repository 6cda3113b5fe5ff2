/// Samples with consecutive numbers.
struct Stretch: Sendable {
    var first: SampleNumber
    var samples: Samples

    var end: SampleNumber { first + SampleNumber(samples.count) }

    /// In parts of at most `Block.mostSamples` samples and `Block.mostPackedBytes` bytes, of even size, each with its packing.
    func packedParts(ofBytes bytes: Int, samples limit: Int) -> [(part: Stretch, packed: [UInt8])] {
        guard samples.count > 0 else { return [] }
        var result: [(part: Stretch, packed: [UInt8])] = []
        var start = 0
        while start < samples.count {
            let part = Stretch(
                first: first + SampleNumber(start), samples: samples[start..<min(start + limit, samples.count)])
            start += part.samples.count
            part.pack(ofBytes: bytes, into: &result)
        }
        return result
    }

    private func pack(ofBytes bytes: Int, into result: inout [(part: Stretch, packed: [UInt8])]) {
        let packed = Packing.pack(samples)
        // A single sample is never over the bound: 64 texts of 255 bytes.
        guard packed.count > bytes, samples.count > 1 else {
            result.append((self, packed))
            return
        }
        let parts = min(samples.count, (packed.count + bytes - 1) / bytes)
        var start = 0
        for part in 0..<parts {
            let end = samples.count * (part + 1) / parts
            let stretch = Stretch(first: first + SampleNumber(start), samples: samples[start..<end])
            start = end
            let packed = Packing.pack(stretch.samples)
            if packed.count > Block.mostPackedBytes {
                stretch.pack(ofBytes: Block.mostPackedBytes, into: &result)
            } else {
                result.append((stretch, packed))
            }
        }
    }
}

/// Committed samples that are not yet in a closed block: most of them packed, for hundreds of slow streams wait here.
struct OpenBlock: Sendable {
    private(set) var first: SampleNumber
    private(set) var count = 0
    /// When its first sample was committed.
    private(set) var since: BootTime = 0
    private var pieces: [[UInt8]] = []
    private(set) var packedBytes = 0
    private var tail: Samples

    /// Samples that wait unpacked.
    static let mostUnpacked = 64

    init(first: SampleNumber, kind: ValueKind, width: Int) {
        self.first = first
        tail = Samples(kind: kind, width: width)
    }

    var end: SampleNumber { first + SampleNumber(count) }

    /// `packed` are the same samples as the commit has them.
    mutating func append(_ samples: Samples, packed: [UInt8], now: BootTime) {
        if count == 0 { since = now }
        count += samples.count
        if samples.count >= OpenBlock.mostUnpacked {
            packTail()
            keep(packed)
            return
        }
        tail.append(samples)
        if tail.count >= OpenBlock.mostUnpacked { packTail() }
    }

    private mutating func packTail() {
        guard !tail.isEmpty else { return }
        keep(Packing.pack(tail))
        tail.removeAll()
    }

    private mutating func keep(_ piece: [UInt8]) {
        pieces.append(piece)
        packedBytes += piece.count
    }

    var heldBytes: Int { packedBytes + tail.count * 8 * (tail.width + 1) }

    /// What its samples would take, about; the unpacked ones at the rate of the others.
    var estimatedBytes: Int {
        guard count > tail.count else { return tail.count * tail.width * 2 }
        return packedBytes * count / (count - tail.count)
    }

    /// All of it, unpacked.
    var stretch: Stretch {
        var all = Samples(kind: tail.kind, width: tail.width)
        for piece in pieces {
            guard let samples = try? Packing.unpack(piece, mostSamples: Block.mostSamples) else {
                preconditionFailure("what was packed here unpacks")
            }
            all.append(samples)
        }
        all.append(tail)
        return Stretch(first: first, samples: all)
    }

    /// Starts anew with `rest`, which was committed at `now`.
    mutating func restart(with rest: Stretch, now: BootTime) {
        self = OpenBlock(first: rest.first, kind: tail.kind, width: tail.width)
        guard rest.samples.count > 0 else { return }
        append(rest.samples, packed: Packing.pack(rest.samples), now: now)
    }
}
