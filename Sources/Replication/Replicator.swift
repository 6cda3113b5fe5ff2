import Hashing
import Measurements

/// Names a piece of work that the store was asked for.
public typealias Token = UInt64

public enum Event: Sendable {
    case connected(PeerID)
    case disconnected(PeerID)
    case received(PeerID, [UInt8])
    /// Little of what was to be sent to a peer is still waiting: the next of its requests may be served.
    case drained(PeerID)

    /// What the store holds of a log: at the start for each, and whenever it changed by itself (a seal, an eviction, an
    /// import).
    case holds(LogKey, [Chain], [Signed<Receipt>])
    case loadedEntries(Token, [[UInt8]])
    /// Nil where the index is not held.
    case loadedIndex(Token, [Leaf]?)
    /// What fitted, and what of the rest is not held.
    case loadedAttachments(Token, [Attachment], notHeld: Ranges)
    case opened(Token, Opened?)
    /// Durable.
    case stored(Token)
    case storeFailed(Token)
    /// A receipt of our own that was asked for and signed.
    case receipt(Signed<Receipt>)

    /// Whether live data flows, and backfill must leave it room.
    case watched(Bool)
    /// Somebody asks to seal now what a peer has not sealed.
    case wantsSeal(PeerID, LogKey)
    /// Somebody wants to know all that a peer has.
    case survey(PeerID)
    /// `deadline` has come.
    case tick
}

/// How far behind a peer we are.
public struct Progress: Hashable, Sendable {
    /// Logs in which it has something for us.
    public var logs = 0
    public var entries: UInt64 = 0
    /// Entries with attachments that are not all here.
    public var incomplete: UInt64 = 0
    /// Whether its feed was read to the end, so that the figures are whole.
    public var isWhole = false
    /// Bytes of attachments a second, the best of ten seconds.
    public var rate = 0
}

/// An entry and what of its attachments is here.
public struct Opened: Hashable, Sendable {
    public var entry: [UInt8]
    /// Nil where only the author or another peer knows.
    public var leaves: [Leaf]?
    /// Attachments that are here, or that the author's gap records say are lost.
    public var held: Ranges

    public init(entry: [UInt8], leaves: [Leaf]?, held: Ranges) {
        self.entry = entry
        self.leaves = leaves
        self.held = held
    }
}

public enum Directive: Hashable, Sendable {
    case send(PeerID, Message)
    case disconnect(PeerID, Misbehaviour)

    /// Entries of the chain that has `tip` as an entry; none where there is no such chain.
    case loadEntries(Token, LogKey, tip: Bytes32, first: UInt64, count: UInt64, mostBytes: Int)
    case loadIndex(Token, LogKey, position: UInt64, entry: Bytes32)
    case loadAttachments(Token, LogKey, position: UInt64, entry: Bytes32, leaves: Ranges, mostBytes: Int)
    case open(Token, LogKey, chain: Int, position: UInt64)
    /// All were verified. What is stored before is seen by what is asked later.
    case storeEntries(Token, LogKey, chain: Int, first: UInt64, [[UInt8]])
    case storeIndex(LogKey, chain: Int, position: UInt64, [Leaf])
    case storeAttachments(Token, LogKey, chain: Int, position: UInt64, [Received])
    /// All attachments of an entry are here, or lost as their author says.
    case complete(LogKey, chain: Int, position: UInt64)
    /// A second chain that turned out not to exist.
    case dropChain(LogKey, chain: Int)
    /// The author signed two entries for one place; both chains are kept, and their blocks.
    case forked(LogKey, chain: Int)

    /// All up to this entry is durable here: sign a receipt for its seal.
    case acknowledge(LogKey, position: UInt64)
    case keepReceipt(Signed<Receipt>)
    /// A hub has a new store: what it acknowledged from the old one counts no longer.
    case voidReceipts(hub: Bytes32, except: StoreEpoch)
    /// Close and seal what there is of this run.
    case seal(LogKey)
    /// All that a peer says it has. Chains that are equal and complete on both sides hold the same samples.
    case surveyed(PeerID, [LogSummary])
}

/// An attachment that was verified, and where it belongs.
public struct Received: Hashable, Sendable {
    public var leaf: Leaf
    public var number: UInt64
    public var bytes: [UInt8]
}

public struct Counters: Hashable, Sendable {
    public var entriesReceived = 0
    public var attachmentsReceived = 0
    public var bytesReceived = 0
    public var attachmentsSent = 0
    public var bytesSent = 0
    /// Came although it was here; costs bytes, never a second copy.
    public var duplicates = 0
    public var timeouts = 0
    public var brokenClaims = 0
    public var forged = 0
    public var malformed = 0
    public var cutOff = 0
    public var forks = 0
    public var refusedLogs = 0

    public init() {}
}

/// Replication as one node does it, with all its peers: learns what they have, asks for what it lacks, checks and stores
/// it, and serves the same to them. It does nothing by itself: the shell hands in events and performs the directives in
/// their order.
public struct Replicator: Sendable {
    public let me: Bytes32
    /// Names this life of the catalogue: 16 random bytes a start.
    public let feed: FeedID
    public let store: StoreEpoch
    let configuration: Configuration
    let policy: Policy
    let reading: any LogReading

    var catalogue = Catalogue()
    var sessions: [PeerID: Session] = [:]
    /// In the order of connecting; iterating the dictionary would not repeat.
    var peers: [PeerID] = []
    var open: [OpenEntry.Place: OpenEntry] = [:]
    var pending: [Token: Pending] = [:]
    var lastToken: Token = 0
    var logsByAuthor: [Bytes32: Int] = [:]
    var isWatched = false
    var lastTick: Int64 = 0
    var nextPlanned = 0
    var due: [(key: LogKey, at: Int64)] = []
    var resting: [(peer: PeerID, session: Session)] = []
    /// Nothing is fetched before: the store could not keep what came.
    var pausedUntil: Int64 = .min
    var out: [Directive] = []
    public internal(set) var counters = Counters()

    /// What a token stands for.
    enum Pending {
        case entries(PeerID, LogKey, chain: Int, count: UInt64, head: Bytes32, bare: Ranges)
        case attachments(OpenEntry.Place, Ranges)
        case open(OpenEntry.Place)
        case compare(PeerID, LogKey, tip: Bytes32)
        case serving(PeerID, Message)
    }

    public init(
        me: Bytes32, feed: FeedID, store: StoreEpoch, configuration: Configuration = Configuration(), policy: Policy,
        reading: any LogReading
    ) {
        self.me = me
        self.feed = feed
        self.store = store
        self.configuration = configuration
        self.policy = policy
        self.reading = reading
    }

    public func chains(of key: LogKey) -> [Chain] { catalogue[key].chains }
    public var logs: [LogKey] { catalogue.logs.keys.sorted() }

    /// Logs in which a peer has something that is wanted here.
    public func wanting(from peer: PeerID) -> Int { sessions[peer]?.todo.count ?? 0 }

    /// When `.tick` is due.
    public var deadline: Int64 {
        let isBusy = sessions.values.contains { $0.isBusy || $0.told != catalogue.change } || !due.isEmpty
        return lastTick + (isBusy ? configuration.tickEvery : configuration.markEvery)
    }

    public mutating func handle(_ event: Event, now: Int64) -> [Directive] {
        out = []
        switch event {
        case .connected(let peer): connect(peer, now)
        case .disconnected(let peer):
            rest(peer)
            disconnect(peer)
        case .received(let peer, let bytes): receive(bytes, from: peer, now)
        case .drained(let peer):
            sessions[peer]?.isServing = false
            serveNext(peer)
        case .holds(let key, let chains, let receipts): hold(key, chains, receipts)
        case .loadedEntries, .loadedIndex, .loadedAttachments: loaded(event, now)
        case .opened(let token, let opened): self.opened(token, opened, now)
        case .stored(let token): stored(token, now)
        case .storeFailed(let token): storeFailed(token, now)
        case .receipt(let receipt): keep(receipt)
        case .watched(let isWatched): self.isWatched = isWatched
        case .wantsSeal(let peer, let key):
            if sessions[peer] != nil { out.append(.send(peer, .wantSeal(key: key))) }
        case .survey(let peer): survey(peer, now)
        case .tick: tick(now)
        }
        return out
    }

    public func progress(with peer: PeerID) -> Progress {
        var progress = Progress()
        guard let session = sessions[peer] else { return progress }
        progress.isWhole = session.feed != nil && session.cursor >= session.announced
        progress.rate = session.pace.rate
        for (key, viewed) in session.view {
            progress.logs += 1
            let held = catalogue[key].chains.first ?? Chain()
            for tip in viewed.tips {
                progress.entries += tip.count - min(tip.count, held.count)
                let there = tip.complete.union(tip.partial).intersection(Ranges(0..<tip.count))
                progress.incomplete += there.subtracting(held.complete).count
            }
        }
        return progress
    }

    mutating func token(_ work: Pending) -> Token {
        lastToken += 1
        pending[lastToken] = work
        return lastToken
    }

    // MARK: Peers come and go

    private mutating func connect(_ peer: PeerID, _ now: Int64) {
        if sessions[peer] != nil {
            rest(peer)
            disconnect(peer)
        }
        guard sessions.count < configuration.mostPeers else {
            out.append(.disconnect(peer, .tooManyPeers))
            return
        }
        var session = Session()
        if let place = resting.firstIndex(where: { $0.peer == peer }) { session = resting.remove(at: place).session }
        session.answeredAt = now
        sessions[peer] = session
        peers.append(peer)
        tell(peer, now)
    }

    private mutating func rest(_ peer: PeerID) {
        guard let session = sessions[peer]?.resting, session.view.count <= 256 else { return }
        if resting.count >= configuration.mostResting { resting.removeFirst() }
        resting.append((peer, session))
    }

    mutating func disconnect(_ peer: PeerID) {
        guard let session = sessions.removeValue(forKey: peer) else { return }
        peers.removeAll { $0 == peer }
        for id in session.outgoing.keys.sorted() { if let asked = session.outgoing[id]?.asked { release(asked) } }
        for (token, work) in pending {
            switch work {
            case .serving(peer, _), .compare(peer, _, _): pending[token] = nil
            default: break
            }
        }
        for key in session.todo where catalogue[key].candidate?.peer == peer { dropCandidate(key) }
        for key in session.todo { forgetIfEmpty(key) }
        closeAbandoned()
    }

    /// A log that a peer spoke of and of which nothing came is not one.
    mutating func forgetIfEmpty(_ key: LogKey) {
        let log = catalogue[key]
        if catalogue.contains(key), !log.isFetching, log.chains.allSatisfy({ $0.count == 0 }) { catalogue.remove(key) }
    }

    /// Ends it with a peer that lies or is of no use.
    mutating func cutOff(_ peer: PeerID, _ why: Misbehaviour) {
        guard sessions[peer] != nil else { return }
        counters.cutOff += 1
        disconnect(peer)
        out.append(.disconnect(peer, why))
    }

    // MARK: Time

    private mutating func tick(_ now: Int64) {
        lastTick = now
        for peer in peers {
            expire(peer, now)
            guard let session = sessions[peer] else { continue }
            if session.told != catalogue.change || now - session.toldAt >= configuration.markEvery { tell(peer, now) }
        }
        acknowledgeDue(now)
        for peer in peers where sessions[peer]?.todo.isEmpty == false { plan(peer, now) }
    }

    /// Gives up on what a peer did not answer, so that another may be asked.
    private mutating func expire(_ peer: PeerID, _ now: Int64) {
        guard var session = sessions[peer] else { return }
        let late = session.outgoing.filter { id, request in
            let since = id < session.newestAnswered ? request.at : max(request.at, session.answeredAt)
            return now - since >= configuration.requestTimeout || now - request.at >= configuration.patience
        }.keys.sorted()
        guard !late.isEmpty else { return }
        var released: [Asked] = []
        for id in late { if let request = session.outgoing.removeValue(forKey: id) { released.append(request.asked) } }
        session.timeouts += 1
        session.brokenClaims += late.count
        counters.timeouts += late.count
        sessions[peer] = session
        for asked in released { release(asked, from: peer) }
        if session.timeouts >= configuration.mostTimeouts { cutOff(peer, .stalled) }
        if session.brokenClaims > configuration.mostBrokenClaims { cutOff(peer, .brokenClaims) }
    }

    private mutating func tell(_ peer: PeerID, _ now: Int64) {
        sessions[peer]?.told = catalogue.change
        sessions[peer]?.toldAt = now
        out.append(.send(peer, .mark(feed: feed, change: catalogue.change, store: store)))
    }

    /// What was asked for and will not come from there.
    mutating func release(_ asked: Asked, from peer: PeerID? = nil) {
        switch asked {
        case .heads: if let peer { sessions[peer]?.isAskingHeads = false }
        case .entries(let key, _, _, _, _): catalogue.update(key) { $0.isFetching = false }
        case .index(let place): open[place]?.isAskingIndex = false
        case .attachments(let place, let leaves):
            if let wanted = open[place]?.underWay.subtracting(leaves) { open[place]?.underWay = wanted }
        }
    }
}
