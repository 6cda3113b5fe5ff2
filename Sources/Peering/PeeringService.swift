import Hashing
import Identity
import System

/// This gateway's part of the network: finds the peers it trusts, keeps connected with them, carries messages, and keeps
/// everybody else out. Confined to the loop it is given; its handlers are called there.
public final class PeeringService {
    public static let alpn = Array("bothy/1".utf8)

    public let loop: Loop
    public let settings: PeeringSettings
    public var handlers = PeeringHandlers()

    let cert: EndpointCert
    let endpointKey: EndpointKey
    let identity: IdentityKey
    let trust: any TrustStore
    let session = SystemRandom.uint64()
    var endpoint: IrohEndpoint?
    var library: IrohLibrary?
    static let mostRebinds = 3
    /// Where the endpoint should listen, and whether it had to listen elsewhere.
    private var wanted: [String] = []
    private var isSecondChoice = false
    private var rebinds = 0
    var state = PeeringStatus.State.off(why: "peering was not started")
    var peers: [Bytes32: Peer] = [:]
    /// From endpoint keys to identities.
    var byEndpoint: [Bytes32: Bytes32] = [:]
    /// Hosts trusted peers were reached at: a flood of strangers does not keep them out.
    var knownHosts: Set<String> = []
    var gate = StrangerGate()
    var handshakes: [ObjectIdentifier: Handshake] = [:]
    /// Handshakes of the transport that are under way.
    var accepting = 0
    var counters = PeeringCounters()
    var externals: Set<String> = []
    var linkWatch: LinkWatch?
    var discovery: Discovery?
    var healthTimer: TimerToken?
    var isStopping = false
    /// Protocols of others over the same endpoint.
    var offers: [[UInt8]: (IrohConnection, GatewayKey) -> Void] = [:]
    var pairing: Pairing?
    var pairAttempts: [PairAttempt] = []
    var pairGate = PairGate()

    public init(
        loop: Loop, identity: IdentityKey, endpoint: EndpointKey, settings: PeeringSettings, trust: any TrustStore
    ) {
        self.loop = loop
        self.settings = settings
        self.trust = trust
        self.identity = identity
        endpointKey = endpoint
        cert = EndpointCert(of: endpoint, role: settings.role, by: identity)
        for trusted in trust.trustedPeers().prefix(PeeringSettings.mostTrusted) { add(trusted) }
    }

    /// Loads the library and opens the sockets. Until then nothing is sent; what goes wrong is in `status` and an alarm.
    public func start() {
        guard case .off = state else { return }
        isStopping = false
        do throws(IrohAbsence) {
            library = try IrohLibrary.load()
        } catch {
            state = .off(why: error.description)
            return handlers.alarm(.libraryMissing(error))
        }
        bind(to: choices())
    }

    private func choices() -> [[String]] {
        settings.bind.map { [$0] } ?? LocalAddresses.bindings(LocalAddresses.sixes(), port: settings.port)
    }

    /// Listens at the first of `choices` that can be had.
    private func bind(to choices: [[String]], after refused: Int = 0) {
        guard let library, let places = choices.first else { return }
        state = .starting
        if refused == 0 { wanted = places }
        isSecondChoice = refused > 0
        var options = IrohOptions(alpns: [PeeringService.alpn, PairAttempt.alpn] + offers.keys)
        options.relay = settings.relay
        options.bind = places
        IrohEndpoint.bind(library, loop, key: endpointKey, options) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let endpoint): opened(endpoint)
            case .failure where choices.count > 1: bind(to: Array(choices.dropFirst()), after: refused + 1)
            case .failure(let failure):
                state = .off(why: "peering could not open its sockets: \(failure)")
                handlers.alarm(.bindFailed(failure.description))
            }
        }
    }

    /// Where the network has changed so that the endpoint should listen elsewhere, and nobody is connected who would be
    /// cut off, it is opened anew. A choice that could not be had at first is tried a few times more.
    func rebindIfNeeded() {
        guard state == .on, let endpoint, peers.values.allSatisfy({ $0.connection == nil }) else { return }
        let choices = choices()
        if choices.first == wanted {
            guard isSecondChoice, rebinds < PeeringService.mostRebinds else { return }
            rebinds += 1
        } else {
            rebinds = 0
            Log.info("peering", "the network has changed: listening at \(choices[0].joined(separator: ", "))")
        }
        self.endpoint = nil
        state = .starting
        endpoint.close { [weak self] in
            guard let self, !isStopping else { return }
            bind(to: choices)
        }
    }

    private func opened(_ endpoint: IrohEndpoint) {
        guard !isStopping else { return endpoint.close() }
        self.endpoint = endpoint
        state = .on
        Log.info("peering", "endpoint \(KeyText.short(cert.endpoint)) at \(endpoint.sockets.joined(separator: ", "))")
        endpoint.accept({ [weak self] in self?.came($0) }, ended: {})
        if linkWatch == nil {
            linkWatch = try? LinkWatch(loop) { [weak self] in self?.linkChanged() }
            healthTimer = loop.repeating(everyMs: 5_000) { [weak self] in self?.checkHealth() }
        }
        if let discovery { discovery.announce() } else if settings.discovery != .off { startDiscovery() }
        for peer in peers.values { run(peer, .addressKnown) }
    }

    /// Says goodbye to all, closes, and calls `completion`.
    public func stop(_ completion: @escaping () -> Void = {}) {
        isStopping = true
        state = .off(why: "peering was stopped")
        if let healthTimer { loop.cancel(healthTimer) }
        linkWatch = nil
        discovery?.stop()
        discovery = nil
        endPairing()
        for handshake in handshakes.values { handshake.cancel() }
        handshakes = [:]
        for peer in peers.values {
            run(peer, .unwanted)
            peer.connection?.close(.leaving)
        }
        guard let endpoint else { return completion() }
        self.endpoint = nil
        endpoint.close(completion)
    }

    // MARK: Trust

    /// Trusts a peer from now on and dials it.
    public func trust(_ trusted: TrustedPeer) {
        guard trusted.identity != cert.identity, peers.count < PeeringSettings.mostTrusted else { return }
        trust.keep(trusted)
        add(trusted)
        if let peer = peers[trusted.identity] { run(peer, .addressKnown) }
    }

    public func untrust(_ identity: GatewayKey) {
        guard let peer = peers.removeValue(forKey: identity) else { return }
        trust.forget(identity)
        peer.isTrusted = false
        byEndpoint = byEndpoint.filter { $0.value != identity }
        run(peer, .unwanted)
        peer.connection?.close(.untrusted)
    }

    private func add(_ trusted: TrustedPeer) {
        let peer = peers[trusted.identity] ?? Peer(trusted)
        peer.trusted = trusted
        peer.isTrusted = true
        peer.kept = trusted
        peers[trusted.identity] = peer
        for endpoint in trusted.endpoints { byEndpoint[endpoint.id] = trusted.identity }
        for address in trusted.addresses { remember(host: address) }
    }

    func remember(host address: String) {
        if knownHosts.count < 4 * PeeringSettings.mostConnections { knownHosts.insert(HostAndPort.host(of: address)) }
    }

    // MARK: Messages

    /// Sends a message of a type from 16 on. Lanes keep their order; between lanes there is none.
    @discardableResult
    public func send(_ body: [UInt8], type: UInt8, on lane: Lane, to identity: GatewayKey) -> SendResult {
        precondition(type >= Frame.firstOfOthers, "types below 16 are peering's own")
        guard let connection = peers[identity]?.connection else { return .notConnected }
        return connection.send(lane, type: type, body)
    }

    /// Stops reading a lane of a peer until `resume`; its sender is held back.
    public func pause(_ lane: Lane, of identity: GatewayKey) { peers[identity]?.connection?.pause(lane) }

    public func resume(_ lane: Lane, of identity: GatewayKey) { peers[identity]?.connection?.resume(lane) }

    /// Disconnects a peer that misbehaved, with a sentence for both sides; it is not dialled for a while.
    public func disconnect(_ identity: GatewayKey, because sentence: String) {
        peers[identity]?.connection?.close(.malformed, sentence)
    }

    /// Asks a peer for a sign of life and measures how long it takes, in microseconds.
    public func ping(_ identity: GatewayKey, _ completion: @escaping (Result<Int64, PingFailure>) -> Void) {
        guard let peer = peers[identity], let connection = peer.connection, peer.pings.count < 16 else {
            return completion(.failure(.notConnected))
        }
        peer.pings.append(completion)
        connection.ping(nonce: SystemRandom.uint64())
    }

    // MARK: Looking

    public var trustedPeers: [TrustedPeer] { peers.values.filter(\.isTrusted).map(\.trusted) }

    public var status: PeeringStatus {
        var counters = counters
        counters.ignored = gate.ignored
        counters.announcementsHeard = discovery?.heard ?? 0
        counters.announcementsRefused = discovery?.refused ?? 0
        let address = endpoint?.address ?? IrohAddress()
        return PeeringStatus(
            state: state, endpoint: cert.endpoint, addresses: address.direct, relay: address.relay,
            peers: peers.values.map { status(of: $0) }.sorted { $0.identity < $1.identity }, counters: counters)
    }

    private func status(of peer: Peer) -> PeerStatus {
        PeerStatus(
            identity: peer.trusted.identity, name: peer.trusted.name, role: peer.trusted.role, phase: peer.life.phase,
            path: peer.path.map { $0.isRelay ? .relay : .direct }, remote: peer.path?.remote,
            rttUs: peer.connection?.rttUs, heardAt: peer.connection?.heardAt, lastError: peer.lastError,
            failures: peer.life.breaker.failures(now: SystemClock.bootTime), sentBytes: peer.path?.sentBytes ?? 0,
            receivedBytes: peer.path?.receivedBytes ?? 0, queuedBytes: peer.connection?.queued ?? [:],
            droppedFrames: peer.connection?.dropped ?? 0, knownAddresses: peer.addresses)
    }
}
