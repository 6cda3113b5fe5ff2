/// Tells a radio that fell silent from an empty field: silence is nothing for 90 s where the rate of the hour before
/// predicts at least ten reports in that time.
struct SilenceWatch {
    static let patience: Int64 = 90_000_000_000
    static let leastExpected = 10.0
    private static let minute: Int64 = 60_000_000_000

    /// Reports in each of the last sixty minutes that had any; the newest last.
    private var minutes: [(number: Int64, count: Int)] = []
    private(set) var lastHeard: Int64?
    private var firstHeard: Int64?
    private(set) var total: UInt64 = 0

    /// Runs for every advertisement.
    mutating func heard(now: Int64) {
        total += 1
        lastHeard = now
        if firstHeard == nil { firstHeard = now }
        let number = now / SilenceWatch.minute
        if let last = minutes.indices.last, minutes[last].number == number {
            minutes[last].count += 1
        } else {
            minutes.append((number, 1))
            if minutes.count > 60 { minutes.removeFirst() }
        }
    }

    /// Reports a second over the hour up to the newest one, or over as much of it as was listened.
    var rate: Double {
        guard let lastHeard, let firstHeard else { return 0 }
        let newest = lastHeard / SilenceWatch.minute
        let count = minutes.reduce(0) { $1.number > newest - 60 ? $0 + $1.count : $0 }
        let span = min(lastHeard - firstHeard, 60 * SilenceWatch.minute)
        return Double(count) / (Double(max(span, SilenceWatch.minute)) / 1e9)
    }

    /// True where `since`, the last report or what was done about it, lies far enough back to do something.
    func isSilent(since: Int64? = nil, now: Int64) -> Bool {
        guard let lastHeard else { return false }
        let quiet = now - max(lastHeard, since ?? lastHeard)
        return quiet >= SilenceWatch.patience
            && rate * Double(SilenceWatch.patience) / 1e9 >= SilenceWatch.leastExpected
    }
}
