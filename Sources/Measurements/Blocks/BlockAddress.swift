import Hashing

/// The hash that names a block's content. It is taken over the samples as they are, not over their packing, so that a
/// better packing needs no new signatures.
public enum BlockAddress {
    /// BLAKE2b-256 for `bothy.block.v1` of: gateway, run, stream (4 bytes), first number (8), count (4), boot (16); then
    /// for each sample its time (8) and for each of its parts the kind's tag (1) and the value: a mantissa or a
    /// double's bits (8), a boolean (1), or a text's length (4) and UTF-8. Numbers are little-endian.
    public static func of(_ samples: Samples, key: StreamKey, first: SampleNumber, boot: BootID) -> Bytes32 {
        var header = ByteWriter(reserving: 80)
        header.identifier(key.gateway)
        header.identifier(key.run)
        header.fixed(key.stream)
        header.fixed(first)
        header.fixed(UInt32(samples.count))
        header.identifier(boot)
        let hasher = BLAKE2b(purpose: "bothy.block.v1")
        hasher.update(header.bytes)
        switch samples.kind {
        case .integer:
            samples.integers.withUnsafeBytes { hash(samples, words: $0, into: hasher) }
        case .double:
            samples.doubles.withUnsafeBytes { hash(samples, words: $0, into: hasher) }
        case .boolean, .text:
            hasher.update(spelled(samples))
        }
        return hasher.finish()
    }

    private static func hash(_ samples: Samples, words: UnsafeRawBufferPointer, into hasher: BLAKE2b) {
        let (width, tag) = (samples.width, samples.kind.tag)
        let size = samples.count * (8 + 9 * width)
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
            samples.times.withUnsafeBufferPointer { times in
                var (out, word) = (0, 0)
                for time in times {
                    buffer.storeBytes(of: time.littleEndian, toByteOffset: out, as: Int64.self)
                    out += 8
                    for _ in 0..<width {
                        buffer[out] = tag
                        let bits = words.load(fromByteOffset: word, as: UInt64.self)
                        buffer.storeBytes(of: bits.littleEndian, toByteOffset: out + 1, as: UInt64.self)
                        out += 9
                        word += 8
                    }
                }
            }
            hasher.update(UnsafeRawBufferPointer(buffer))
        }
    }

    private static func spelled(_ samples: Samples) -> [UInt8] {
        var writer = ByteWriter(reserving: samples.count * (8 + 2 * samples.width))
        for index in 0..<samples.count {
            writer.fixed(samples.times[index])
            for component in 0..<samples.width {
                writer.byte(samples.kind.tag)
                if samples.kind == .boolean {
                    writer.boolean(samples.booleans[index * samples.width + component])
                } else {
                    let text = samples.texts[index * samples.width + component]
                    writer.fixed(UInt32(text.utf8.count))
                    writer.raw(text.utf8)
                }
            }
        }
        return writer.bytes
    }
}
