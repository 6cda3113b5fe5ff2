import Gateway
import Notation

/// The gateway's numbers for Prometheus.
enum GatewayMetrics {
    static func all(of gateway: Gateway) -> [Metric] {
        let status = gateway.status()
        func number(_ part: String, _ name: String) -> Double { status[part]?[name]?.double ?? 0 }
        var metrics = [
            Metric("samples_total", .counter, "Samples taken in since the start.", number("recording", "samples")),
            Metric(
                "samples_per_second", .gauge, "Samples taken in a second, over the last ten.",
                number("recording", "samples_per_second")),
            Metric("sensors", .gauge, "Sensors known.", number("recording", "sensors")),
            Metric("overflow_total", .counter, "Samples turned away above quota.", number("recording", "overflow")),
            Metric("commits_total", .counter, "Commits made durable.", number("store", "commits")),
            Metric("blocks_total", .counter, "Blocks closed.", number("store", "blocks")),
            Metric("seals_total", .counter, "Seals signed.", number("store", "seals")),
            Metric("uptime_seconds", .gauge, "Seconds since the start.", number("gateway", "uptime_s")),
            Metric("resident_bytes", .gauge, "Memory of the process.", number("process", "resident_bytes")),
            Metric(
                "healthy", .gauge, "1 where nothing grave needs attention.", status["healthy"]?.boolean == true ? 1 : 0),
        ]
        let limits = gateway.limits()
        func labelled(_ value: (Limit) -> Double) -> [(labels: [(name: String, value: String)], value: Double)] {
            limits.map { (labels: [(name: "queue", value: $0.name)], value: value($0)) }
        }
        metrics += [
            Metric("queue_used", .gauge, "How full each bounded thing is.", labelled { Double($0.used) }),
            Metric("queue_most", .gauge, "How much each bounded thing may hold.", labelled { Double($0.most) }),
            Metric("queue_drops_total", .counter, "What did not fit.", labelled { Double($0.drops) }),
        ]
        metrics.append(
            Metric(
                "component_restarts_total", .counter, "Restarts of each supervised part.",
                gateway.root.reports().map {
                    (labels: [(name: "component", value: $0.path)], value: Double($0.restarts))
                }))
        return metrics
    }
}
