import Decoders
import Measurements
import System

/// A serial port with what speaks on it. The port is opened again whenever it comes back; sensors and counts stay.
public final class SerialLink: Link {
    /// One read; more waits for the loop's next turn, so that a flood on one port leaves the others their turns.
    static let bytesARead = 4_096
    static let firstRetryMs: Int64 = 500
    static let longestRetryMs: Int64 = 30_000
    /// udev says that a port is there a moment before its links and rights are.
    static let settleMs: Int64 = 200

    public let name: String
    public let settings: SerialPortSettings
    private var session: any SerialSession
    private var library: DecoderLibrary
    /// Counts of sessions before a description changed.
    private var past: [String: UInt64] = [:]
    private let loop: Loop
    private weak var owner: (any LinkOwner)?
    private var port: SerialPort?
    private var hotPlug: HotPlug?
    private var retry: TimerToken?
    private var ticking: TimerToken?
    private var waking: TimerToken?
    private var retryMs = firstRetryMs
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytesARead, alignment: 16)
    private var (opened, lost, refused): (UInt64, UInt64, UInt64) = (0, 0, 0)

    public init(_ settings: SerialPortSettings, library: DecoderLibrary, loop: Loop) throws(SerialSettingsError) {
        self.settings = settings
        self.loop = loop
        self.library = library
        name = "serial:\(settings.port)"
        session = try SerialLink.session(settings, library)
    }

    deinit { buffer.deallocate() }

    public var counters: [(name: String, value: UInt64)] {
        session.counters.map { ($0.name, $0.value + (past[$0.name] ?? 0)) }
            + [("opened", opened), ("lost", lost), ("open_failures", refused)]
    }

    /// Takes up descriptions that changed; a port whose own did not goes on undisturbed.
    public func update(library: DecoderLibrary) {
        let names = settings.sensors.compactMap(\.decoder)
        guard names.contains(where: { library[$0]?.fingerprint != self.library[$0]?.fingerprint }) else { return }
        self.library = library
        // A description that is gone or became useless: the old one, which works, stays.
        guard let session = try? SerialLink.session(settings, library), let owner else { return }
        for (name, value) in self.session.counters { past[name, default: 0] += value }
        self.session = session
        session.begin(self, owner)
        if port != nil { session.opened(self, now: SystemClock.bootTime) }
    }

    public func start(owner: any LinkOwner) throws {
        self.owner = owner
        session.begin(self, owner)
        // Without udev the port is found by trying.
        hotPlug = try? HotPlug(loop: loop) { [weak self] event in self?.plugged(event) }
        ticking = loop.repeating(everyMs: 1_000) { [weak self] in
            guard let self else { return }
            session.tick(isOpen: port != nil, now: SystemClock.bootTime)
        }
        open()
    }

    public func stop() {
        for timer in [retry, ticking, waking] { if let timer { loop.cancel(timer) } }
        (retry, ticking, waking, hotPlug) = (nil, nil, nil, nil)
        release()
        owner = nil
    }

    // MARK: The port

    private func open() {
        retry = nil
        guard port == nil else { return }
        do {
            let port = try SerialPort(settings.port, settings.line)
            try loop.watch(port.descriptor, .readable) { [weak self] events in self?.ready(events) }
            self.port = port
            opened += 1
            retryMs = Self.firstRetryMs
            Log.info("serial", "\(settings.port) open, \(settings.line.short)")
            session.opened(self, now: SystemClock.bootTime)
        } catch {
            refused += 1
            if retryMs == Self.firstRetryMs { Log.notice("serial", "\(error)") }
            session.closed("\(error)", now: SystemClock.bootTime)
            tryAgain()
        }
    }

    private func tryAgain(soon: Bool = false) {
        guard owner != nil else { return }
        if let retry { loop.cancel(retry) }
        retry = loop.schedule(afterMs: soon ? Self.settleMs : retryMs) { [weak self] in self?.open() }
        if !soon { retryMs = min(Self.longestRetryMs, retryMs * 2) }
    }

    private func lose(_ failure: PortFailure) {
        guard port != nil else { return }
        release()
        lost += 1
        Log.notice("serial", "\(failure)")
        session.closed("\(failure)", now: SystemClock.bootTime)
        tryAgain()
    }

    private func release() {
        if let waking { loop.cancel(waking) }
        waking = nil
        guard let port else { return }
        loop.unwatch(port.descriptor)
        self.port = nil
    }

    private func plugged(_ event: HotPlug.Event) {
        switch event {
        case .plugged(let names): if port == nil, names.contains(settings.port) { tryAgain(soon: true) }
        // A port that is gone ends its reads by itself; the event only comes sooner.
        case .unplugged(let device): if let port, device == port.device { lose(.missing(settings.port)) }
        }
    }

    private func ready(_ events: Loop.Events) {
        guard let port else { return }
        switch port.read(into: buffer) {
        case .bytes(let count):
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            session.received(bytes, self, now: SystemClock.bootTime)
        case .nothing: if events.contains(.broken) { lose(.missing(settings.port)) }
        case .gone(let failure): lose(failure)
        }
    }
}

extension SerialLink: SerialLine {
    func send(_ bytes: [UInt8]) {
        guard let port else { return }
        do throws(PortFailure) { try port.write(bytes) } catch { lose(error) }
    }

    func wake(at time: BootTime) {
        if let waking { loop.cancel(waking) }
        waking = loop.schedule(at: time) { [weak self] in
            guard let self else { return }
            waking = nil
            if port != nil { session.woken(self, now: SystemClock.bootTime) }
        }
    }
}

extension SerialLink {
    /// Settles what the settings mean, before anything is opened.
    private static func session(_ settings: SerialPortSettings, _ library: DecoderLibrary)
        throws(SerialSettingsError) -> any SerialSession
    {
        func problem(_ text: String) -> SerialSettingsError { SerialSettingsError(port: settings.port, problem: text) }
        guard settings.port.hasPrefix("/") else { throw problem("a port is a path, such as /dev/serial/by-id/…") }
        guard let first = settings.sensors.first else { throw problem("no sensor is declared for it") }
        if settings.kind == .modbus {
            guard settings.sensors.count <= ModbusMaster.mostUnits else {
                throw problem("more than \(ModbusMaster.mostUnits) units on one line")
            }
            var units: [(settings: SerialSensorSettings, description: Description)] = []
            for sensor in settings.sensors {
                guard let name = sensor.decoder, let description = library[name] else {
                    throw problem("\(sensor.id) needs a decoder that is installed, not '\(sensor.decoder ?? "")'")
                }
                guard description.serial?.modbus != nil else {
                    throw problem("the decoder \(name) describes no Modbus device")
                }
                units.append((sensor, description))
            }
            return ModbusSession(units, port: settings, now: SystemClock.bootTime)
        }
        guard settings.sensors.count == 1 else { throw problem("only Modbus has several sensors on one port") }
        let kind: SerialProtocol
        switch settings.kind {
        case .dsmr: kind = .dsmr(takesUnchecked: settings.unchecked)
        case .sml: kind = .sml
        case .nmea:
            var extras: [NMEADecoder.Extra] = []
            if let name = first.decoder {
                guard let description = library[name] else { throw problem("there is no decoder '\(name)'") }
                extras = description.serial?.nmea ?? []
            }
            kind = .nmea(extras)
        case .described, .modbus:
            guard let name = first.decoder, let description = library[name] else {
                throw problem("there is no decoder '\(first.decoder ?? "")'; `bothy decoder list` shows them")
            }
            guard description.serial != nil else { throw problem("the decoder \(name) is not for serial ports") }
            kind = .described(description)
        }
        return StreamSession(kind, first, port: settings)
    }
}
