import Hashing

/// What becomes of a content before it is passed on: whoever builds on gossip checks the author's signature here.
public enum Verdict: Hashable, Sendable {
    case pass
    /// Nobody's fault (too many a second, an author not known yet): neither delivered nor passed on.
    case ignore
    /// Whoever passed this on did not check it.
    case refuse(String)
}

public typealias Judge = @Sendable (_ content: [UInt8]) -> Verdict

public enum Event: Sendable {
    /// Ask these to let us in.
    case join([PeerID])
    case leave
    case broadcast([UInt8], widely: Bool)
    case received(PeerID, Message)
    /// The link to a peer broke, or could not be made.
    case disconnected(PeerID)
    /// What we say from now on of how to reach us.
    case ownData(PeerData)
    /// `deadline` has come.
    case tick
}

public enum Directive: Hashable, Sendable {
    case send(PeerID, Message)
    /// This topic needs no link to that peer any longer, once what was to be sent is sent.
    case disconnect(PeerID)
    case neighbourUp(PeerID)
    case neighbourDown(PeerID)
    case deliver(Payload, from: PeerID)
    /// A peer's data, new or changed: where it can be reached.
    case learnt(PeerID, PeerData)
    /// Not taken, and whose doing it was; nil is our own.
    case refused(PeerID?, String)
}

public struct Counters: Hashable, Sendable {
    public var payloads = 0
    public var duplicates = 0
    public var control = 0
    public var grafts = 0
    public var forged = 0
    public var refused = 0
    public var ignored = 0
    public var lastHop: UInt16 = 0

    public init() {}
}

/// One topic's swarm as one member sees it. It does nothing by itself: the shell hands in events, performs the
/// directives in their order, and sends `.tick` when `deadline` comes.
public struct Topic: Sendable {
    private var swarm: HyParView
    private var tree: PlumTree

    public init(
        me: PeerID, data: PeerData? = nil, configuration: Configuration = Configuration(), seed: UInt64,
        judge: @escaping Judge
    ) {
        swarm = HyParView(me: me, data: data, configuration: configuration, seed: seed)
        tree = PlumTree(configuration: configuration, judge: judge)
    }

    public var neighbours: [PeerID] { swarm.active.peers }
    /// Peers to turn to when neighbours go; worth keeping across a restart.
    public var others: [PeerInfo] { swarm.passive.peers.map { swarm.info($0) } }
    public var counters: Counters { tree.counters }
    public var keptBytes: Int { tree.keptBytes }
    public var deadline: Int64? { [swarm.deadline, tree.deadline].compactMap { $0 }.min() }

    public mutating func handle(_ event: Event, now: Int64) -> [Directive] {
        var out: [Directive] = []
        switch event {
        case .join(let peers): for peer in peers { swarm.join(peer, now: now, &out) }
        case .leave: swarm.leave(&out)
        case .broadcast(let content, let widely): tree.broadcast(content, widely: widely, now: now, &out)
        case .received(let peer, let message): receive(message, from: peer, now: now, &out)
        case .disconnected(let peer): swarm.disconnected(peer, now: now, &out)
        case .ownData(let data): swarm.ownData = data
        case .tick:
            swarm.tick(now, &out)
            tree.tick(now, &out)
        }
        for directive in out {
            switch directive {
            case .neighbourUp(let peer): tree.neighbourUp(peer)
            case .neighbourDown(let peer): tree.neighbourDown(peer)
            default: break
            }
        }
        return out
    }

    private mutating func receive(_ message: Message, from peer: PeerID, now: Int64, _ out: inout [Directive]) {
        switch message {
        case .payload, .prune, .graft, .have:
            tree.receive(message, from: peer, now: now, &out)
            // Whoever takes us for a neighbour without being ours learns it here.
            if !swarm.active.contains(peer) { out.append(.send(peer, .disconnect(alive: true))) }
        default: swarm.receive(message, from: peer, now: now, &out)
        }
    }
}
