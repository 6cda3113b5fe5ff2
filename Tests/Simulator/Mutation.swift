import Hashing

/// Bytes made a little wrong: flipped, cut, grown, spliced and filled with the values that parsers trip over.
public func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
        let index = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0 where !bytes.isEmpty: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where !bytes.isEmpty: bytes[index] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
        case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: index)
        case 3: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 0...8, using: &random)))
        case 4: bytes.removeSubrange(index...)
        default:
            let end = min(bytes.count, index + Int.random(in: 0...16, using: &random))
            bytes.insert(contentsOf: Array(bytes[index..<end]), at: index)
        }
    }
    return bytes
}
