import Measurements
import Notation

/// A bound of the gateway with its fill: every queue, table and buffer has one and says what happens when it is full.
public struct Limit: Sendable {
    public var name: String
    public var used: Int
    public var most: Int
    /// What did not fit since the start.
    public var drops: UInt64
    public var policy: String
    public var unit: String

    public init(_ name: String, used: Int, most: Int, drops: UInt64 = 0, unit: String = "", policy: String) {
        self.name = name
        self.used = used
        self.most = most
        self.drops = drops
        self.unit = unit
        self.policy = policy
    }

    public var json: JSON {
        [
            "name": .string(name), "used": JSON(used), "most": JSON(most), "drops": JSON(drops), "unit": .string(unit),
            "policy": .string(policy),
        ]
    }
}

extension Gateway {
    /// Every bound that this part of the house has.
    public func limits() -> [Limit] {
        let pending = recorder.pendingFill
        let hot = intake.streams.reduce(0) { $0 + $1.hot.samples.count * 8 * (1 + $1.hot.samples.width) }
        return [
            Limit(
                "sensors", used: intake.sensors.count, most: Intake.mostSensors, drops: intake.turnedAway,
                policy: "further sensors are refused"),
            Limit(
                "streams", used: intake.streams.count, most: StreamDeclaration.most,
                policy: "further sensors are refused"),
            Limit(
                "pending buffer", used: pending.bytes, most: pending.most, drops: recorder.health.overflow,
                unit: "bytes",
                policy: "samples are refused, with exact gaps"),
            Limit(
                "samples waiting in the fullest stream",
                used: intake.streams.map(\.writer.pendingCount).max() ?? 0, most: StreamWriter.mostPending,
                policy: "samples are refused, with exact gaps"),
            Limit(
                "quotas", used: 0, most: 0, drops: intake.sensors.reduce(0) { $0 + $1.overflow },
                policy: "a sensor's samples above its quota are refused, with exact gaps"),
            Limit(
                "hot history", used: hot, most: HotHistory.mostBytes, unit: "bytes",
                policy: "the oldest samples are let go"),
            Limit(
                "events", used: events.events.count, most: EventLog.most,
                drops: events.total - UInt64(events.events.count), policy: "the oldest events are let go"),
        ]
    }
}
