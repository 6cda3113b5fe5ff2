/// The size of doubles as Gorilla (Pelkonen et al., VLDB 2015) would pack them: XOR with the previous one, a window of
/// meaningful bits. Only for comparison, so that nothing is written.
enum Gorilla {
    static func bytes(_ values: [Double]) -> Int {
        guard let first = values.first else { return 0 }
        var bits = 64
        var last = first.bitPattern
        var window: (leading: Int, trailing: Int)?
        for value in values.dropFirst() {
            let change = value.bitPattern ^ last
            last = value.bitPattern
            guard change != 0 else {
                bits += 1
                continue
            }
            let (leading, trailing) = (min(change.leadingZeroBitCount, 31), change.trailingZeroBitCount)
            if let window, leading >= window.leading, trailing >= window.trailing {
                bits += 2 + 64 - window.leading - window.trailing
            } else {
                bits += 2 + 5 + 6 + 64 - leading - trailing
                window = (leading, trailing)
            }
        }
        return (bits + 7) / 8
    }
}
