import CWebSockets

extension Service {
    /// What the server knows of itself.
    func metrics() -> [Metric] {
        let answers = counters.answers.sorted { $0.key < $1.key }
            .map { (labels: [(name: "status", value: String($0.key))], value: Double($0.value)) }
        return [
            Metric("http_requests_total", .counter, "Requests whose head was read.", Double(counters.requests)),
            Metric("http_answers_total", .counter, "Answers by status.", answers),
            Metric(
                "http_timeouts_total", .counter, "Exchanges given up because the client did not go on.",
                Double(counters.timedOut)),
            Metric(
                "http_refused_total", .counter, "Connections and requests refused because there were too many.",
                [
                    (labels: [(name: "why", value: "connections")], value: Double(bothy_web_turned_away(web))),
                    (labels: [(name: "why", value: "waiting")], value: Double(counters.refusedWaiting)),
                    (labels: [(name: "why", value: "strangers")], value: Double(strangers.refused)),
                    (labels: [(name: "why", value: "guests")], value: Double(guests.refused)),
                    (labels: [(name: "why", value: "guesses")], value: Double(guesses.refused)),
                ]),
            Metric(
                "live_messages_total", .counter, "Messages with samples sent to live subscribers.",
                Double(live.messages)),
            Metric("live_samples_total", .counter, "Samples sent to live subscribers.", Double(live.samplesSent)),
        ] + queues()
    }

    /// Every bounded table and queue of the server, in the families all queues of the gateway are in.
    private func queues() -> [Metric] {
        let all: [(name: String, depth: Int, most: Int, drops: UInt64)] = [
            (
                "http_connections", Int(bothy_web_connections(web)), configuration.mostConnections,
                bothy_web_turned_away(web)
            ),
            ("http_waiting", waiting, configuration.mostWaiting, counters.refusedWaiting),
            ("live_subscribers", live.subscribers.count, live.most, 0),
            ("live_samples", live.deepest, LiveRing.most, live.dropped),
            ("access_sessions", access.sessions.count, Access.mostSessions, 0),
            ("access_tokens", access.tokens.count, Access.mostTokens, 0),
            ("access_links", access.links.count, Access.mostLinks, 0),
        ]
        return [
            Metric(
                "control_queue_depth", .gauge, "What is in a bounded queue or table of the server.",
                all.map { ([(name: "queue", value: $0.name)], Double($0.depth)) }),
            Metric(
                "control_queue_max", .gauge, "How much it may hold.",
                all.map { ([(name: "queue", value: $0.name)], Double($0.most)) }),
            Metric(
                "control_queue_drops_total", .counter, "What found no room in it.",
                all.map { ([(name: "queue", value: $0.name)], Double($0.drops)) }),
        ]
    }
}
