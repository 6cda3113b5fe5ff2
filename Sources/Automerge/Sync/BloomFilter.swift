import Hashing

/// Which changes somebody has, in ten bits a change; one in a hundred that he lacks seems to be there.
struct BloomFilter: Hashable {
    private static let bitsPerEntry = 10
    private static let probes = 7
    /// What others may ask for, so that a message cannot make us count without end.
    private static let maximumProbes = 64

    private(set) var entries = 0
    private var bitsPerEntry = BloomFilter.bitsPerEntry
    private var probes = BloomFilter.probes
    private var bits: [UInt8] = []

    init() {}

    init(_ hashes: [ChangeHash]) {
        entries = hashes.count
        bits = [UInt8](repeating: 0, count: (entries * bitsPerEntry + 7) / 8)
        for hash in hashes {
            forEachProbe(hash) { bit in
                bits[bit / 8] |= 1 << UInt8(bit % 8)
                return true
            }
        }
    }

    init(_ bytes: UnsafeRawBufferPointer, origin: Int) throws(AutomergeError) {
        guard !bytes.isEmpty else { return }
        var reader = ByteReader(bytes, origin: origin)
        entries = try reader.length("entries of a filter", limit: Int(UInt32.max))
        bitsPerEntry = try reader.length("bits an entry", limit: 1 << 10)
        probes = try reader.length("probes", limit: BloomFilter.maximumProbes)
        bits = Array(try reader.take((entries * bitsPerEntry + 7) / 8))
        guard reader.isAtEnd else { throw reader.failure(.malformed, "a filter is longer than it says") }
    }

    var encoded: [UInt8] {
        guard entries > 0 else { return [] }
        var writer = ByteWriter(capacity: bits.count + 8)
        writer.uleb(UInt64(entries))
        writer.uleb(UInt64(bitsPerEntry))
        writer.uleb(UInt64(probes))
        writer.append(bits)
        return writer.array
    }

    func contains(_ hash: ChangeHash) -> Bool {
        guard !bits.isEmpty else { return false }
        return forEachProbe(hash) { bit in bits[bit / 8] >> UInt8(bit % 8) & 1 != 0 }
    }

    /// The places of a hash, until `body` says that it has seen enough.
    @inline(__always)
    @discardableResult
    private func forEachProbe(_ hash: ChangeHash, _ body: (Int) -> Bool) -> Bool {
        let modulo = UInt64(bits.count * 8)
        let start: (UInt64, UInt64, UInt64) = withUnsafeBytes(of: hash) { bytes in
            func word(_ at: Int) -> UInt64 {
                UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))) % modulo
            }
            return (word(0), word(4), word(8))
        }
        var (x, y) = (start.0, start.1)
        for _ in 0..<probes {
            guard body(Int(x)) else { return false }
            x = (x + y) % modulo
            y = (y + start.2) % modulo
        }
        return true
    }
}
