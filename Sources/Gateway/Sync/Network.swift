import Hashing
import Identity
import Measurements
import Peering
import Replication
import Store
import System

/// Other gateways: whom this one trusts, the way to them, and what goes back and forth. Confined to the gateway's loop.
public final class Network {
    let trust: TrustMemory
    let synchroniser: Synchroniser
    let component: PeeringComponent
    private let loop: Loop
    private let opening: Bytes32
    /// What happened with the pairing that was opened last.
    public private(set) var pairing = "none"

    init(
        loop: Loop, identity: IdentityKey, keys: KeyFolder, disk: Disk, state: StateKeeper, recorder: Recorder,
        opening: Signed<RunOpen>, isFreshRing: Bool, configuration: Configuration, version: String
    ) throws {
        self.loop = loop
        self.opening = opening.record.hash
        trust = try TrustMemory(state)
        synchroniser = Synchroniser(
            loop: loop, identity: identity, disk: disk, state: state, recorder: recorder, trust: trust,
            epoch: try Network.epoch(state, isFreshRing: isFreshRing), isHub: configuration.isHub)
        let trust = trust
        component = PeeringComponent(synchroniser: synchroniser) {
            var settings = configuration.peering
            settings.program = "bothy \(version)"
            return PeeringService(
                loop: loop, identity: identity, endpoint: try keys.endpoint().key, settings: settings, trust: trust)
        }
        component.isWanted =
            configuration.peeringMode == "on" || configuration.peeringMode == "auto" && !trust.trustedPeers().isEmpty
    }

    /// Names this store: a new ring, or one restored from a backup, is another one, and what it acknowledged before counts
    /// no longer.
    private static func epoch(_ state: StateKeeper, isFreshRing: Bool) throws -> StoreEpoch {
        try state.now { state in
            if !isFreshRing, let kept = try state.setting("store.epoch"), let epoch = StoreEpoch(kept) { return epoch }
            let epoch = StoreEpoch(high: SystemRandom.uint64(), low: SystemRandom.uint64())
            try state.set("store.epoch", epoch.bytes)
            return epoch
        }
    }

    /// What the recorder brought to disk.
    func committed(_ write: DiskWrite) {
        if let seal = write.seal { synchroniser.sealed(seal, blocks: write.sealed, opening: opening) }
    }

    /// Seals that a run got after its process was gone.
    func finished(_ report: RunFinisher.Report) {
        for one in report.sealed { synchroniser.sealedLater(one.seal, blocks: one.blocks) }
    }

    // MARK: What people ask for

    public var isOpen: Bool { component.service != nil }
    public var status: PeeringStatus? { component.service?.status }
    public var trusted: [TrustedPeer] { trust.trustedPeers().sorted { $0.identity < $1.identity } }
    public var forks: Int { synchroniser.forks }

    /// Trusts a gateway by its id, perhaps with addresses where it may be reached.
    public func trust(_ identity: Bytes32, name: String, isHub: Bool, endpoint: Bytes32?, addresses: [String]) throws {
        let peer = TrustedPeer(
            identity: identity, name: name, role: isHub ? .hub : .gateway,
            endpoints: endpoint.map { [TrustedPeer.Endpoint(id: $0, serial: 0)] } ?? [], addresses: addresses)
        try component.open()
        component.service?.trust(peer)
    }

    /// False where it was not trusted.
    public func untrust(_ identity: Bytes32) -> Bool {
        guard trust[identity] != nil else { return false }
        if let service = component.service { service.untrust(identity) } else { trust.forget(identity) }
        return true
    }

    /// Waits for another box; the code to type there comes as soon as the network is open.
    public func openPairing(_ answer: @escaping (Result<String, PairFailure>) -> Void) {
        withService(answer) { service in
            answer(
                service.openPairing { [weak self] event in
                    switch event {
                    case .paired(let peer): self?.pairing = "paired with \(KeyText.short(peer.identity))"
                    case .failed(let why): self?.pairing = "failed: \(why)"
                    case .expired: self?.pairing = "expired"
                    }
                })
            self.pairing = "waiting"
        }
    }

    public func pair(
        code: String, at places: [String], with endpoint: Bytes32?,
        _ answer: @escaping (Result<TrustedPeer, PairFailure>) -> Void
    ) {
        withService(answer) { [weak self] service in
            self?.pair(service, code, places, endpoint, tries: Network.pairTries, answer)
        }
    }

    /// A network that was opened just now has to hear of the box that waits first.
    private func pair(
        _ service: PeeringService, _ code: String, _ places: [String], _ endpoint: Bytes32?, tries: Int,
        _ answer: @escaping (Result<TrustedPeer, PairFailure>) -> Void
    ) {
        service.pair(code: code, with: endpoint, at: places) { [weak self] result in
            guard case .failure(.nobodyWaits) = result, tries > 0, let self else { return answer(result) }
            self.loop.schedule(afterMs: 500) { self.pair(service, code, places, endpoint, tries: tries - 1, answer) }
        }
    }

    private static let pairTries = 8

    public func ping(_ identity: Bytes32, _ answer: @escaping (Result<Int64, PingFailure>) -> Void) {
        guard let service = component.service else { return answer(.failure(.notConnected)) }
        service.ping(identity, answer)
    }

    /// Opens the network where it is not, and goes on when it has been found or not.
    private func withService<Success>(
        _ answer: @escaping (Result<Success, PairFailure>) -> Void, _ body: @escaping (PeeringService) -> Void
    ) {
        do {
            try component.open()
        } catch {
            return answer(.failure(.off("\(error)")))
        }
        waitForService(tries: 100, answer, body)
    }

    private func waitForService<Success>(
        tries: Int, _ answer: @escaping (Result<Success, PairFailure>) -> Void,
        _ body: @escaping (PeeringService) -> Void
    ) {
        guard let service = component.service else { return answer(.failure(.off("peering is off"))) }
        switch service.status.state {
        case .on: body(service)
        case .off(let why): answer(.failure(.off(why)))
        case .starting:
            guard tries > 0 else { return answer(.failure(.off("the network does not open"))) }
            loop.schedule(afterMs: 50) { [weak self] in self?.waitForService(tries: tries - 1, answer, body) }
        }
    }
}
