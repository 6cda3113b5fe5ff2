import Hashing
import Measurements
import Replication
import Simulator

/// Gateways, a hub and liars, the links between them and the weather over it all; one seed decides everything.
struct World {
    enum Happening {
        case message(from: Int, to: Int, link: Int, [UInt8])
        case event(Int, life: Int, Event)
        case connect(Int, Int)
        case tick(Int, life: Int)
        case crash(Int)
        case seal(Int)
    }

    struct Node {
        var replicator: Replicator
        var store = MemoryStore()
        var author: Author
        var life = 0
        var isUp = true
        var isLiar = false
        var isHub = false
        var wake: Int64?
        var links: [Int: Int] = [:]
    }

    var simulation: Simulation<Happening>
    var network: Network
    var nodes: [Node] = []
    var forks = 0
    var sealsAsked = 0
    var surveys: [[LogSummary]] = []
    /// A node whose store keeps nothing.
    var failing: Int?
    /// Every message that was sent, where a test wants to look.
    var sent: [(from: Int, to: Int, Message)]?
    var cutOffs: [Misbehaviour] = []
    var neighbours: [(Int, Int)] = []
    private var nextLink = 0
    private var feeds: UInt64 = 0
    private var configuration: Configuration

    static func id(_ index: Int) -> PeerID {
        Bytes32 {
            $0[0] = UInt8(index & 255); $0[1] = UInt8(index >> 8); $0[31] = 1
        }
    }
    static func index(_ id: PeerID) -> Int { id.bytes[1].asInt << 8 | id.bytes[0].asInt }

    init(
        count: Int, streams: Int = 2, seed: UInt64, weather: Weather = .fair, hubs: Int = 0, liars: Int = 0,
        configuration: Configuration = Configuration()
    ) {
        simulation = Simulation(seed: seed)
        network = Network(weather: weather)
        var configuration = configuration
        configuration.requestTimeout = 2 * 1_000_000_000
        configuration.markEvery = 5 * 1_000_000_000
        configuration.mostTimeouts = 20
        self.configuration = configuration
        for index in 0..<count {
            let author = Author(id: World.id(index), run: UInt64(index + 1), streams: streams)
            var node = Node(replicator: makeReplicator(index, isHub: index < hubs), author: author)
            node.isHub = index < hubs
            node.isLiar = index >= count - liars
            nodes.append(node)
            publish(index)
        }
    }

    private mutating func makeReplicator(_ index: Int, isHub: Bool) -> Replicator {
        var configuration = configuration
        configuration.isHub = isHub
        feeds += 1
        let policy = Policy(
            offers: { _, _ in true }, takes: { _, key in key.author != World.id(index) },
            isHub: { World.index($0) < 2 }, verify: Signing.verify)
        return Replicator(
            me: World.id(index), feed: FeedID(high: feeds, low: simulation.seed),
            store: epoch(index), configuration: configuration, policy: policy,
            reading: Signing.reading)
    }

    /// What a restored backup changes.
    var restored: Set<Int> = []

    private func epoch(_ index: Int) -> StoreEpoch {
        StoreEpoch(high: UInt64(index), low: restored.contains(index) ? 2 : 1)
    }

    // MARK: What tests do

    /// A node holds somebody's log without being that somebody.
    mutating func give(_ author: Author, to index: Int) {
        nodes[index].store.take(author)
        tellHolds(index, author.key)
    }

    /// A ring of all honest nodes, so that they hang together without liars, and chords at random.
    mutating func join(chords: Int) {
        let honest = nodes.indices.filter { !nodes[$0].isLiar }
        for (place, index) in honest.enumerated() where honest.count > 1 {
            neighbours.append((index, honest[(place + 1) % honest.count]))
        }
        for _ in 0..<chords {
            let (a, b) = (
                Int.random(in: 0..<nodes.count, using: &simulation.random),
                Int.random(in: 0..<nodes.count, using: &simulation.random)
            )
            if a != b { neighbours.append((a, b)) }
        }
        for liar in nodes.indices where nodes[liar].isLiar {
            for _ in 0..<3 { neighbours.append((liar, honest.randomElement(using: &simulation.random) ?? 0)) }
        }
        for (a, b) in neighbours { connect(a, b) }
    }

    mutating func connect(_ a: Int, _ b: Int) {
        guard nodes[a].isUp, nodes[b].isUp, nodes[a].links[b] == nil, a != b else { return }
        nextLink += 1
        nodes[a].links[b] = nextLink
        nodes[b].links[a] = nextLink
        handle(a, .connected(World.id(b)))
        handle(b, .connected(World.id(a)))
    }

    mutating func cut(_ a: Int, _ b: Int) {
        guard nodes[a].links.removeValue(forKey: b) != nil else { return }
        nodes[b].links[a] = nil
        if nodes[a].isUp { handle(a, .disconnected(World.id(b))) }
        if nodes[b].isUp { handle(b, .disconnected(World.id(a))) }
    }

    mutating func seal(_ index: Int, samples: Int = 3, losing lost: Int = 0) {
        nodes[index].author.seal(samples: samples, losing: lost, &simulation.random)
        publish(index)
    }

    mutating func publish(_ index: Int) {
        nodes[index].store.take(nodes[index].author)
        tellHolds(index, nodes[index].author.key)
    }

    mutating func tellHolds(_ index: Int, _ key: LogKey) {
        guard nodes[index].isUp else { return }
        handle(index, .holds(key, nodes[index].store.chains(key), nodes[index].store.receipts[key] ?? []))
    }

    /// Power goes and comes back: what was not stored is gone, and the catalogue is read anew.
    mutating func crash(_ index: Int) {
        for other in nodes[index].links.keys.sorted() { cut(index, other) }
        nodes[index].life += 1
        nodes[index].wake = nil
        nodes[index].replicator = makeReplicator(index, isHub: nodes[index].isHub)
        for key in nodes[index].store.logs.keys.sorted() { tellHolds(index, key) }
        for (a, b) in neighbours where a == index || b == index { connect(a, b) }
    }

    mutating func run(for duration: Int64) {
        let end = simulation.now + duration
        while let happening = simulation.next(until: end) { perform(happening) }
    }

    private mutating func perform(_ happening: Happening) {
        switch happening {
        case .message(let from, let to, let link, let bytes):
            if nodes[to].links[from] == link { handle(to, .received(World.id(from), bytes)) }
        case .event(let index, let life, let event):
            if nodes[index].life == life { handle(index, event) }
        case .connect(let a, let b): connect(a, b)
        case .tick(let index, let life):
            guard nodes[index].life == life, nodes[index].wake == simulation.now else { return }
            nodes[index].wake = nil
            handle(index, .tick)
        case .crash(let index): crash(index)
        case .seal(let index): seal(index, losing: Int.random(in: 0..<3, using: &simulation.random))
        }
    }

    mutating func handle(_ index: Int, _ event: Event) {
        for directive in nodes[index].replicator.handle(event, now: simulation.now) { perform(directive, at: index) }
        let deadline = max(nodes[index].replicator.deadline, simulation.now)
        if nodes[index].wake.map({ deadline < $0 }) ?? true {
            nodes[index].wake = deadline
            simulation.schedule(.tick(index, life: nodes[index].life), at: deadline)
        }
    }

    private mutating func perform(_ directive: Directive, at index: Int) {
        let life = nodes[index].life
        switch directive {
        case .send(let peer, let message): send(message, from: index, to: World.index(peer))
        case .disconnect(let peer, let why):
            cutOffs.append(why)
            let other = World.index(peer)
            cut(index, other)
            simulation.schedule(.connect(index, other), after: 10_000_000_000)
        case .forked: forks += 1
        case .surveyed(_, let summaries): surveys.append(summaries)
        case .storeEntries(let token, _, _, _, _) where failing == index,
            .storeAttachments(let token, _, _, _, _) where failing == index:
            simulation.schedule(.event(index, life: life, .storeFailed(token)), after: 1_000_000)
        case .seal(let key) where key.author == World.id(index): sealsAsked += 1
        case .voidReceipts(let hub, let epoch):
            for key in nodes[index].store.receipts.keys {
                nodes[index].store.receipts[key]?.removeAll { $0.record.hub == hub && $0.record.epoch != epoch }
            }
        case .acknowledge(let key, let position):
            let record = Receipt(
                hub: World.id(index), epoch: epoch(index), gateway: key.author, run: key.log,
                seal: position - 1, root: .zero, time: simulation.now)
            let receipt = record.signed(by: Signing.sign(as: World.id(index)))
            _ = nodes[index].store.answer(.keepReceipt(receipt))
            simulation.schedule(.event(index, life: life, .receipt(receipt)), after: 1)
        default:
            guard let event = nodes[index].store.answer(directive) else { return }
            let delay = Int64.random(in: 100_000...5_000_000, using: &simulation.random)
            // The store answers in the order of asking.
            storeAt[index, default: 0] = max(storeAt[index, default: 0] + 1, simulation.now + delay)
            simulation.schedule(.event(index, life: life, event), at: storeAt[index] ?? 0)
        }
    }

    private var storeAt: [Int: Int64] = [:]

    private mutating func send(_ message: Message, from index: Int, to other: Int) {
        guard let link = nodes[index].links[other] else { return }
        sent?.append((index, other, message))
        var bytes = message.bytes
        if nodes[index].isLiar { bytes = lie(message, bytes, of: index) }
        for delay in network.deliveries(from: index, to: other, &simulation.random) {
            simulation.schedule(.message(from: index, to: other, link: link, bytes), after: delay)
        }
        switch message {
        case .heads, .entries, .index, .attachments, .notHeld:
            simulation.schedule(.event(index, life: nodes[index].life, .drained(World.id(other))), after: 1_000_000)
        default: break
        }
    }

    // MARK: Liars

    private mutating func lie(_ message: Message, _ bytes: [UInt8], of index: Int) -> [UInt8] {
        guard Int.random(in: 0..<3, using: &simulation.random) == 0 else { return bytes }
        // Half of the liars speak the protocol well and lie in it; the others send rubbish.
        let isSubtle = index % 2 == 0
        switch message {
        case .heads(var heads):
            for log in heads.summaries.indices {
                for tip in heads.summaries[log].tips.indices {
                    heads.summaries[log].tips[tip].complete = Ranges(0..<1 << 40)
                    if Bool.random(using: &simulation.random) { heads.summaries[log].tips[tip].count &+= 5 }
                    if Bool.random(using: &simulation.random) { heads.summaries[log].tips[tip].head = .zero }
                }
            }
            return Message.heads(heads).bytes
        case .attachments(let request, let notHeld, var attachments) where !attachments.isEmpty:
            attachments[0].bytes = mutated(attachments[0].bytes, &simulation.random)
            return Message.attachments(request: request, notHeld: notHeld, attachments).bytes
        case .index(let request, let total, let from, let leaves):
            return Message.index(request: request, total: total, from: from, leaves.reversed()).bytes
        case .entries(let request, let first, let entries):
            return Message.entries(request: request, first: first, entries.reversed()).bytes
        case .mark(let feed, _, let store): return Message.mark(feed: feed, change: .max, store: store).bytes
        default: return isSubtle ? bytes : mutated(bytes, &simulation.random)
        }
    }

    // MARK: Proof

    /// Blocks that a node should have and has not, over all honest nodes and what honest nodes recorded.
    func missing() -> Int {
        let honest = nodes.filter { !$0.isLiar }
        var missing = 0
        for node in honest {
            for author in honest.map(\.author) {
                guard let chain = node.store.logs[author.key]?.first, chain.entries == author.entries else {
                    missing += author.entries.count
                    continue
                }
                for position in author.indexes.indices {
                    guard chain.indexes[UInt64(position)] == author.indexes[position] else {
                        missing += 1
                        continue
                    }
                    let held = node.store.held(author.key, 0, UInt64(position))
                    missing += author.indexes[position].count - Int(held.count)
                }
            }
        }
        return missing
    }

    var duplicates: Int { nodes.filter { !$0.isLiar }.reduce(0) { $0 + $1.store.duplicates } }
}

extension UInt8 {
    fileprivate var asInt: Int { Int(self) }
}
