/// How much a sensor may send: a bucket that fills at its rate and holds two seconds of it. A flood costs the flooder its
/// own samples, never a neighbour's.
struct Quota: Sendable {
    let perSecond: Double
    private var room: Double
    private var since: Int64

    private static let burstSeconds = 2.0

    init(perSecond: Double, now: Int64) {
        self.perSecond = perSecond
        room = perSecond * Quota.burstSeconds
        since = now
    }

    /// How many of `count` are let in.
    mutating func take(_ count: Int, now: Int64) -> Int {
        room = min(perSecond * Quota.burstSeconds, room + Double(max(0, now - since)) / 1e9 * perSecond)
        since = now
        let taken = min(count, Int(room))
        room -= Double(taken)
        return taken
    }
}
