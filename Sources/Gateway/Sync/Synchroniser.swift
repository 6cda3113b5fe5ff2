import Hashing
import Identity
import Measurements
import Peering
import Replication
import Store
import System

/// Replication with the peers that there are: hands what happens to the state machine and does what it says, over peering
/// and the shelf of logs. Confined to the gateway's loop.
final class Synchroniser {
    /// Frames of replication on the wire.
    static let frameType: UInt8 = 16

    /// How far each peer and we are apart, for `bothy sync`.
    struct PeerProgress: Sendable {
        var receivedBytes: UInt64 = 0
        var sentBytes: UInt64 = 0
        var lastHeard: BootTime?
        var backlog: [(lane: Lane, body: [UInt8])] = []
    }

    private let loop: Loop
    private let identity: IdentityKey
    private let shelf: LogShelf
    private let disk: Disk
    private let recorder: Recorder
    private let trust: TrustMemory
    let epoch: StoreEpoch
    private(set) var replicator: Replicator
    private(set) var progress: [Bytes32: PeerProgress] = [:]
    private(set) var forks = 0
    private var timer: TimerToken?
    weak var service: PeeringService?
    var note: (Event) -> Void = { _ in }

    /// Messages that wait for a peer's lane to have room; a peer that reads slower loses the connection.
    static let mostBacklog = 256

    init(
        loop: Loop, identity: IdentityKey, disk: Disk, state: StateKeeper, recorder: Recorder, trust: TrustMemory,
        epoch: StoreEpoch, isHub: Bool
    ) {
        self.loop = loop
        self.identity = identity
        self.disk = disk
        self.recorder = recorder
        self.trust = trust
        self.epoch = epoch
        let verify: @Sendable (Bytes32, [UInt8], Measurements.Signature) -> Bool = { Synchroniser.verify($0, $1, $2) }
        let reading = RunReading(verify: verify)
        shelf = LogShelf(disk: disk, state: state, reading: reading)
        var configuration = Replication.Configuration()
        configuration.isHub = isHub
        let me = identity.id
        let hubs = Locked(Set(trust.trustedPeers().filter { $0.role == .hub }.map(\.identity)))
        self.hubs = hubs
        replicator = Replicator(
            me: me, feed: StoreEpoch(high: SystemRandom.uint64(), low: SystemRandom.uint64()), store: epoch,
            configuration: configuration,
            policy: Policy(
                offers: { _, key in key.kind == .run }, takes: { _, key in key.kind == .run && key.author != me },
                isHub: { hub in hubs.withLock { $0.contains(hub) } }, verify: verify), reading: reading)
    }

    private let hubs: Locked<Set<Bytes32>>

    /// Learns what is held and begins to tick.
    func start() {
        let box = LoopBound(self, loop)
        shelf.later { shelf in
            do {
                let survey = try shelf.survey()
                box.post { sync in
                    for log in survey { sync.handle(.holds(log.key, log.chains, log.receipts)) }
                }
            } catch {
                Log.error("sync", "could not look through the ring: \(error)")
            }
        }
        arm()
    }

    func stop() {
        if let timer { loop.cancel(timer) }
        timer = nil
        for peer in progress.keys { handle(.disconnected(peer)) }
        progress = [:]
    }

    // MARK: What happens

    func connected(_ peer: PeerInfo) {
        progress[peer.identity] = PeerProgress()
        hubs.withLock { if peer.role == .hub { $0.insert(peer.identity) } else { $0.remove(peer.identity) } }
        handle(.connected(peer.identity))
        // What is recorded but not sealed yet cannot travel: so that the peer has it at once, and not in a minute.
        recorder.sealNow()
    }

    func disconnected(_ peer: Bytes32) {
        progress[peer] = nil
        handle(.disconnected(peer))
    }

    func received(_ peer: Bytes32, _ body: [UInt8]) {
        progress[peer]?.receivedBytes += UInt64(body.count)
        progress[peer]?.lastHeard = loop.now
        handle(.received(peer, body))
    }

    func drained(_ peer: Bytes32) {
        while let next = progress[peer]?.backlog.first {
            guard service?.send(next.body, type: Synchroniser.frameType, on: next.lane, to: peer) == .accepted else {
                return
            }
            progress[peer]?.backlog.removeFirst()
        }
        handle(.drained(peer))
    }

    func watched(_ isWatched: Bool) { handle(.watched(isWatched)) }

    /// A seal of our own is on disk, with its blocks.
    func sealed(_ seal: Signed<Seal>, blocks: [BlockHead], opening: Bytes32) {
        let key = LogKey(seal.record.key)
        let position = seal.record.number + 1
        let leaves = blocks.map { Leaf($0) }
        var chain = replicator.chains(of: key).first ?? Chain(count: 1, head: opening, complete: Ranges(0..<1))
        chain.count = position + 1
        chain.head = seal.record.hash
        chain.complete.insert(0..<1)
        chain.complete.insert(position..<position + 1)
        let settled = chain
        let box = LoopBound(self, loop)
        shelf.later { shelf in
            do {
                if !leaves.isEmpty { try shelf.store(index: leaves, of: key, chain: 0, position: position) }
                box.post { $0.handle(.holds(key, [settled], [])) }
            } catch {
                Log.error("sync", "could not keep what seal \(position - 1) holds: \(error)")
            }
        }
    }

    /// A seal that an earlier run got now.
    func sealedLater(_ seal: Signed<Seal>, blocks: [BlockHead]) {
        let key = LogKey(seal.record.key)
        shelf.later { shelf in
            do {
                try shelf.store(index: blocks.map { Leaf($0) }, of: key, chain: 0, position: seal.record.number + 1)
            } catch {
                Log.error("sync", "could not keep what a seal holds: \(error)")
            }
        }
    }

    /// Logs in which a peer has something that we lack; nil where it is not connected.
    func behind(_ peer: Bytes32) -> Int? { progress[peer] == nil ? nil : replicator.wanting(from: peer) }

    // MARK: Inside

    private func handle(_ event: Replication.Event) {
        for directive in replicator.handle(event, now: loop.now) { perform(directive) }
        arm()
    }

    private func arm() {
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(at: max(replicator.deadline, loop.now + 1_000_000)) { [weak self] in
            self?.timer = nil
            self?.handle(.tick)
        }
    }

    private func perform(_ directive: Directive) {
        switch directive {
        case .send(let peer, let message): send(message, to: peer)
        case .disconnect(let peer, let why):
            note(Event(.warning, "sync", "cut off \(KeyText.short(peer)): \(why)"))
            service?.disconnect(peer, because: why.description)
        case .acknowledge(let key, let position): acknowledge(key, position)
        case .keepReceipt(let receipt): keep(receipt)
        case .voidReceipts(let hub, let epoch): shelf.later { try? $0.void(receiptsOf: hub, except: epoch) }
        case .seal(let key): if key.run == recorder.run { recorder.sealNow() }
        case .forked(let key, _):
            forks += 1
            note(
                Event(
                    .error, "sync",
                    "fork: run \(key.log.bytes.prefix(4)) of \(KeyText.short(key.author)) was signed twice; both are kept"
                ))
        case .complete: break
        default: performOnShelf(directive)
        }
    }

    private func send(_ message: Message, to peer: Bytes32) {
        let body = message.bytes
        progress[peer]?.sentBytes += UInt64(body.count)
        let lane: Lane = message.isBulk ? .bulk : .control
        let waiting = progress[peer]?.backlog.count ?? 0
        if waiting == 0, service?.send(body, type: Synchroniser.frameType, on: lane, to: peer) == .accepted {
            // The next request of this peer may be served; not from within the directives of this one.
            if message.isAnswer { LoopBound(self, loop).post { $0.handle(.drained(peer)) } }
            return
        }
        guard waiting < Synchroniser.mostBacklog else {
            service?.disconnect(peer, because: "it reads too slowly")
            return
        }
        progress[peer]?.backlog.append((lane: lane, body: body))
    }

    private func performOnShelf(_ directive: Directive) {
        let box = LoopBound(self, loop)
        let disk = disk
        shelf.later { shelf in
            guard let ring = disk.ringHere else { return }
            if let event = Synchroniser.answer(directive, shelf, ring) { box.post { $0.handle(event) } }
        }
    }

    private static func answer(_ directive: Directive, _ shelf: LogShelf, _ ring: Ring) -> Replication.Event? {
        do {
            return try shelf.answer(directive, ring)
        } catch {
            Log.error("sync", "\(error)")
            switch directive {
            case .loadEntries(let token, _, _, _, _, _): return .loadedEntries(token, [])
            case .loadIndex(let token, _, _, _): return .loadedIndex(token, nil)
            case .loadAttachments(let token, _, _, _, let leaves, _):
                return .loadedAttachments(token, [], notHeld: leaves)
            case .open(let token, _, _, _): return .opened(token, nil)
            case .storeEntries(let token, _, _, _, _), .storeAttachments(let token, _, _, _, _):
                return .storeFailed(token)
            default: return nil
            }
        }
    }

    /// Everything up to an entry is durable here: says so under our name.
    private func acknowledge(_ key: LogKey, _ position: UInt64) {
        guard position > 0 else { return }
        let box = LoopBound(self, loop)
        let (identity, epoch) = (identity, epoch)
        shelf.later { shelf in
            guard let entry = try? shelf.entries(of: key, from: position, count: 1, mostBytes: .max).first,
                let seal = try? Signed<Seal>(entry)
            else { return }
            let receipt = identity.sign(
                Receipt(
                    hub: identity.id, epoch: epoch, gateway: key.author, run: key.log, seal: seal.record.number,
                    root: seal.record.root, time: SystemClock.unixTime))
            box.post { $0.handle(.receipt(receipt)) }
        }
    }

    /// What a hub has may be overwritten first.
    private func keep(_ receipt: Signed<Receipt>) {
        let disk = disk
        shelf.later { shelf in
            do {
                try shelf.keep(receipt)
                let run = RunKey(gateway: receipt.record.gateway, run: receipt.record.run)
                try disk.ringHere?.markReplicated(
                    run, before: try shelf.acknowledged(run, through: receipt.record.seal))
            } catch {
                Log.error("sync", "could not keep a receipt: \(error)")
            }
        }
    }

    private static func verify(_ key: Bytes32, _ message: [UInt8], _ signature: Measurements.Signature) -> Bool {
        Identity.Signature(signature.bytes)?.verifies(message: message, by: key) ?? false
    }
}

extension LogShelf {
    /// Does what a directive about logs says.
    fileprivate func answer(_ directive: Directive, _ ring: Ring) throws -> Replication.Event? {
        switch directive {
        case .loadEntries(let token, let key, _, let first, let count, let mostBytes):
            return .loadedEntries(token, try entries(of: key, from: first, count: count, mostBytes: mostBytes))
        case .loadIndex(let token, let key, let position, _):
            return .loadedIndex(token, try index(of: key, position: position))
        case .loadAttachments(let token, let key, let position, _, let leaves, let mostBytes):
            let (found, notHeld) = try attachments(of: key, position: position, leaves: leaves, mostBytes: mostBytes)
            return .loadedAttachments(token, found, notHeld: notHeld)
        case .open(let token, let key, let chain, let position):
            return .opened(token, chain == 0 ? try open(key, position: position) : nil)
        case .storeEntries(let token, let key, let chain, let first, let entries):
            if chain == 0 {
                try store(entries: entries, of: key, from: first, ring: ring)
            } else {
                try store(fork: entries, of: key, chain: chain, from: first)
            }
            return .stored(token)
        case .storeIndex(let key, let chain, let position, let leaves):
            try store(index: leaves, of: key, chain: chain, position: position)
            return nil
        case .storeAttachments(let token, let key, _, _, let received):
            try store(received, of: key, ring: ring)
            return .stored(token)
        case .dropChain(let key, let chain):
            try drop(chain: chain, of: key)
            return nil
        default: return nil
        }
    }
}

extension Message {
    /// What a peer asked for; until one is on its way the next is not looked at.
    fileprivate var isAnswer: Bool {
        switch self {
        case .heads, .entries, .index, .attachments, .notHeld: true
        default: false
        }
    }

    /// Answers that carry data; they wait for room while small questions go ahead.
    fileprivate var isBulk: Bool {
        switch self {
        case .heads, .entries, .index, .attachments: true
        default: false
        }
    }
}
