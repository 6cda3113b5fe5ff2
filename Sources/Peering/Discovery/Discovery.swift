import Hashing
import Identity
import System

/// Finds trusted peers on the local network, and lets them find this gateway. Confined to its loop.
final class Discovery {
    static let everyMs: Int64 = 30_000
    /// While a trusted peer is away, for the first quarter of an hour.
    static let whileAwayMs: Int64 = 2_000
    static let awayIsLong: Int64 = 900_000_000_000
    static let mostAnswers = 16

    struct Hooks {
        var isKnown: (Bytes32) -> Bool
        var found: (_ endpoint: Bytes32, _ places: [String]) -> Void
        /// The transport's addresses and ports now.
        var address: () -> (IrohAddress, port4: UInt16, port6: UInt16)
        /// Hosts where trusted peers that are away may be, and since when the last of them is away.
        var away: () -> (hosts: [String], since: Int64?)
        var isPairing: () -> Bool
    }

    private let loop: Loop
    private let key: EndpointKey
    private let isQuiet: Bool
    private let port: UInt16
    private let hooks: Hooks
    private let instance = SystemRandom.uint64()
    private var number: UInt32 = 0
    private var sockets: DiscoverySockets?
    private(set) var table = DiscoveryTable()
    private var timer: TimerToken?
    private var lastAll = Int64.min / 2
    private var answering: Set<String> = []
    private(set) var heard: UInt64 = 0
    private(set) var refused: UInt64 = 0

    init(_ loop: Loop, key: EndpointKey, isQuiet: Bool, port: UInt16, _ hooks: Hooks) {
        self.loop = loop
        self.key = key
        self.isQuiet = isQuiet
        self.port = port
        self.hooks = hooks
    }

    func start() throws(SystemFailure) {
        sockets = try DiscoverySockets(loop, port: port) { [weak self] in self?.received($0, $1, $2) }
        announce()
        timer = loop.repeating(everyMs: Discovery.whileAwayMs) { [weak self] in self?.tick() }
    }

    func stop() {
        if let timer { loop.cancel(timer) }
        timer = nil
        sockets = nil
    }

    func linkChanged() {
        sockets?.joinAll()
        announce()
    }

    /// Tells all, and asks who is there.
    func announce() {
        lastAll = loop.now
        if !isQuiet { sockets?.multicast(packet([.asks])) }
    }

    private func tick() {
        let (hosts, since) = hooks.away()
        let isLong = since.map { loop.now - $0 > Discovery.awayIsLong } ?? true
        guard !isLong || loop.now - lastAll >= Discovery.everyMs * 1_000_000 else { return }
        announce()
        guard !hosts.isEmpty else { return }
        let asking = packet([.asks])
        for host in hosts { sockets?.send(asking, to: host, port: port) }
    }

    private func packet(_ flags: Announcement.Flags) -> [UInt8] {
        number += 1
        var flags = flags
        if hooks.isPairing() { flags.insert(.pairing) }
        let (address, port4, port6) = hooks.address()
        return Announcement(
            flags: flags, endpoint: key.id, instance: instance, number: number, port4: port4, port6: port6,
            addresses: Addresses(direct: address.direct, relay: address.relay)
        ).encoded(signedBy: key)
    }

    private func received(_ packet: [UInt8], _ source: String, _ sourcePort: UInt16) {
        guard let announcement = try? Announcement(unverified: packet) else {
            refused += 1
            return
        }
        guard announcement.endpoint != key.id else { return }
        let known = hooks.isKnown(announcement.endpoint)
        guard table.wants(announcement, isKnown: known, now: loop.now) else { return }
        guard Announcement.isSigned(packet, by: announcement.endpoint) else {
            refused += 1
            return
        }
        heard += 1
        let isNew = table.note(announcement, from: source, isKnown: known, now: loop.now)
        if known { hooks.found(announcement.endpoint, announcement.places(from: source)) }
        if announcement.flags.contains(.asks), known || (isNew && !isQuiet) {
            answer(source, sourcePort, atOnce: known)
        }
    }

    /// To one, after a pause, so that many do not answer at the same moment; one that is known is not kept waiting.
    private func answer(_ host: String, _ port: UInt16, atOnce: Bool) {
        let place = "\(host) \(port)"
        guard answering.count < Discovery.mostAnswers, answering.insert(place).inserted else { return }
        let pause = Int64(SystemRandom.uint64() % (atOnce ? 50 : 1_000))
        loop.schedule(afterMs: pause) { [weak self] in
            guard let self else { return }
            answering.remove(place)
            sockets?.send(packet([]), to: host, port: port)
        }
    }
}

extension PeeringService {
    func startDiscovery() {
        let discovery = Discovery(
            loop, key: endpointKey, isQuiet: settings.discovery == .quiet, port: settings.discoveryPort,
            .init(
                isKnown: { [weak self] in self?.byEndpoint[$0] != nil },
                found: { [weak self] in self?.found($0, $1) },
                address: { [weak self] in self?.ownAddress() ?? (IrohAddress(), 0, 0) },
                away: { [weak self] in self?.away() ?? ([], nil) },
                isPairing: { [weak self] in self?.pairing != nil }))
        do throws(SystemFailure) {
            try discovery.start()
            self.discovery = discovery
        } catch {
            Log.warning("peering", "the local network is not searched: \(error)")
        }
    }

    private func found(_ endpoint: Bytes32, _ places: [String]) {
        guard let identity = byEndpoint[endpoint], let peer = peers[identity] else { return }
        peer.found = places
        for place in places.prefix(1) { remember(host: place) }
        run(peer, .discovered)
    }

    private func ownAddress() -> (IrohAddress, UInt16, UInt16) {
        guard let endpoint else { return (IrohAddress(), 0, 0) }
        var (port4, port6): (UInt16, UInt16) = (0, 0)
        for socket in endpoint.sockets {
            let port = socket.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
            if socket.hasPrefix("[") { port6 = port } else { port4 = port }
        }
        return (endpoint.address, port4, port6)
    }

    /// Hosts of peers that are away: a few at a time, so that a hub with thousands does not flood.
    private func away() -> ([String], Int64?) {
        guard settings.dials else { return ([], nil) }
        var hosts: [String] = []
        var since: Int64?
        for peer in peers.values where peer.isTrusted && peer.connection == nil {
            since = max(since ?? Int64.min, peer.awaySince)
            for address in peer.trusted.addresses.prefix(2) where hosts.count < 32 {
                let host = HostAndPort.host(of: address)
                // Beyond the local network nobody listens for these.
                if HostAndPort.isLocal(address), !hosts.contains(host) { hosts.append(host) }
            }
        }
        return (hosts, since)
    }
}
