import Decoders
import Measurements

/// One sensor whose frames come in a stream, whether by itself or asked by a command.
final class StreamSession: SerialSession {
    /// A pause this long within a frame means that its end will not come.
    private static let tornAfterNs: Int64 = 1_000_000_000
    /// The clock needs no more than this of a receiver's time.
    private static let anchorEveryNs: Int64 = 10_000_000_000

    private let sensor: SerialSensor
    private let serial: SerialDescription?
    private var decoder: StreamDecoder
    private var reported: [UInt64]
    private var readings = Readings()
    private var bytes: UInt64 = 0
    private var values: UInt64 = 0
    private var lastBytes: BootTime = 0
    private var nextAnchor: BootTime = .min

    init(_ kind: SerialProtocol, _ settings: SerialSensorSettings, port: SerialPortSettings) {
        decoder = StreamDecoder(kind)
        if case .described(let description) = kind { serial = description.serial } else { serial = nil }
        reported = decoder.faults
        sensor = SerialSensor(
            settings, kind: kind.kind, decoder: kind.label, attributes: decoder.attributes,
            unchecked: decoder.isUnchecked, port: port)
    }

    var counters: [(name: String, value: UInt64)] {
        [("bytes", bytes), ("frames", decoder.frames), ("values", values)]
            + SerialFault.allCases.map { ("\($0.name)", decoder.count($0)) }
    }

    func begin(_ link: SerialLink, _ owner: any LinkOwner) { sensor.begin(link, owner) }

    func opened(_ line: any SerialLine, now: BootTime) {
        sensor.opened(now: now)
        for name in serial?.start ?? [] { if let command = serial?.commands[name] { line.send(command) } }
        if serial?.poll != nil { line.wake(at: now) }
    }

    func woken(_ line: any SerialLine, now: BootTime) {
        guard let poll = serial?.poll, let command = serial?.commands[poll.command] else { return }
        line.send(command)
        line.wake(at: now + Int64(poll.everyMs) * 1_000_000)
    }

    func received(_ raw: UnsafeRawBufferPointer, _ line: any SerialLine, now: BootTime) {
        bytes += UInt64(raw.count)
        lastBytes = now
        decoder.feed(raw, at: now, into: &readings)
        values += UInt64(readings.entries.count)
        sensor.deliver(&readings, now: now)
        report()
        if let (anchor, time) = decoder.anchor, time >= nextAnchor {
            nextAnchor = time + Self.anchorEveryNs
            sensor.anchor(anchor, at: time)
        }
    }

    func tick(isOpen: Bool, now: BootTime) {
        guard isOpen else { return }
        if decoder.pending > 0, now - lastBytes > Self.tornAfterNs {
            decoder.silence()
            report()
        }
        sensor.tick(now: now)
    }

    func closed(_ reason: String, now: BootTime) {
        decoder.silence()
        report()
        sensor.state(reason, healthy: false)
    }

    /// Tells the owner of what the decoder counted since the last time.
    private func report() {
        guard decoder.faults != reported else { return }
        for fault in SerialFault.allCases where fault != .unused {
            let more = decoder.count(fault) - reported[fault.rawValue]
            if more > 0 { sensor.fault(fault.name, "\(more) at once") }
        }
        reported = decoder.faults
    }
}
