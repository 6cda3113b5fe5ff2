import Hashing

/// How a message reaches everybody about once: content goes along the eager links, which settle into a tree; over the
/// lazy ones only ids go, and who misses a content asks for it and makes that link eager (Leitão, Pereira, Rodrigues
/// 2007).
struct PlumTree {
    private let configuration: Configuration
    private let judge: Judge

    private(set) var eager = PeerList()
    private(set) var lazy = PeerList()
    private var queued: [(peer: PeerID, announcements: [Announcement])] = []
    private var announceAt: Int64?
    private var missing: MissingMessages
    private var seen: SeenMessages
    private(set) var counters = Counters()

    init(configuration: Configuration, judge: @escaping Judge) {
        self.configuration = configuration
        self.judge = judge
        missing = MissingMessages(mostAPeer: configuration.mostMissing)
        seen = SeenMessages(configuration: configuration)
    }

    var deadline: Int64? { [announceAt, missing.deadline].compactMap { $0 }.min() }

    var keptBytes: Int { seen.keptBytes }

    private func isNeighbour(_ peer: PeerID) -> Bool { eager.contains(peer) || lazy.contains(peer) }

    mutating func neighbourUp(_ peer: PeerID) { makeEager(peer) }

    mutating func neighbourDown(_ peer: PeerID) {
        eager.remove(peer)
        lazy.remove(peer)
        queued.removeAll { $0.peer == peer }
        missing.remove(announcedBy: peer)
    }

    mutating func broadcast(_ content: [UInt8], widely: Bool, now: Int64, _ out: inout [Directive]) {
        guard content.count <= configuration.mostContentBytes else {
            out.append(.refused(nil, "a content of \(content.count) bytes does not fit a message"))
            return
        }
        let payload = Payload(id: BLAKE3.hash(content), content: content, scope: widely ? .swarm(hops: 0) : .neighbours)
        if widely {
            guard seen.insert(payload.id, now: now) else { return }
            seen.keep(payload, now: now)
        }
        pass(on: payload, from: nil, now: now, &out)
    }

    mutating func receive(_ message: Message, from peer: PeerID, now: Int64, _ out: inout [Directive]) {
        if case .payload(let payload) = message {
            counters.payloads += 1
            received(payload, from: peer, now: now, &out)
            return
        }
        counters.control += 1
        switch message {
        case .prune: makeLazy(peer)
        case .graft(let id, _):
            if isNeighbour(peer) { makeEager(peer) }
            if let id, let payload = seen.content(id, now: now) { out.append(.send(peer, .payload(payload))) }
        case .have(let announcements) where isNeighbour(peer):
            for announcement in announcements where !seen.contains(announcement.id, now: now) {
                missing.note(announcement, from: peer, dueAt: now + configuration.firstGraft)
            }
        default: break
        }
    }

    mutating func tick(_ now: Int64, _ out: inout [Directive]) {
        if let at = announceAt, at <= now {
            announceAt = nil
            announce(&out)
        }
        for ask in missing.due(now, next: now + configuration.nextGraft) {
            makeEager(ask.peer)
            counters.grafts += 1
            out.append(.send(ask.peer, .graft(ask.announcement.id, hops: ask.announcement.hops)))
        }
    }

    // MARK: Content

    private mutating func received(_ payload: Payload, from peer: PeerID, now: Int64, _ out: inout [Directive]) {
        guard payload.content.count <= configuration.mostContentBytes, BLAKE3.hash(payload.content) == payload.id else {
            counters.forged += 1
            out.append(.refused(peer, "a message's id is not the hash of its content"))
            return
        }
        guard case .swarm(let hops) = payload.scope else {
            if decide(payload, from: peer, &out) == .pass { deliver(payload, from: peer, &out) }
            return
        }
        guard seen.insert(payload.id, now: now) else {
            counters.duplicates += 1
            makeLazy(peer)
            out.append(.send(peer, .prune))
            return
        }
        let announced = missing.remove(payload.id)
        guard decide(payload, from: peer, &out) == .pass else { return }
        counters.lastHop = max(counters.lastHop, hops)
        var onward = payload
        onward.scope = .swarm(hops: hops < .max ? hops + 1 : hops)
        seen.keep(onward, now: now)
        pass(on: onward, from: peer, now: now, &out)
        shorten(peer, hops: hops, announced, &out)
        deliver(payload, from: peer, &out)
    }

    private mutating func decide(_ payload: Payload, from peer: PeerID, _ out: inout [Directive]) -> Verdict {
        let verdict = judge(payload.content)
        switch verdict {
        case .pass: break
        case .ignore: counters.ignored += 1
        case .refuse(let why):
            counters.refused += 1
            out.append(.refused(peer, why))
        }
        return verdict
    }

    private mutating func deliver(_ payload: Payload, from peer: PeerID, _ out: inout [Directive]) {
        out.append(.deliver(payload, from: peer))
    }

    private mutating func pass(on payload: Payload, from peer: PeerID?, now: Int64, _ out: inout [Directive]) {
        for other in eager.peers where other != peer { out.append(.send(other, .payload(payload))) }
        guard case .swarm(let hops) = payload.scope else { return }
        for other in lazy.peers where other != peer {
            queue(Announcement(id: payload.id, hops: hops), for: other, now: now)
        }
    }

    /// Gives up a long path for a much shorter one that was announced.
    private mutating func shorten(
        _ peer: PeerID, hops: UInt16, _ announced: [(peer: PeerID, hops: UInt16)], _ out: inout [Directive]
    ) {
        guard let best = announced.min(by: { $0.hops < $1.hops }), best.peer != peer, isNeighbour(best.peer),
            Int(best.hops) + Int(configuration.shorterBy) <= Int(hops) + 1
        else { return }
        if !eager.contains(best.peer) {
            makeEager(best.peer)
            out.append(.send(best.peer, .graft(nil, hops: best.hops)))
        }
        makeLazy(peer)
        out.append(.send(peer, .prune))
    }

    // MARK: Links

    private mutating func makeEager(_ peer: PeerID) {
        lazy.remove(peer)
        eager.insert(peer)
    }

    private mutating func makeLazy(_ peer: PeerID) {
        guard eager.remove(peer) else { return }
        lazy.insert(peer)
    }

    private mutating func queue(_ announcement: Announcement, for peer: PeerID, now: Int64) {
        if announceAt == nil { announceAt = now + configuration.announceAfter }
        guard let index = queued.firstIndex(where: { $0.peer == peer }) else {
            queued.append((peer, [announcement]))
            return
        }
        if queued[index].announcements.count >= configuration.mostQueued { queued[index].announcements.removeFirst() }
        queued[index].announcements.append(announcement)
    }

    private mutating func announce(_ out: inout [Directive]) {
        for (peer, announcements) in queued {
            for start in stride(from: 0, to: announcements.count, by: configuration.mostAnnounced) {
                let end = min(start + configuration.mostAnnounced, announcements.count)
                out.append(.send(peer, .have(Array(announcements[start..<end]))))
            }
        }
        queued = []
    }
}
