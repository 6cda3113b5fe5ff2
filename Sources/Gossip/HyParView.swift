import Hashing

/// Who is whose neighbour: a small active view of links that both ends hold, and a larger passive one to replace them
/// from (Leitão, Pereira, Rodrigues 2007). As in iroh-gossip, a peer becomes a neighbour when it answers, not when it is
/// asked, so that an unreachable one never takes a place.
struct HyParView {
    private let me: PeerID
    private let configuration: Configuration
    private var generator: SeededGenerator
    var ownData: PeerData?

    private(set) var active = PeerList()
    private(set) var passive = PeerList()
    /// Data of peers in a view or being asked.
    private var data: [PeerID: PeerData] = [:]
    /// Peers that were sent a `neighbour` and have not answered, or whose own it answered: another one from them
    /// within the time-out is no question.
    private var asked: [(peer: PeerID, until: Int64)] = []
    private var shuffleAt: Int64?
    /// While there is room in the active view: when to ask somebody again, and how long to wait after that.
    private var refillAt: Int64?
    private var refillWait: Int64

    init(me: PeerID, data: PeerData?, configuration: Configuration, seed: UInt64) {
        self.me = me
        self.configuration = configuration
        ownData = data
        refillWait = configuration.neighbourTimeout
        generator = SeededGenerator(seed: seed)
    }

    var deadline: Int64? { (asked.map(\.until) + [shuffleAt, refillAt].compactMap { $0 }).min() }

    func info(_ peer: PeerID) -> PeerInfo { PeerInfo(id: peer, data: data[peer]) }

    mutating func join(_ peer: PeerID, now: Int64, _ out: inout [Directive]) {
        startShuffling(now)
        if peer != me { out.append(.send(peer, .join(ownData))) }
    }

    mutating func receive(_ message: Message, from peer: PeerID, now: Int64, _ out: inout [Directive]) {
        startShuffling(now)
        switch message {
        case .join(let data): joined(peer, data, now, &out)
        case .forwardJoin(let info, let ttl): forwarded(info, ttl: ttl, from: peer, now, &out)
        case .shuffle(let origin, let nodes, let ttl): shuffled(origin, nodes, ttl: ttl, from: peer, &out)
        case .shuffleReply(let nodes):
            remember(nodes, &out)
            refill(now: now, &out)
        case .neighbour(let urgent, let data): asks(peer, urgent: urgent, data, now, &out)
        case .disconnect(let alive):
            left(peer, alive: alive, now: now, &out)
            return
        default: return
        }
        if !active.contains(peer), !isAsked(peer) { out.append(.disconnect(peer)) }
    }

    /// The link to `peer` broke or could not be made.
    mutating func disconnected(_ peer: PeerID, now: Int64, _ out: inout [Directive]) {
        let wasNeighbour = active.contains(peer)
        left(peer, alive: false, now: now, &out)
        if !wasNeighbour { refill(now: now, &out) }
    }

    mutating func leave(_ out: inout [Directive]) {
        for peer in active.peers { drop(peer, alive: false, &out) }
        asked = []
        (shuffleAt, refillAt) = (nil, nil)
    }

    mutating func tick(_ now: Int64, _ out: inout [Directive]) {
        let late = asked.filter { $0.until <= now }.map(\.peer)
        asked.removeAll { $0.until <= now }
        for peer in late where !active.contains(peer) {
            passive.remove(peer)
            forget(peer)
        }
        if !late.isEmpty { refill(now: now, &out) }
        if let at = shuffleAt, at <= now {
            shuffleAt = now + configuration.shuffleEvery
            shuffle(&out)
        }
        if let at = refillAt, at <= now {
            refillAt = nil
            refill(now: now, &out)
        }
    }

    // MARK: What peers say

    private mutating func joined(_ peer: PeerID, _ data: PeerData?, _ now: Int64, _ out: inout [Directive]) {
        // Whoever joins anew has forgotten what we asked before.
        asked.removeAll { $0.peer == peer }
        guard admit(peer, data, urgent: true, &out) else { return }
        ask(peer, urgent: true, now, &out)
        for other in active.peers where other != peer {
            out.append(.send(other, .forwardJoin(info(peer), ttl: configuration.activeWalk)))
        }
    }

    private mutating func forwarded(
        _ newcomer: PeerInfo, ttl: UInt16, from peer: PeerID, _ now: Int64, _ out: inout [Directive]
    ) {
        guard newcomer.id != me, active.contains(peer) else { return }
        let ttl = min(ttl, configuration.activeWalk)
        if active.contains(newcomer.id) || ttl == 0 || active.count <= 1 {
            learn(newcomer, &out)
            ask(newcomer.id, urgent: true, now, &out)
            return
        }
        if ttl == configuration.passiveWalk { remember([newcomer], &out) }
        guard !isAsked(newcomer.id), let next = active.pick(except: [peer, newcomer.id], &generator) else { return }
        out.append(.send(next, .forwardJoin(newcomer, ttl: ttl - 1)))
    }

    /// A `neighbour` is an answer where we asked, else a question.
    private mutating func asks(
        _ peer: PeerID, urgent: Bool, _ data: PeerData?, _ now: Int64, _ out: inout [Directive]
    ) {
        let isAnswer = isAsked(peer)
        asked.removeAll { $0.peer == peer }
        if admit(peer, data, urgent: urgent, &out) {
            if !isAnswer { ask(peer, urgent: true, now, &out) }
        } else {
            drop(peer, alive: true, &out)
            forget(peer)
        }
    }

    private mutating func left(_ peer: PeerID, alive: Bool, now: Int64, _ out: inout [Directive]) {
        let wasAsked = isAsked(peer)
        asked.removeAll { $0.peer == peer }
        if active.remove(peer) {
            refillWait = configuration.neighbourTimeout
            out.append(.neighbourDown(peer))
            if alive {
                remember([info(peer)], &out)
            } else {
                forget(peer)
            }
            refill(except: peer, now: now, &out)
        } else if !alive {
            passive.remove(peer)
            forget(peer)
        } else if wasAsked, active.isEmpty {
            // Refused by one who thought us less needy than we are by now.
            refill(now: now, &out)
        }
    }

    // MARK: The views

    /// True where `peer` is a neighbour afterwards. An urgent one displaces somebody where there is no room.
    private mutating func admit(
        _ peer: PeerID, _ data: PeerData?, urgent: Bool, _ out: inout [Directive]
    ) -> Bool {
        guard peer != me else { return false }
        learn(PeerInfo(id: peer, data: data), &out)
        if active.contains(peer) { return true }
        if active.count >= configuration.activeView {
            guard urgent, let victim = active.pick(&generator) else { return false }
            drop(victim, alive: true, &out)
            remember([info(victim)], &out)
        }
        passive.remove(peer)
        active.insert(peer)
        out.append(.neighbourUp(peer))
        return true
    }

    /// Parts with a peer, and first gives it others to turn to: it may know nobody else.
    private mutating func drop(_ peer: PeerID, alive: Bool, _ out: inout [Directive]) {
        reply(to: peer, count: configuration.shuffleActive + configuration.shufflePassive, &out)
        out.append(.send(peer, .disconnect(alive: alive)))
        out.append(.disconnect(peer))
        // What it answered before it heard of this must count as a question, or one side alone would think itself
        // a neighbour.
        asked.removeAll { $0.peer == peer }
        if active.remove(peer) { out.append(.neighbourDown(peer)) }
    }

    private func isAsked(_ peer: PeerID) -> Bool { asked.contains { $0.peer == peer } }

    private mutating func ask(_ peer: PeerID, urgent: Bool, _ now: Int64, _ out: inout [Directive]) {
        guard !isAsked(peer) else { return }
        if asked.count >= configuration.mostAsked { asked.removeFirst() }
        asked.append((peer, now + configuration.neighbourTimeout))
        out.append(.send(peer, .neighbour(urgent: urgent, ownData)))
    }

    private mutating func refill(except: PeerID? = nil, now: Int64, _ out: inout [Directive]) {
        let pending = asked.map(\.peer).filter { !active.contains($0) }
        guard active.count + pending.count < configuration.activeView else { return }
        // Who has no room refuses; waiting longer each time keeps a full swarm quiet.
        refillAt = now + refillWait
        refillWait = min(2 * refillWait, configuration.shuffleEvery)
        let skip = pending + [except].compactMap { $0 }
        if let next = passive.pick(except: skip, &generator) {
            ask(next, urgent: active.isEmpty, now, &out)
        }
    }

    private mutating func remember(_ nodes: [PeerInfo], _ out: inout [Directive]) {
        for node in nodes.prefix(configuration.mostShuffled) where node.id != me {
            let isKnown = active.contains(node.id) || passive.contains(node.id)
            if !isKnown {
                if passive.count >= configuration.passiveView, let victim = passive.pick(&generator) {
                    passive.remove(victim)
                    forget(victim)
                }
                passive.insert(node.id)
            }
            learn(node, &out)
        }
    }

    private mutating func learn(_ peer: PeerInfo, _ out: inout [Directive]) {
        guard let said = peer.data, !said.isEmpty, said.count <= configuration.mostPeerData, data[peer.id] != said
        else { return }
        data[peer.id] = said
        out.append(.learnt(peer.id, said))
    }

    private mutating func forget(_ peer: PeerID) {
        if !active.contains(peer), !passive.contains(peer) { data[peer] = nil }
    }

    // MARK: Shuffling

    private mutating func startShuffling(_ now: Int64) {
        if shuffleAt == nil { shuffleAt = now + configuration.shuffleEvery }
    }

    private mutating func shuffle(_ out: inout [Directive]) {
        guard let target = active.pick(&generator) else { return }
        let nodes =
            active.sample(configuration.shuffleActive, except: target, &generator)
            + passive.sample(configuration.shufflePassive, except: target, &generator)
        out.append(
            .send(
                target,
                .shuffle(
                    origin: me, nodes: nodes.map { info($0) } + [PeerInfo(id: me, data: ownData)],
                    ttl: configuration.shuffleWalk)))
    }

    private mutating func shuffled(
        _ origin: PeerID, _ nodes: [PeerInfo], ttl: UInt16, from peer: PeerID, _ out: inout [Directive]
    ) {
        guard origin != me, active.contains(peer) else { return }
        let ttl = min(ttl, configuration.shuffleWalk)
        if ttl > 0, active.count > 1, let next = active.pick(except: [origin, peer], &generator) {
            out.append(
                .send(
                    next,
                    .shuffle(
                        origin: origin, nodes: Array(nodes.prefix(configuration.mostShuffled)), ttl: ttl - 1)))
        } else {
            remember(nodes, &out)
            reply(to: origin, count: min(nodes.count, configuration.mostShuffled), &out)
        }
    }

    private mutating func reply(to peer: PeerID, count: Int, _ out: inout [Directive]) {
        var nodes = passive.sample(count, except: peer, &generator)
        nodes += active.sample(count - nodes.count, except: peer, &generator)
        out.append(.send(peer, .shuffleReply(nodes.map { info($0) })))
    }
}
