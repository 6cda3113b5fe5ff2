import Decoders
import Glibc
import Measurements
import System

/// Bluetooth as a way in: every adapter of the box, the sensors that advertise and those that are connected. Everything
/// here happens on its loop.
public final class BluetoothLink: Link {
    public let name = "ble"

    private let loop: Loop
    private var settings: BluetoothSettings
    private let radio: any RadioAccess
    private let keeper: any BluetoothKeeper
    private var library: DecoderLibrary
    private var channel: MgmtChannel?
    private var adapters: Adapters?
    private(set) var scanner: Scanner!
    private(set) var sessions: Sessions?
    private(set) var desk: PairingDesk?
    private var bonds: [Bond] = []
    private weak var owner: (any LinkOwner)?
    private var malformed: UInt64 = 0

    public init(
        loop: Loop, settings: BluetoothSettings, library: DecoderLibrary, radio: any RadioAccess,
        keeper: any BluetoothKeeper
    ) {
        self.loop = loop
        self.settings = settings
        self.library = library
        self.radio = radio
        self.keeper = keeper
        scanner = Scanner(link: self, library: library)
        scanner.adopt(settings.adopted)
    }

    public func start(owner: any LinkOwner) throws {
        self.owner = owner
        scanner.owner = owner
        let channel: MgmtChannel
        do {
            channel = try MgmtChannel(
                loop: loop, commands: radio.openManagement(repliesOnly: true),
                events: radio.openManagement(repliesOnly: false))
        } catch let failure as SystemFailure where failure.code == EAFNOSUPPORT || failure.code == EPROTONOSUPPORT {
            throw BluetoothAbsent()
        }
        self.channel = channel
        let adapters = Adapters(loop: loop, settings: settings, radio: radio, channel: channel)
        self.adapters = adapters
        let sessions = Sessions(
            loop: loop, scanner: scanner, adapters: adapters, keeper: keeper, slots: settings.connections)
        self.sessions = sessions
        let desk = PairingDesk(loop: loop, channel: channel, adapters: adapters)
        self.desk = desk
        bonds = keeper.bonds.compactMap { Bond(stored: $0) }
        scanner.identify(bonds)
        scanner.onHeard = { [weak self] index in self?.sessions?.heard(index) }
        adapters.bonds = { [weak self] address in self?.bonds.filter { $0.adapter == address } ?? [] }
        adapters.onChange = { [weak self] in self?.steerDuty() }
        sessions.bond = { [weak self] peer, local in
            self?.bonds.first { $0.address.number == peer.number && $0.adapter == local }
        }
        desk.onBusy = { [weak self] address, busy in self?.sessions?.suspend(busy, except: address) }
        channel.onPacket = { [weak self] packet in self?.heard(packet) }
        channel.onBroken = { [weak self] failure in
            guard let self else { return }
            self.owner?.linkFailed(self, failure)
        }
        sessions.update()
        adapters.start()
    }

    public func stop() {
        sessions?.stop()
        adapters?.stop()
        channel?.close()
        (sessions, adapters, channel, desk) = (nil, nil, nil, nil)
        owner = nil
        scanner.owner = nil
    }

    private func heard(_ packet: MgmtPacket) {
        do throws(MgmtMalformed) {
            if let report = try packet.report() {
                adapters?.heard(index: packet.index)
                scanner.heard(report, adapter: packet.index, now: loop.now)
                return
            }
            let event = try packet.event()
            if case .unpaired(let address) = event { forget(address) }
            desk?.handle(event, index: packet.index)
            adapters?.handle(event, index: packet.index)
        } catch {
            malformed += 1
            Log.debug("bluetooth", "\(error)")
        }
    }

    // MARK: Steering

    /// Takes up which sensors are adopted, without touching the radio.
    public func update(adopted: [BluetoothSettings.Adopted]) {
        settings.adopted = adopted
        scanner.adopt(adopted)
        scanner.identify(bonds)
        sessions?.update()
        steerDuty()
    }

    public func update(library: DecoderLibrary) {
        self.library = library
        scanner.replace(library: library)
        sessions?.update()
    }

    /// Less listening only where no adopted sensor needs the adapter.
    private func steerDuty() {
        let duty = settings.adopted.isEmpty ? settings.idleDuty : settings.duty
        adapters?.tellAll(.wantDuty(duty))
    }

    private func forget(_ address: BluetoothAddress) {
        let kept = bonds.filter { $0.address != address }
        guard kept.count != bonds.count else { return }
        store(kept)
    }

    private func store(_ new: [Bond]) {
        bonds = Array(new.suffix(Bond.most))
        do { try keeper.store(bonds: bonds.map(\.stored)) } catch {
            Log.error("bluetooth", "the keys of paired devices could not be stored: \(error)")
        }
        scanner.identify(bonds)
    }
}

/// This kernel has no Bluetooth.
public struct BluetoothAbsent: Error, CustomStringConvertible {
    public var description: String { "this system has no Bluetooth; everything else works without" }
}

// MARK: - For the interface

extension BluetoothLink {
    /// An adapter, for people.
    public struct AdapterStatus {
        public var name: String
        public var address: String
        public var mode: String
        public var summary: String
        public var isListening: Bool
        public var dutyPercent: Int
        public var counters: [(name: String, value: UInt64)]
    }

    public var adapterList: [AdapterStatus] {
        (adapters?.status ?? []).map { status in
            AdapterStatus(
                name: "hci\(status.index)", address: status.address?.description ?? "", mode: status.mode.rawValue,
                summary: status.summary, isListening: status.listening,
                dutyPercent: Int((status.duty.share * 100).rounded()),
                counters: [
                    ("reports", status.reports), ("recoveries", status.recoveries),
                    ("monitors_lost", status.counters.monitorsLost),
                    ("commands_timed_out", status.counters.commandsTimedOut),
                    ("commands_refused", status.counters.commandsRefused),
                    ("controller_errors", status.counters.controllerErrors),
                    ("resets_asked", status.counters.resetsAsked),
                ] + status.rungs.map { ($0.name.replacing(" ", with: "_"), $0.taken) })
        }
    }

    /// False where there is no such adapter.
    public func resetAdapter(_ name: String) -> Bool {
        guard let index = (adapters?.status ?? []).first(where: { "hci\($0.index)" == name })?.index else {
            return false
        }
        adapters?.tell(index, .reset)
        return true
    }

    /// Who is in the air. `active` asks devices for more than they say by themselves, for that long.
    public func scan(activeMs: Int64 = 0, limit: Int = 200) -> [HeardDevice] {
        if activeMs > 0 { adapters?.tellAll(.wantActive(until: SystemClock.bootTime + activeMs * 1_000_000)) }
        return scanner.snapshot(now: SystemClock.bootTime, limit: limit)
    }

    /// Pairs a device. `ask` may be called with a question, which `answerPairing` answers; `done` is called once, with nil
    /// or a sentence.
    public func pair(
        _ address: BluetoothAddress, passkey: UInt32?, ask: @escaping (PairingQuestion) -> Void,
        done: @escaping (String?) -> Void
    ) {
        guard let desk, let adapters else { return done("Bluetooth is not running") }
        let known =
            scanner.table.place(of: address).map { scanner.table[$0] }
            ?? BluetoothAddress.Kind.allCases.lazy.compactMap { kind in
                self.scanner.table.place(of: BluetoothAddress(address.number, kind)).map { self.scanner.table[$0] }
            }.first
        guard let index = known?.adapter ?? adapters.listening.first else {
            return done("there is no adapter that listens")
        }
        desk.begin(known?.address ?? address, on: index, passkey: passkey) { question in
            ask(PairingQuestion(question))
        } done: { [weak self] result in
            switch result {
            case .success(let bond):
                guard let self else { return }
                self.store(self.bonds.filter { $0.address != bond.address || $0.adapter != bond.adapter } + [bond])
                done(nil)
            case .failure(let failure): done(failure.description)
            }
        }
    }

    public func answerPairing(_ answer: PairingAnswer) {
        switch answer {
        case .passkey(let number): desk?.answer(.passkey(number))
        case .yes: desk?.answer(.yes)
        case .no: desk?.answer(.no)
        }
    }

    /// Forgets the keys here and in the kernel; nil, or why not.
    public func unpair(_ address: BluetoothAddress, done: @escaping (String?) -> Void) {
        guard let bond = bonds.first(where: { $0.address.number == address.number }) else {
            return done("\(address) is not paired")
        }
        let index = adapters?.status.first { $0.address == bond.adapter }?.index
        store(bonds.filter { $0.address != bond.address })
        guard let index, let channel else { return done(nil) }
        channel.send(.unpair(bond.address, disconnect: true), index: index) { status, _ in
            done(status == .success || status == .notPaired ? nil : status.description)
        }
    }

    public var paired: [BluetoothAddress] { bonds.map(\.address) }

    /// The key of an encrypted beacon; its counters begin anew.
    public func setKey(_ key: [UInt8], of address: BluetoothAddress) -> Bool {
        guard let index = scanner.index(of: address) else { return false }
        scanner.sensors[index].key = key
        scanner.sensors[index].forgetCounters()
        return true
    }

    public var counters: [(name: String, value: UInt64)] {
        let scan = scanner.counters
        let session = sessions?.counters ?? Sessions.Counters()
        return [
            ("frames", scan.reports), ("adopted_frames", scan.adopted), ("delivered", scan.delivered),
            ("samples", scan.samples), ("repeats", scan.repeats), ("replayed_counters", scan.replays),
            ("refused", scan.refused), ("devices", UInt64(scanner.table.count)),
            ("devices_evicted", scanner.table.evicted), ("malformed_events", malformed + (channel?.malformed ?? 0)),
            ("hot_plugs", adapters?.hotPlugs ?? 0), ("connect_attempts", session.attempts),
            ("connections", session.connected), ("connections_dropped", session.dropped),
            ("discoveries", session.discoveries), ("values_received", session.values),
            ("strangers_refused", desk?.refusedStrangers ?? 0),
        ]
    }
}

/// What pairing asks a person.
public enum PairingQuestion: Hashable, Sendable {
    /// Type the six digits the device shows.
    case passkey
    /// Does the device show this number?
    case compare(UInt32)
    /// Type this number on the device.
    case show(UInt32)

    init(_ question: PairingMachine.Question) {
        switch question {
        case .passkey: self = .passkey
        case .compare(let number): self = .compare(number)
        case .show(let number): self = .show(number)
        }
    }
}

public enum PairingAnswer: Hashable, Sendable {
    case passkey(UInt32)
    case yes
    case no
}
