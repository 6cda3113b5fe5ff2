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
    let keeper: any BluetoothKeeper
    private var library: DecoderLibrary
    private(set) var channel: MgmtChannel?
    private(set) var adapters: Adapters?
    private(set) var scanner: Scanner!
    private(set) var sessions: Sessions?
    private(set) var desk: PairingDesk?
    private(set) var bonds: [Bond] = []
    /// The newest pairing, for who asks.
    public internal(set) var pairing = PairingStatus()
    weak var owner: (any LinkOwner)?
    var malformed: UInt64 = 0

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
        scanner.adopt(withKeys(settings.adopted))
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
        let code = CodeDecoders(scanner: scanner)
        sessions.onBegin = { code.forget($0) }
        sessions.code = { [loop] in code.take($0, $1, $2, now: loop.now) }
        scanner.onBeats = { [loop] in code.beats($0, $1, now: loop.now) }
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

    func heard(_ packet: MgmtPacket) {
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
        scanner.adopt(withKeys(adopted))
        scanner.identify(bonds)
        sessions?.update()
        steerDuty()
    }

    public func update(library: DecoderLibrary) {
        self.library = library
        scanner.replace(library: library)
        sessions?.update()
    }

    /// Keys set by hand are kept beside the bonds, never in the settings.
    private func withKeys(_ adopted: [BluetoothSettings.Adopted]) -> [BluetoothSettings.Adopted] {
        adopted.map { sensor in
            var sensor = sensor
            sensor.key = sensor.key ?? keeper.key(of: sensor.address)
            return sensor
        }
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

    func store(_ new: [Bond]) {
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
