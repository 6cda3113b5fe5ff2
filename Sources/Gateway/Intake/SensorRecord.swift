import Links
import Measurements

/// What the gateway knows of one sensor while it runs. Outlives its link: a link that is restarted finds it again.
final class SensorRecord {
    let handle: SensorHandle
    var declaration: SensorDeclaration
    /// What people call it, where they renamed it.
    var givenName: String?
    var isEnabled = true
    var isForgotten = false
    /// Declared by a link that runs now.
    var isPresent = true
    var streams: [StreamRecord]
    /// Reused for every delivery.
    var columns: [Samples]
    var quota: Quota
    var rate = Rate()
    var samples: UInt64 = 0
    var overflow: UInt64 = 0
    var refused = Samples.Refused()
    var faults: [String: FaultCount] = [:]
    var state = ""
    var isHealthy = true
    var lastHeard: BootTime?

    struct FaultCount {
        var count: UInt64 = 0
        var newest = ""
        var at: BootTime = 0
    }

    /// Kinds of faults a sensor; a further kind is counted as `other`.
    static let mostFaultKinds = 32

    init(handle: SensorHandle, declaration: SensorDeclaration, streams: [StreamRecord], quota: Quota) {
        self.handle = handle
        self.declaration = declaration
        self.streams = streams
        self.quota = quota
        columns = declaration.attributes.map { Samples(of: $0) }
    }

    var name: String { givenName ?? declaration.name }

    func count(fault kind: String, detail: String, now: BootTime) {
        let kind = faults[kind] != nil || faults.count < SensorRecord.mostFaultKinds ? kind : "other"
        faults[kind, default: FaultCount()].count += 1
        faults[kind]?.newest = detail
        faults[kind]?.at = now
    }
}

/// One attribute of one sensor in this run.
final class StreamRecord {
    let number: StreamNumber
    let sensor: String
    let attribute: AttributeDeclaration
    var writer: StreamWriter
    var hot: HotHistory
    /// What the last seal said of it.
    var sealedNumber: SampleNumber = 0
    /// Whether the recorder has it on its list for the next commit.
    var isDirty = false

    init(number: StreamNumber, sensor: String, attribute: AttributeDeclaration, key: StreamKey, boot: BootID) {
        self.number = number
        self.sensor = sensor
        self.attribute = attribute
        writer = StreamWriter(key: key, boot: boot, attribute: attribute)
        hot = HotHistory(of: attribute)
    }
}
