import Decoders
import Measurements

/// What speaks on an open port: a stream of frames, or the units of a Modbus line. It outlives the port: unplugged and
/// plugged in again, its sensors and counts go on.
protocol SerialSession: AnyObject {
    var counters: [(name: String, value: UInt64)] { get }
    /// Makes the sensors known, before the port is first opened.
    func begin(_ link: SerialLink, _ owner: any LinkOwner)
    func opened(_ line: any SerialLine, now: BootTime)
    func received(_ bytes: UnsafeRawBufferPointer, _ line: any SerialLine, now: BootTime)
    /// The time asked for by `wake` has come.
    func woken(_ line: any SerialLine, now: BootTime)
    /// Every second, whether the port is open or not.
    func tick(isOpen: Bool, now: BootTime)
    func closed(_ reason: String, now: BootTime)
}

/// What a session may ask of its port.
protocol SerialLine: AnyObject {
    func send(_ bytes: [UInt8])
    func wake(at time: BootTime)
}

/// A sensor behind a port as the owner knows it: declared again whenever it shows an attribute it had not.
final class SerialSensor {
    let settings: SerialSensorSettings
    private var declaration: SensorDeclaration
    private var seen: SeenAttributes
    private weak var owner: (any LinkOwner)?
    private weak var link: SerialLink?
    private var handle: SensorHandle?
    private var shown = ""
    private let silenceNs: Int64
    private var lastData: BootTime?

    init(
        _ settings: SerialSensorSettings, kind: String, decoder: String, attributes: [AttributeDeclaration],
        unchecked: Bool, port: SerialPortSettings
    ) {
        self.settings = settings
        seen = SeenAttributes(attributes)
        silenceNs = Int64(port.silenceSeconds) * 1_000_000_000
        declaration = SensorDeclaration(
            id: settings.id, name: settings.name, kind: kind, origin: "serial:\(port.port)", decoder: decoder,
            attributes: [], unchecked: unchecked)
    }

    func begin(_ link: SerialLink, _ owner: any LinkOwner) {
        self.owner = owner
        self.link = link
        handle = owner.declare(declaration, from: link)
    }

    /// Hands over the readings and empties them.
    func deliver(_ readings: inout Readings, now: BootTime) {
        defer { readings.removeAll() }
        guard !readings.entries.isEmpty, let owner, let link else { return }
        if seen.settle(&readings) {
            declaration.attributes = seen.declared
            handle = owner.declare(declaration, from: link)
        }
        guard let handle else { return }
        lastData = now
        owner.deliver(readings, from: handle)
        state("receiving", healthy: true)
    }

    func fault(_ kind: StaticString, _ detail: @autoclosure () -> String) {
        if let owner, let handle { owner.fault(kind, detail: detail(), sensor: handle) }
    }

    func anchor(_ anchor: NMEADecoder.Anchor, at time: BootTime) {
        guard let owner, let handle else { return }
        owner.clockAnchor(unixTime: anchor.unixTime, at: time, errorNs: anchor.errorNs, sensor: handle)
    }

    /// Said once for as long as it stays so.
    func state(_ text: String, healthy: Bool) {
        guard text != shown, let owner, let handle else { return }
        shown = text
        owner.state(text, healthy: healthy, sensor: handle)
    }

    func opened(now: BootTime) { lastData = now }

    func tick(now: BootTime) {
        guard let lastData, now - lastData > silenceNs else { return }
        // In steps, so that it is not said again every second.
        let minutes = (now - lastData) / 60_000_000_000
        state(minutes < 1 ? "no data for \(silenceNs / 1_000_000_000) s" : "no data for \(minutes) min", healthy: false)
    }
}
