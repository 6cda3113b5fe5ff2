/// How much the time between heartbeats varies, over the newest beats: RMSSD and SDNN, in milliseconds. (Task Force of the
/// European Society of Cardiology, 1996.)
struct HeartRateVariability {
    static let window = 60
    static let least = 20
    /// A beat that differs by more from the one before is a missed or an extra one, not variability.
    static let mostChange = 0.2
    static let plausible = 300.0...2000.0
    /// Told at most this often.
    static let every: Int64 = 5_000_000_000

    private var intervals: [Double] = []
    /// Whether interval n follows directly on n-1.
    private var joined: [Bool] = []
    private var previous: Double?
    private var lastTold: Int64?

    /// Takes an interval; a new value, when it is time for one.
    mutating func take(_ interval: Double, now: Int64) -> (rmssd: Double, sdnn: Double)? {
        let before = previous
        previous = interval
        guard HeartRateVariability.plausible.contains(interval) else {
            previous = nil
            return nil
        }
        if let before, abs(interval - before) > HeartRateVariability.mostChange * before { return nil }
        intervals.append(interval)
        joined.append(before != nil && before == intervals.dropLast().last)
        if intervals.count > HeartRateVariability.window {
            intervals.removeFirst()
            joined.removeFirst()
        }
        guard intervals.count >= HeartRateVariability.least,
            lastTold.map({ now - $0 >= HeartRateVariability.every }) ?? true
        else { return nil }
        lastTold = now
        return (rmssd, sdnn)
    }

    private var rmssd: Double {
        var sum = 0.0
        var count = 0
        for place in 1..<intervals.count where joined[place] {
            let difference = intervals[place] - intervals[place - 1]
            sum += difference * difference
            count += 1
        }
        return count == 0 ? 0 : (sum / Double(count)).squareRoot()
    }

    private var sdnn: Double {
        let mean = intervals.reduce(0, +) / Double(intervals.count)
        let sum = intervals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (sum / Double(intervals.count - 1)).squareRoot()
    }
}
