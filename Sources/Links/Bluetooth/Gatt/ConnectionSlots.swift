/// Who may be connected now: an adapter takes few connections at once and gets confused when it makes two at the same time.
/// Sensors that cannot be reached wait longer and longer; where more want in than there are slots, they take turns.
struct ConnectionSlots {
    enum Event {
        case want(Int)
        case forget(Int)
        /// It advertises: now is a good time.
        case heard(Int)
        case connected(Int)
        /// The attempt came to nothing.
        case failed(Int, Reason)
        /// A connection ended.
        case closed(Int, Reason)
        case timer
        /// Connecting is not possible for now (no adapter, pairing under way) or again.
        case suspended(Bool)
    }

    enum Reason: Hashable {
        /// Out of range or asleep.
        case absent
        /// It dropped the link, or the radio did.
        case dropped
        /// It wants a person to do something; trying often would not help.
        case refused
        /// The adapter takes no more connections.
        case full
        /// We ended it ourselves.
        case ours
    }

    enum Directive: Hashable {
        case connect(Int)
        /// Give up the attempt.
        case cancel(Int)
        /// Make room for another.
        case disconnect(Int)
    }

    private enum State: Hashable { case waiting, connecting(until: Int64), connected(since: Int64), leaving }

    private struct Sensor {
        var state = State.waiting
        var failures = 0
        var notBefore: Int64 = 0
        var lastHeard: Int64?
        var waitingSince: Int64
        var reason = Reason.absent
    }

    /// An absent device would keep the radio for 40 s.
    static let attempt: Int64 = 20_000_000_000
    /// A turn, where there are not enough slots for all.
    static let turn: Int64 = 60_000_000_000
    static let shortestPause: Int64 = 1_000_000_000
    static let longestPause: Int64 = 300_000_000_000
    /// Heard this recently, a device is taken to be there.
    static let freshness: Int64 = 30_000_000_000

    private(set) var slots: Int
    private var sensors: [Int: Sensor] = [:]
    private var isSuspended = false
    private(set) var limitLearnt = false

    init(slots: Int) { self.slots = max(1, slots) }

    var connectedCount: Int { sensors.values.reduce(0) { if case .connected = $1.state { $0 + 1 } else { $0 } } }
    var isConnecting: Bool { sensors.values.contains { if case .connecting = $0.state { true } else { false } } }

    /// When the timer is wanted next.
    var deadline: Int64? {
        guard !sensors.isEmpty else { return nil }
        var times: [Int64] = []
        for sensor in sensors.values {
            switch sensor.state {
            case .connecting(let until): times.append(until)
            case .connected(let since) where isCrowded: times.append(since + ConnectionSlots.turn)
            case .waiting: times.append(sensor.notBefore)
            default: break
            }
        }
        return times.min()
    }

    private var isCrowded: Bool { sensors.count > slots }

    mutating func handle(_ event: Event, now: Int64) -> [Directive] {
        var out: [Directive] = []
        switch event {
        case .want(let id): if sensors[id] == nil { sensors[id] = Sensor(waitingSince: now) }
        case .forget(let id): forget(id, &out)
        case .heard(let id): heard(id, now)
        case .connected(let id): sensors[id]?.state = .connected(since: now)
        case .failed(let id, let reason): ended(id, reason, wasConnected: nil, now)
        case .closed(let id, let reason):
            if case .connected(let since) = sensors[id]?.state {
                ended(id, reason, wasConnected: since, now)
            } else {
                ended(id, reason == .dropped ? .ours : reason, wasConnected: nil, now)
            }
        case .suspended(let suspended):
            isSuspended = suspended
            if suspended {
                for (id, sensor) in sensors {
                    if case .connecting = sensor.state {
                        out.append(.cancel(id))
                        sensors[id]?.state = .waiting
                    }
                }
            }
        case .timer: break
        }
        timeOut(now, &out)
        rotate(now, &out)
        connectNext(now, &out)
        return out
    }

    private mutating func forget(_ id: Int, _ out: inout [Directive]) {
        guard let sensor = sensors.removeValue(forKey: id) else { return }
        switch sensor.state {
        case .connecting: out.append(.cancel(id))
        case .connected, .leaving: out.append(.disconnect(id))
        case .waiting: break
        }
    }

    private mutating func heard(_ id: Int, _ now: Int64) {
        sensors[id]?.lastHeard = now
        // Whoever was only out of range need not wait out the pause, once there is a sign of life.
        guard let sensor = sensors[id], sensor.state == .waiting, sensor.reason == .absent || sensor.reason == .dropped
        else { return }
        let least = ConnectionSlots.shortestPause * Int64(min(sensor.failures, 10))
        sensors[id]?.notBefore = min(sensor.notBefore, max(now, sensor.waitingSince + least))
    }

    private mutating func ended(_ id: Int, _ reason: Reason, wasConnected since: Int64?, _ now: Int64) {
        guard var sensor = sensors[id] else { return }
        sensor.state = .waiting
        sensor.waitingSince = now
        sensor.reason = reason
        if reason == .full {
            // As many as stand now are what the adapter takes.
            slots = max(1, min(slots, connectedCount))
            limitLearnt = true
        }
        // A link that stood for a while wipes out old failures.
        if let since, now - since > ConnectionSlots.turn { sensor.failures = 0 }
        if reason == .ours {
            sensor.notBefore = now + ConnectionSlots.shortestPause
        } else {
            sensor.failures += 1
            let doubled = ConnectionSlots.shortestPause << Int64(min(sensor.failures - 1, 10))
            sensor.notBefore =
                now + (reason == .refused ? ConnectionSlots.longestPause : min(doubled, ConnectionSlots.longestPause))
        }
        sensors[id] = sensor
    }

    private mutating func timeOut(_ now: Int64, _ out: inout [Directive]) {
        for (id, sensor) in sensors {
            guard case .connecting(let until) = sensor.state, now >= until else { continue }
            out.append(.cancel(id))
            ended(id, .absent, wasConnected: nil, now)
        }
    }

    /// Takes the slot of the longest connected once others wait and its turn is over.
    private mutating func rotate(_ now: Int64, _ out: inout [Directive]) {
        guard !isSuspended, let waiting = candidate(now), sensors[waiting] != nil, taken >= slots else { return }
        let oldest = sensors.compactMap { id, sensor -> (Int, Int64)? in
            if case .connected(let since) = sensor.state { (id, since) } else { nil }
        }.min { ($0.1, $0.0) < ($1.1, $1.0) }
        guard let (id, since) = oldest, now - since >= ConnectionSlots.turn else { return }
        sensors[id]?.state = .leaving
        out.append(.disconnect(id))
    }

    private var taken: Int { sensors.values.reduce(0) { $1.state == .waiting ? $0 : $0 + 1 } }

    /// Who waited longest among those that may try and were heard lately, or were never heard.
    private func candidate(_ now: Int64) -> Int? {
        let ready = sensors.filter { _, sensor in
            guard sensor.state == .waiting, now >= sensor.notBefore else { return false }
            guard let heard = sensor.lastHeard else { return true }
            return now - heard <= ConnectionSlots.freshness || sensor.failures == 0
                || now - sensor.waitingSince >= ConnectionSlots.longestPause
        }
        return ready.min { ($0.value.waitingSince, $0.key) < ($1.value.waitingSince, $1.key) }?.key
    }

    private mutating func connectNext(_ now: Int64, _ out: inout [Directive]) {
        guard !isSuspended, !isConnecting, taken < slots, let id = candidate(now) else { return }
        sensors[id]?.state = .connecting(until: now + ConnectionSlots.attempt)
        out.append(.connect(id))
    }
}
