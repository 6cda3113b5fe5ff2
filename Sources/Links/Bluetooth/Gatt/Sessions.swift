import Decoders
import Measurements
import System

/// The sessions with connected sensors: who gets a slot, what is done on a link, what is said about it.
final class Sessions {
    private struct Session {
        var socket: AttSocket
        var machine: GattSession
        var isConnected = false
    }

    struct Counters: Hashable {
        var attempts: UInt64 = 0
        var connected: UInt64 = 0
        var dropped: UInt64 = 0
        var values: UInt64 = 0
        var discoveries: UInt64 = 0
    }

    /// Slots and sessions are looked after this often; connecting takes seconds anyway.
    static let tickMs: Int64 = 250
    private static let hearEvery: Int64 = 500_000_000

    private let loop: Loop
    private let scanner: Scanner
    private let adapters: Adapters
    private unowned let keeper: any BluetoothKeeper
    private var slots: ConnectionSlots
    private var sessions: [Int: Session] = [:]
    private var plans: [Int: SessionPlan] = [:]
    private var lastHeard: [Int: Int64] = [:]
    /// Which sensor each plan was made for.
    private var holders: [Int: ObjectIdentifier] = [:]
    private var tick: TimerToken?
    private(set) var counters = Counters()

    /// A bond of this device with this adapter.
    var bond: (BluetoothAddress, BluetoothAddress) -> Bond? = { _, _ in nil }
    /// A session begins.
    var onBegin: (Int) -> Void = { _ in }
    /// Decoders in code see what descriptions cannot say; true where they took it.
    var code: (Int, AttUUID, [UInt8]) -> Bool = { _, _, _ in false }

    init(loop: Loop, scanner: Scanner, adapters: Adapters, keeper: any BluetoothKeeper, slots: Int) {
        self.loop = loop
        self.scanner = scanner
        self.adapters = adapters
        self.keeper = keeper
        self.slots = ConnectionSlots(slots: slots)
    }

    /// Takes up which sensors are to be connected; sessions of others end.
    func update() {
        var wanted: [Int: SessionPlan] = [:]
        for (index, sensor) in scanner.sensors.enumerated() {
            if let plan = SessionPlan(for: sensor.settings, scanner.library) { wanted[index] = plan }
        }
        // A place that another sensor has taken is no longer this session's.
        for index in plans.keys where wanted[index] != plans[index] || holders[index] != holder(of: index) {
            direct(slots.handle(.forget(index), now: SystemClock.bootTime))
        }
        plans = wanted
        holders = [:]
        for index in wanted.keys.sorted() {
            holders[index] = holder(of: index)
            direct(slots.handle(.want(index), now: SystemClock.bootTime))
            let sensor = scanner.sensors[index]
            if sensor.handle == nil { scanner.declare(sensor, sensor.settings.decoder ?? "gatt", "sensor") }
        }
        if tick == nil, !plans.isEmpty {
            tick = loop.repeating(everyMs: Sessions.tickMs) { [weak self] in self?.turn() }
        } else if let tick, plans.isEmpty {
            loop.cancel(tick)
            self.tick = nil
        }
    }

    private func holder(of index: Int) -> ObjectIdentifier? {
        scanner.sensors.indices.contains(index) ? ObjectIdentifier(scanner.sensors[index]) : nil
    }

    func stop() {
        if let tick { loop.cancel(tick) }
        tick = nil
        for session in sessions.values { session.socket.close() }
        sessions = [:]
    }

    /// An adopted sensor advertises.
    func heard(_ index: Int) {
        guard plans[index] != nil, sessions[index] == nil else { return }
        let now = loop.now
        if let last = lastHeard[index], now - last < Sessions.hearEvery { return }
        lastHeard[index] = now
        direct(slots.handle(.heard(index), now: now))
    }

    /// While a device is being paired nothing else connects, and its own session makes way.
    func suspend(_ suspended: Bool, except address: BluetoothAddress? = nil) {
        let now = SystemClock.bootTime
        direct(slots.handle(.suspended(suspended), now: now))
        guard suspended, let address, let index = scanner.index(of: address), sessions[index] != nil else { return }
        end(index, .ours, "made way for pairing")
    }

    var connectedCount: Int { sessions.values.reduce(0) { $1.isConnected ? $0 + 1 : $0 } }
    var limit: (slots: Int, learnt: Bool) { (slots.slots, slots.limitLearnt) }
    func isConnected(_ index: Int) -> Bool { sessions[index]?.machine.isRunning ?? false }

    /// Something to do once with a connected device; false where it is not connected.
    func ask(_ errand: GattSession.Errand, sensor index: Int) -> Bool {
        guard sessions[index]?.machine.isRunning == true else { return false }
        handle(index, .ask(errand))
        return true
    }

    private func turn() {
        let now = loop.now
        for (index, session) in sessions where session.machine.deadline ?? .max <= now { handle(index, .timer) }
        direct(slots.handle(.timer, now: now))
    }

    // MARK: Slots

    private func direct(_ directives: [ConnectionSlots.Directive]) {
        for directive in directives {
            switch directive {
            case .connect(let index): connect(index)
            case .cancel(let index):
                sessions.removeValue(forKey: index)?.socket.close()
                adapters.tellAll(.connecting(false))
                say(index, "not reachable", false)
            case .disconnect(let index): end(index, .ours, "waiting for its turn")
            }
        }
    }

    private func connect(_ index: Int) {
        let sensor = scanner.sensors[index]
        let listening = adapters.listening
        let now = SystemClock.bootTime
        guard let adapter = sensor.adapter.flatMap({ listening.contains($0) ? $0 : nil }) ?? listening.first,
            let local = adapters.address(of: adapter)
        else {
            loop.schedule(afterMs: 0) { [weak self] in self?.refuse(index, .absent, "no adapter") }
            return
        }
        counters.attempts += 1
        adapters.tell(adapter, .connecting(true))
        do throws(SystemFailure) {
            let socket = try AttSocket(loop: loop, local: local, peer: sensor.address) { [weak self] happening in
                self?.happened(index, happening)
            }
            let bond = bond(sensor.settings.address, local)
            // Beside bluetoothd the keys are its own, and it answers what pairing asks.
            let level = bond.map { $0.isAuthenticated ? 3 : 2 } ?? (adapters.mode(of: adapter) == .shared ? 2 : 1)
            let remembered = keeper.database(of: sensor.settings.address).flatMap { GattDatabase(stored: $0) }
            sessions[index] = Session(
                socket: socket,
                machine: GattSession(
                    plan: plans[index] ?? SessionPlan(), remembered: remembered, bondLevel: level,
                    isOurBond: bond != nil))
            say(index, "connecting", false)
        } catch {
            let failure = error
            Log.info("bluetooth", "\(sensor.id): \(failure)")
            _ = now
            loop.schedule(afterMs: 0) { [weak self] in
                self?.refuse(index, LinkEnd.reason(failure), LinkEnd.words(failure, bonded: false))
            }
        }
    }

    private func refuse(_ index: Int, _ reason: ConnectionSlots.Reason, _ words: String) {
        adapters.tellAll(.connecting(false))
        say(index, words, false)
        direct(slots.handle(.failed(index, reason), now: SystemClock.bootTime))
    }

    private func end(_ index: Int, _ reason: ConnectionSlots.Reason, _ words: String) {
        guard let session = sessions.removeValue(forKey: index) else { return }
        session.socket.close()
        if !session.isConnected { adapters.tellAll(.connecting(false)) }
        if session.isConnected, reason != .ours { counters.dropped += 1 }
        say(index, words, false)
        let now = SystemClock.bootTime
        direct(slots.handle(session.isConnected ? .closed(index, reason) : .failed(index, reason), now: now))
    }

    private func say(_ index: Int, _ text: String, _ healthy: Bool) {
        guard scanner.sensors.indices.contains(index), let handle = scanner.sensors[index].handle else { return }
        scanner.owner?.state(text, healthy: healthy, sensor: handle)
    }

    // MARK: One session

    private func happened(_ index: Int, _ happening: AttSocket.Happening) {
        switch happening {
        case .connected(let security):
            counters.connected += 1
            onBegin(index)
            sessions[index]?.isConnected = true
            adapters.tellAll(.connecting(false))
            direct(slots.handle(.connected(index), now: loop.now))
            handle(index, .connected(security: security))
        case .received(let bytes): handle(index, .received(bytes))
        case .secured(let level): handle(index, .secured(level: level))
        case .closed(let failure):
            let bonded = sessions[index].map { $0.machine.bondLevel > 1 } ?? false
            end(index, LinkEnd.reason(failure), LinkEnd.words(failure, bonded: bonded))
        }
    }

    private func handle(_ index: Int, _ event: GattSession.Event) {
        guard sessions[index] != nil else { return }
        let directives = sessions[index]?.machine.handle(event, now: loop.now) ?? []
        for directive in directives {
            switch directive {
            case .send(let bytes): sessions[index]?.socket.send(bytes)
            case .raiseSecurity(let level): sessions[index]?.socket.raiseSecurity(level)
            case .remember(let database):
                counters.discoveries += 1
                keeper.store(database: database.stored, of: scanner.sensors[index].settings.address)
            case .running: say(index, "connected", true)
            case .value(let uuid, let bytes):
                counters.values += 1
                scanner.sensors[index].lastHeard = loop.now
                if !code(index, uuid, bytes) {
                    scanner.received(bytes, characteristic: uuid, sensor: index, now: loop.now)
                }
            case .fail(let failure):
                end(
                    index, failure == .needsPairing || failure == .nothingToDo ? .refused : .dropped,
                    failure.description)
            case .log(let text): Log.info("bluetooth", "\(scanner.sensors[index].id): \(text)")
            }
        }
    }
}

extension SessionPlan {
    /// What to do with an adopted sensor; nil where it only advertises.
    init?(for sensor: BluetoothSettings.Adopted, _ library: DecoderLibrary) {
        let named = sensor.decoder.flatMap { library[$0] }
        guard sensor.connect ?? (named?.gatt != nil) else { return nil }
        if let gatt = named?.gatt {
            parts.append(Part(gatt, services: []))
            bonded = gatt.bonded
        }
        // Whatever else of a known profile it has: the battery, who made it.
        for description in library.descriptions where description.name != sensor.decoder {
            guard let gatt = description.gatt, !gatt.services.isEmpty else { continue }
            var part = Part(gatt, services: gatt.services)
            // Nobody asked for what this one would write.
            if sensor.decoder != nil { part.write = [] }
            parts.append(part)
        }
        if parts.isEmpty { return nil }
    }
}

extension SessionPlan.Part {
    init(_ session: GATTSession, services: [BluetoothUUID]) {
        self.services = services.map { AttUUID($0) }
        subscribe = session.subscribe.map { AttUUID($0) }
        read = session.read.map {
            SessionPlan.Read(characteristic: AttUUID($0.characteristic), everySeconds: $0.everySeconds)
        }
        write = session.write.map {
            SessionPlan.Write(
                characteristic: AttUUID($0.characteristic), bytes: $0.bytes, withoutResponse: $0.withoutResponse)
        }
    }
}

extension AttUUID {
    init(_ uuid: BluetoothUUID) {
        if let short = uuid.short {
            self.init(short)
        } else {
            self.init(
                (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? uuid.low : uuid.high) >> (8 * UInt64($0 % 8))) })
        }
    }
}
