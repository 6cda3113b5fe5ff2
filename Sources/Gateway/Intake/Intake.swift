import Links
import Measurements
import System

/// Where readings come in: sorts them into streams, holds each sensor to its quota, and hands them to the recorder and to
/// whoever watches. Confined to the gateway's loop.
final class Intake: LinkOwner {
    static let mostSensors = 1_024

    struct Limits: Sendable {
        var quotaFactor = 2.0
        var leastQuota = 100.0
        /// Samples a second by sensor id.
        var quotas: [String: Double] = [:]
    }

    var limits: Limits
    private(set) var sensors: [SensorRecord] = []
    private(set) var streams: [StreamRecord] = []
    private var byID: [String: Int] = [:]
    private let run: RunKey
    private let boot: BootID
    private let memory: SensorMemory
    private let clock: () -> BootTime
    let recorder: Recorder
    let feed: LiveFeed
    var onLinkFailed: (any Link, any Error) -> Void = { _, _ in }
    var onClockAnchor: (ClockAnchor) -> Void = { _ in }
    var onEvent: (Event) -> Void = { _ in }

    private(set) var samples: UInt64 = 0
    private(set) var rate = Rate()
    private(set) var lastMoved: BootTime?
    private(set) var turnedAway: UInt64 = 0

    init(
        run: RunKey, boot: BootID, recorder: Recorder, feed: LiveFeed, memory: SensorMemory, limits: Limits,
        clock: @escaping () -> BootTime = { SystemClock.bootTime }
    ) {
        self.run = run
        self.boot = boot
        self.recorder = recorder
        self.feed = feed
        self.memory = memory
        self.limits = limits
        self.clock = clock
    }

    func sensor(named id: String) -> SensorRecord? { byID[id].map { sensors[$0] } }

    func samplesPerSecond() -> Double { rate.perSecond(now: clock()) }

    // MARK: What links say

    func declare(_ sensor: SensorDeclaration, from link: any Link) -> SensorHandle? {
        guard SensorDeclaration.isValidID(sensor.id), sensor.attributes.count <= SensorDeclaration.mostAttributes else {
            turnedAway += 1
            Log.warning(
                "intake", "refused the sensor '\(sensor.id)' of \(link.name): not a valid id, or too many attributes")
            return nil
        }
        if let index = byID[sensor.id] { return redeclare(sensors[index], as: sensor) }
        guard sensors.count < Intake.mostSensors,
            streams.count + sensor.attributes.count <= StreamDeclaration.most
        else {
            turnedAway += 1
            Log.warning("intake", "refused the sensor '\(sensor.id)': the gateway has as many as it takes")
            return nil
        }
        let handle = SensorHandle(index: sensors.count)
        let record = SensorRecord(
            handle: handle, declaration: sensor, streams: sensor.attributes.map { open($0, of: sensor) },
            quota: quota(for: sensor))
        let known = memory.recall(sensor.id)
        record.givenName = known?.name
        record.isEnabled = known?.isEnabled ?? true
        byID[sensor.id] = handle.index
        sensors.append(record)
        onEvent(Event(.notice, "sensor", "\(record.name) (\(sensor.id)) is here", subject: sensor.id))
        return handle
    }

    func deliver(_ readings: Readings, from handle: SensorHandle) {
        let sensor = sensors[handle.index]
        let now = clock()
        sensor.lastHeard = now
        lastMoved = now
        let refused = Samples.distribute(readings, into: &sensor.columns)
        if refused.total > 0 { sensor.note(refused, now: now) }
        for index in sensor.columns.indices where !sensor.columns[index].isEmpty {
            take(&sensor.columns[index], into: sensor.streams[index], of: sensor, now: now)
        }
    }

    func fault(_ kind: StaticString, detail: @autoclosure () -> String, sensor: SensorHandle) {
        sensors[sensor.index].count(fault: "\(kind)", detail: detail(), now: clock())
    }

    func clockAnchor(unixTime: Int64, at bootTime: BootTime, errorNs: Int64, sensor: SensorHandle) {
        onClockAnchor(
            ClockAnchor(
                boot: boot, time: bootTime, wall: unixTime, errorNs: UInt64(max(0, errorNs)), source: .gps,
                witness: sensors[sensor.index].declaration.id))
    }

    func state(_ text: String, healthy: Bool, sensor: SensorHandle) {
        let record = sensors[sensor.index]
        if record.isHealthy != healthy {
            onEvent(
                Event(healthy ? .notice : .warning, "sensor", "\(record.name): \(text)", subject: record.declaration.id)
            )
        }
        record.state = text
        record.isHealthy = healthy
    }

    func linkFailed(_ link: any Link, _ error: any Error) { onLinkFailed(link, error) }

    // MARK: What people say

    /// False where there is no such sensor.
    func rename(_ id: String, to name: String) -> Bool {
        guard let record = sensor(named: id) else { return false }
        record.givenName = name
        remember(record)
        return true
    }

    func enable(_ id: String, _ enabled: Bool, who: String) -> Bool {
        guard let record = sensor(named: id) else { return false }
        guard record.isEnabled != enabled else { return true }
        record.isEnabled = enabled
        remember(record)
        for stream in record.streams {
            recorder.note(
                GapRecord(
                    run: run.run, stream: stream.number, kind: .disabled,
                    extent: .atMost(after: stream.writer.nextNumber, durationNs: 0, samples: 0), time: clock(),
                    cause: enabled ? "recording again" : "recording switched off", who: who))
        }
        onEvent(
            Event(.notice, "sensor", "\(record.name) is recorded \(enabled ? "again" : "no more")", subject: id))
        return true
    }

    /// The sensor is no longer listed; what was recorded of it stays in the ring.
    func forget(_ id: String) -> Bool {
        guard let record = sensor(named: id), !record.isForgotten else { return false }
        record.isForgotten = true
        record.isEnabled = false
        memory.forget(id)
        return true
    }

    func apply(_ limits: Limits) {
        self.limits = limits
        for sensor in sensors { sensor.quota = quota(for: sensor.declaration) }
    }

    // MARK: Inside

    private func take(_ column: inout Samples, into stream: StreamRecord, of sensor: SensorRecord, now: BootTime) {
        defer { column.removeAll() }
        guard sensor.isEnabled else { return }
        let came = column.count
        let admitted = sensor.quota.take(came, now: now)
        if admitted < came { column = column[0..<admitted] }
        let first = stream.writer.nextNumber
        let kept = admitted > 0 ? recorder.take(column, into: stream) : 0
        stream.writer.refuse(came - admitted)
        if admitted < came { recorder.touch(stream) }
        sensor.overflow += UInt64(came - kept)
        guard kept > 0 else { return }
        if kept < column.count { column = column[0..<kept] }
        sensor.samples += UInt64(kept)
        sensor.rate.add(kept, now: now)
        samples += UInt64(kept)
        rate.add(kept, now: now)
        stream.hot.append(column, end: first + SampleNumber(kept))
        feed.offer(column, stream: stream, first: first)
    }

    private func open(_ attribute: AttributeDeclaration, of sensor: SensorDeclaration) -> StreamRecord {
        let number = StreamNumber(streams.count)
        let stream = StreamRecord(
            number: number, sensor: sensor.id, attribute: attribute,
            key: StreamKey(gateway: run.gateway, run: run.run, stream: number), boot: boot)
        streams.append(stream)
        recorder.adopt(stream)
        recorder.declare(StreamDeclaration(number: number, sensor: sensor, attribute: attribute))
        return stream
    }

    /// A link that comes again with what was declared before goes on in the same streams; an attribute that changed gets a
    /// stream of its own.
    private func redeclare(_ record: SensorRecord, as sensor: SensorDeclaration) -> SensorHandle? {
        record.isForgotten = false
        record.isPresent = true
        guard record.declaration.attributes != sensor.attributes else {
            record.declaration = sensor
            return record.handle
        }
        let old = Dictionary(record.streams.map { ($0.attribute, $0) }, uniquingKeysWith: { first, _ in first })
        let more = sensor.attributes.filter { old[$0] == nil }.count
        guard streams.count + more <= StreamDeclaration.most else {
            turnedAway += 1
            return nil
        }
        record.streams = sensor.attributes.map { old[$0] ?? open($0, of: sensor) }
        record.columns = sensor.attributes.map { Samples(of: $0) }
        record.declaration = sensor
        record.quota = quota(for: sensor)
        return record.handle
    }

    private func quota(for sensor: SensorDeclaration) -> Quota {
        let declared = sensor.attributes.reduce(0) { $0 + $1.nominalRate }
        let rate = limits.quotas[sensor.id] ?? max(limits.leastQuota, declared * limits.quotaFactor)
        return Quota(perSecond: rate, now: clock())
    }

    private func remember(_ record: SensorRecord) {
        memory.remember(
            record.declaration.id, .init(name: record.givenName, isEnabled: record.isEnabled))
    }
}

extension SensorRecord {
    fileprivate func note(_ more: Samples.Refused, now: BootTime) {
        refused.undeclared += more.undeclared
        refused.otherKind += more.otherKind
        refused.incomplete += more.incomplete
        refused.longTexts += more.longTexts
        count(fault: "refused_values", detail: "values that do not fit their declaration", now: now)
    }
}
