import Notation

/// What is known of the gateway's loop without waiting for it: when it last answered, and what it then said.
struct Pulse: Sendable {
    static let latestNs: Int64 = 2_000_000_000
    private(set) var answered: Int64 = 0
    private(set) var commitsInTime = false
    /// Asked and not yet answered.
    var asking = false

    mutating func answered(_ health: Health, now: Int64) {
        answered = now
        commitsInTime = health.commitsInTime
        asking = false
    }

    func answer(now: Int64) -> Response {
        let alive = now - answered <= Pulse.latestNs
        return Response(
            json: ["alive": JSON(alive), "commits_in_time": JSON(commitsInTime)],
            status: alive && commitsInTime ? 200 : 503)
    }
}
