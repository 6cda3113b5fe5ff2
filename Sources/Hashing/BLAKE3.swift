/// BLAKE3: what iroh names gossip messages by and signs relay challenges over. libsodium has it not, so it is written
/// here, from the paper; messages are small, so it is plain rather than vectorised.
public enum BLAKE3 {
    public static func hash(_ bytes: [UInt8]) -> Bytes32 { bytes.withUnsafeBytes { hash($0) } }

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Bytes32 {
        Tree(key: initialization, flags: 0).root(bytes)
    }

    /// The key that `material` gives for one purpose; `context` names the purpose for ever.
    public static func deriveKey(context: String, from material: [UInt8]) -> Bytes32 {
        let named = Array(context.utf8).withUnsafeBytes {
            Tree(key: initialization, flags: Flag.deriveKeyContext).root($0)
        }
        let key = withUnsafeBytes(of: named) { bytes in
            (0..<8).map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
        }
        return material.withUnsafeBytes { Tree(key: key, flags: Flag.deriveKeyMaterial).root($0) }
    }

    private static let initialization: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    private enum Flag {
        static let chunkStart: UInt32 = 1
        static let chunkEnd: UInt32 = 2
        static let parent: UInt32 = 4
        static let root: UInt32 = 8
        static let deriveKeyContext: UInt32 = 32
        static let deriveKeyMaterial: UInt32 = 64
    }

    private static let chunkLength = 1024
    private static let blockLength = 64
    private static let permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]

    /// The binary tree of 1,024-byte chunks; a left subtree is always the largest full one.
    private struct Tree {
        let key: [UInt32]
        let flags: UInt32

        func root(_ bytes: UnsafeRawBufferPointer) -> Bytes32 {
            let words = node(bytes, chunk: 0, extra: Flag.root)
            return Bytes32 { out in
                for (index, word) in words.enumerated() {
                    for byte in 0..<4 { out[4 * index + byte] = UInt8(truncatingIfNeeded: word >> UInt32(8 * byte)) }
                }
            }
        }

        private func node(_ bytes: UnsafeRawBufferPointer, chunk: UInt64, extra: UInt32) -> [UInt32] {
            guard bytes.count > chunkLength else { return leaf(bytes, chunk: chunk, extra: extra) }
            var leftChunks = 1
            while leftChunks * 2 * chunkLength < bytes.count { leftChunks *= 2 }
            let split = leftChunks * chunkLength
            let left = node(.init(rebasing: bytes[..<split]), chunk: chunk, extra: 0)
            let right = node(.init(rebasing: bytes[split...]), chunk: chunk + UInt64(leftChunks), extra: 0)
            var value = key
            compress(
                &value, left + right, counter: 0, length: UInt32(blockLength), flags: flags | Flag.parent | extra)
            return value
        }

        private func leaf(_ bytes: UnsafeRawBufferPointer, chunk: UInt64, extra: UInt32) -> [UInt32] {
            var value = key
            var offset = 0
            repeat {
                let length = min(blockLength, bytes.count - offset)
                var message = [UInt32](repeating: 0, count: 16)
                message.withUnsafeMutableBytes { words in
                    if length > 0 { words.copyMemory(from: .init(rebasing: bytes[offset..<offset + length])) }
                }
                for index in 0..<16 { message[index] = UInt32(littleEndian: message[index]) }
                var blockFlags = flags
                if offset == 0 { blockFlags |= Flag.chunkStart }
                if offset + length == bytes.count { blockFlags |= Flag.chunkEnd | extra }
                compress(&value, message, counter: chunk, length: UInt32(length), flags: blockFlags)
                offset += length
            } while offset < bytes.count
            return value
        }
    }

    /// Replaces the chaining value by that of one more block. The tuple-free workspace keeps debug builds bearable.
    private static func compress(
        _ value: inout [UInt32], _ block: [UInt32], counter: UInt64, length: UInt32, flags: UInt32
    ) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 48) { space in
            let v = space.baseAddress!
            var m = v + 16
            var next = v + 32
            for index in 0..<8 {
                v[index] = value[index]
                v[8 + index] = index < 4 ? initialization[index] : 0
            }
            v[12] = UInt32(truncatingIfNeeded: counter)
            v[13] = UInt32(truncatingIfNeeded: counter >> 32)
            v[14] = length
            v[15] = flags
            for index in 0..<16 { m[index] = block[index] }
            for round in 0..<7 {
                for column in 0..<4 {
                    mix(v, column, 4 + column, 8 + column, 12 + column, m[2 * column], m[2 * column + 1])
                }
                for column in 0..<4 {
                    mix(
                        v, column, 4 + (column + 1) & 3, 8 + (column + 2) & 3, 12 + (column + 3) & 3,
                        m[8 + 2 * column], m[9 + 2 * column])
                }
                guard round < 6 else { break }
                for index in 0..<16 { next[index] = m[permutation[index]] }
                swap(&m, &next)
            }
            for index in 0..<8 { value[index] = v[index] ^ v[8 + index] }
        }
    }

    @inline(__always)
    private static func mix(
        _ v: UnsafeMutablePointer<UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: UInt32, _ y: UInt32
    ) {
        v[a] = v[a] &+ v[b] &+ x
        v[d] = rotate(v[d] ^ v[a], 16)
        v[c] = v[c] &+ v[d]
        v[b] = rotate(v[b] ^ v[c], 12)
        v[a] = v[a] &+ v[b] &+ y
        v[d] = rotate(v[d] ^ v[a], 8)
        v[c] = v[c] &+ v[d]
        v[b] = rotate(v[b] ^ v[c], 7)
    }

    @inline(__always)
    private static func rotate(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
}
