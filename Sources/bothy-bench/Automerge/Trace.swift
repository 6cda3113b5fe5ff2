import Hashing

/// A paper being written: one character at a time, mostly where the last one was; typing mistakes taken back; now and then
/// a jump to another place, or a passage that goes.
struct Trace {
    struct Edit {
        var position: Int
        /// Nil deletes.
        var inserted: Unicode.Scalar?
    }

    var edits: [Edit] = []
    private var state: UInt64

    private mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(bound, 1)
    }

    init(edits count: Int, seed: UInt64 = 7) {
        state = seed
        edits.reserveCapacity(count)
        let letters = Array("etaoinshrdlu etaoin cmfwyp, vbgk. ETAS\nüß—".unicodeScalars)
        var length = 0
        var position = 0
        while edits.count < count {
            switch below(100) {
            case 0..<4: position = below(length + 1)
            case 4..<9: position = max(0, min(length, position + below(200) - 100))
            case 9..<12:
                for _ in 0..<min(below(40), position, count - edits.count) { remove(&position, &length) }
            case 12..<40:
                for _ in 0..<min(1 + below(4), position, count - edits.count) { remove(&position, &length) }
            default:
                for _ in 0..<min(1 + below(12), count - edits.count) {
                    edits.append(Edit(position: position, inserted: letters[below(letters.count)]))
                    position += 1
                    length += 1
                }
            }
        }
    }

    private mutating func remove(_ position: inout Int, _ length: inout Int) {
        position -= 1
        length -= 1
        edits.append(Edit(position: position, inserted: nil))
    }

    /// For the peers: a position and a character's number a line, -1 for a deletion.
    var lines: [UInt8] {
        var text: [UInt8] = []
        for edit in edits { text += "\(edit.position) \(edit.inserted.map { Int($0.value) } ?? -1)\n".utf8 }
        return text
    }
}
