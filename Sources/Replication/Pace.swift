/// How fast backfill may go on one link: a share of what the link was seen to carry, so that live data is not delayed.
///
/// The rate is the best of the last ten seconds, not the mean: a paced link looks slow, and its own pace must not be
/// taken for its width. Every eighth second goes unpaced to see whether there is more.
struct Pace {
    private static let seconds = 10
    private var carried = [Int](repeating: 0, count: seconds)
    private var secondNumber: Int64 = 0
    private var allowance = 0.0
    private var refilled: Int64 = 0

    /// Bytes a second.
    var rate: Int { carried.max() ?? 0 }

    mutating func arrived(_ bytes: Int, now: Int64) {
        roll(now)
        carried[Int(secondNumber % Int64(Pace.seconds))] += bytes
    }

    /// Whether something may be asked for now; nothing is charged.
    mutating func isOpen(share: Double, least: Int, now: Int64) -> Bool {
        roll(now)
        let isProbing = secondNumber % 8 == 0
        let perSecond = max(Double(least), Double(rate) * (isProbing ? 1.25 : share))
        allowance = min(perSecond / 2, allowance + perSecond * Double(now - refilled) / 1e9)
        refilled = now
        return allowance > 0
    }

    /// May go below zero: what was asked for is paid back before the next.
    mutating func charge(_ bytes: Int) { allowance -= Double(bytes) }

    private mutating func roll(_ now: Int64) {
        let number = now / second
        guard number > secondNumber else { return }
        for passed in 0..<min(number - secondNumber, Int64(Pace.seconds)) {
            carried[Int((number - passed) % Int64(Pace.seconds))] = 0
        }
        secondNumber = number
    }
}
