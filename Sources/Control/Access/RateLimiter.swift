/// How often somebody may do something: so many at once, so many a second after. One bucket a key; of keys there are at
/// most `capacity`, and when there are more the fullest buckets (who has not asked for long) are forgotten.
struct RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: Int64
    }

    static let capacity = 1024
    let burst: Double
    let perSecond: Double
    private var buckets: [String: Bucket] = [:]
    private(set) var refused: UInt64 = 0
    var keys: Int { buckets.count }

    init(burst: Double, perSecond: Double) {
        self.burst = burst
        self.perSecond = perSecond
    }

    /// `now` in nanoseconds.
    mutating func allows(_ key: String, now: Int64) -> Bool {
        var bucket = buckets[key] ?? Bucket(tokens: burst, at: now)
        bucket.tokens = min(burst, bucket.tokens + Double(now - bucket.at) / 1e9 * perSecond)
        bucket.at = now
        let allowed = bucket.tokens >= 1
        if allowed { bucket.tokens -= 1 } else { refused += 1 }
        if buckets[key] == nil, buckets.count >= RateLimiter.capacity { forget(now: now) }
        buckets[key] = bucket
        return allowed
    }

    private mutating func forget(now: Int64) {
        buckets = buckets.filter { $0.value.tokens + Double(now - $0.value.at) / 1e9 * perSecond < burst }
        // All are in use: whoever floods us from a thousand addresses makes us forget somebody's debts, no more.
        if buckets.count >= RateLimiter.capacity { buckets.removeAll(keepingCapacity: true) }
    }
}
