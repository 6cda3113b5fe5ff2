/// Randomness that is a pure function of a seed and a place: the same seed gives the same values, whatever the speed and
/// wherever one begins to read.
struct Noise: Sendable {
    private let key: UInt64

    init(seed: UInt64, name: String) {
        // FNV-1a over the name, so that neighbours in a scenario do not move in step.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        key = Noise.mix(seed ^ hash)
    }

    /// 0 up to 1.
    func unit(_ index: Int64, salt: UInt64 = 0) -> Double {
        Double(
            Noise.mix(key &+ UInt64(bitPattern: index) &* 0x9e37_79b9_7f4a_7c15 ^ salt &* 0xd6e8_feb8_6659_fd93) >> 11)
            * 0x1p-53
    }

    /// −1 up to 1.
    func signed(_ index: Int64, salt: UInt64 = 0) -> Double { 2 * unit(index, salt: salt) - 1 }

    /// A curve between random points `span` indexes apart: what a slow quantity looks like.
    func drift(_ index: Int64, span: Int64, salt: UInt64 = 0) -> Double {
        let knot = index >= 0 ? index / span : (index - span + 1) / span
        let between = Double(index - knot * span) / Double(span)
        let smooth = between * between * (3 - 2 * between)
        let left = signed(knot, salt: salt)
        return left + (signed(knot + 1, salt: salt) - left) * smooth
    }

    /// The finaliser of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
