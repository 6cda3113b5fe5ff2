extension IntegerColumn.Dense {
    /// Sums of the magnitudes of the differences of order 0 (about the mean) to 3, each cut at 2^53.
    func differenceSums() -> [UInt64] {
        if shape.isNarrow, count > 64, count <= 4_096 { return narrowSums() }
        let center = mean()
        var (zero, first, second, third): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let scaled = UnsafePointer(scaled.baseAddress!)
        let limit: UInt64 = shape.isSmall ? .max : 1 << 48
        zero = min((scaled[0] &- center).magnitude, limit)
        for index in 1..<min(3, count) {
            let (now, one) = (scaled[index], scaled[index - 1])
            let two = index > 1 ? scaled[index - 2] : 0
            zero &+= min((now &- center).magnitude, limit)
            first &+= min((now &- one).magnitude, limit)
            second &+= min((now &- 2 &* one &+ two).magnitude, limit)
            third &+= min((now &- 3 &* one &+ 3 &* two).magnitude, limit)
        }
        if count > 3 {
            for index in 3..<count {
                let (now, one, two, three) = (
                    scaled[index], scaled[index &- 1], scaled[index &- 2], scaled[index &- 3]
                )
                zero &+= min((now &- center).magnitude, limit)
                first &+= min((now &- one).magnitude, limit)
                second &+= min((now &- 2 &* one &+ two).magnitude, limit)
                third &+= min((now &- 3 &* one &+ 3 &* two &- three).magnitude, limit)
            }
        }
        return [zero, first, second, third]
    }

    /// The same for numbers that fit in 16 bits: half words, which the compiler puts several into one register.
    private func narrowSums() -> [UInt64] {
        let (count, center) = (self.count, Int32(truncatingIfNeeded: mean()))
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: count + 3) { narrow in
            let from = narrow.baseAddress! + 3
            for index in -3..<0 { from[index] = 0 }
            for index in 0..<count { from[index] = Int32(truncatingIfNeeded: scaled[index]) }
            var (zero, first, second, third): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
            for index in 0..<count {
                let (now, one, two, three) = (from[index], from[index &- 1], from[index &- 2], from[index &- 3])
                zero &+= (now &- center).magnitude
                let step = now &- one
                first &+= step.magnitude
                let bend = step &- (one &- two)
                second &+= bend.magnitude
                third &+= (bend &- (one &- two &- (two &- three))).magnitude
            }
            return [zero, first, second, third].map(UInt64.init)
        }
    }
}
