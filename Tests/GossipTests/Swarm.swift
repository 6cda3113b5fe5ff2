import Gossip
import Hashing
import Simulator

/// Many members of one topic over links that keep order, as QUIC streams do, and that break when an end dies.
struct Swarm {
    enum Happening {
        case message(from: Int, to: Int, Message)
        case broken(at: Int, peer: Int)
        case tick(Int, life: Int)
    }

    struct Round {
        /// The greatest number of hops a delivery took.
        var lastHop = 0
        var deliveries = 0
        var payloads = 0
        var missed = 0
        var twice = 0
        /// Contents sent beyond the one each member needs, for each member.
        var redundancy = 0.0
    }

    var simulation: Simulation<Happening>
    var network: Network
    var members: [Topic?]
    var refusals = 0
    private var lives: [Int]
    private var wakes: [Int64?]
    private var arrivals: [Int: Int64] = [:]
    private var links: Set<Int> = []
    private var delivered: [[Bytes32: Int]]
    private var lastHop = 0
    private var payloads = 0
    private let configuration: Configuration
    private let judge: Judge

    init(
        count: Int, seed: UInt64, weather: Weather = .fair, configuration: Configuration = Configuration(),
        judge: @escaping Judge = { _ in .pass }
    ) {
        simulation = Simulation(seed: seed)
        network = Network(weather: weather)
        self.configuration = configuration
        self.judge = judge
        members = []
        lives = Array(repeating: 0, count: count)
        wakes = Array(repeating: nil, count: count)
        delivered = Array(repeating: [:], count: count)
        for index in 0..<count { members.append(makeTopic(index)) }
    }

    static func id(_ index: Int) -> PeerID {
        Bytes32(filling: { bytes in
            for byte in 0..<4 { bytes[byte] = UInt8(truncatingIfNeeded: index >> (8 * byte)) }
        })
    }

    static func index(_ id: PeerID) -> Int { id.bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) } }

    private func makeTopic(_ index: Int) -> Topic {
        Topic(
            me: Swarm.id(index), data: [UInt8(index & 255)], configuration: configuration,
            seed: simulation.seed &* 1_000_003 &+ UInt64(index), judge: judge)
    }

    /// Everybody joins through the first ones, a little apart.
    mutating func bootstrap(through contacts: Int = 1) {
        for index in members.indices where index > 0 {
            let contact = index < contacts ? 0 : Int.random(in: 0..<min(contacts, index), using: &simulation.random)
            handle(index, .join([Swarm.id(contact)]))
            run(for: 20_000_000)
        }
        run(for: 30_000_000_000)
    }

    mutating func crash(_ index: Int) {
        members[index] = nil
        lives[index] += 1
        for other in members.indices where other != index && links.remove(link(index, other)) != nil {
            schedule(.broken(at: other, peer: index), from: index, to: other)
        }
    }

    mutating func restart(_ index: Int, through contact: Int) {
        members[index] = makeTopic(index)
        handle(index, .join([Swarm.id(contact)]))
    }

    mutating func run(for duration: Int64) {
        let end = simulation.now + duration
        while let happening = simulation.next(until: end) {
            switch happening {
            case .message(let from, let to, let message):
                guard members[to] != nil else {
                    schedule(.broken(at: from, peer: to), from: to, to: from)
                    continue
                }
                if case .payload = message { payloads += 1 }
                handle(to, .received(Swarm.id(from), message))
            case .broken(let at, let peer): handle(at, .disconnected(Swarm.id(peer)))
            case .tick(let index, let life):
                guard lives[index] == life, wakes[index] == simulation.now else { continue }
                wakes[index] = nil
                handle(index, .tick)
            }
        }
    }

    /// Broadcasts, waits, and counts.
    mutating func round(_ contents: [(from: Int, content: [UInt8])], wait: Int64 = 5_000_000_000) -> Round {
        (lastHop, payloads) = (0, 0)
        for index in delivered.indices { delivered[index] = [:] }
        for (from, content) in contents { handle(from, .broadcast(content, widely: true)) }
        run(for: wait)
        var round = Round(lastHop: lastHop, payloads: payloads)
        for (from, content) in contents {
            let id = BLAKE3.hash(content)
            for index in members.indices where index != from && members[index] != nil {
                let count = delivered[index][id] ?? 0
                round.deliveries += count
                if count == 0 { round.missed += 1 }
                if count > 1 { round.twice += 1 }
            }
        }
        let alive = members.count { $0 != nil }
        round.redundancy = Double(payloads) / Double((alive - 1) * contents.count) - 1
        return round
    }

    mutating func handle(_ index: Int, _ event: Event) {
        guard let directives = members[index]?.handle(event, now: simulation.now) else { return }
        for directive in directives { perform(directive, at: index) }
        if let deadline = members[index]?.deadline, wakes[index].map({ deadline < $0 }) ?? true {
            wakes[index] = max(deadline, simulation.now)
            simulation.schedule(.tick(index, life: lives[index]), at: deadline)
        }
    }

    private mutating func perform(_ directive: Directive, at index: Int) {
        switch directive {
        case .send(let peer, let message):
            let to = Swarm.index(peer)
            links.insert(link(index, to))
            schedule(.message(from: index, to: to, message), from: index, to: to)
        case .deliver(let payload, _):
            delivered[index][payload.id, default: 0] += 1
            if case .swarm(let hops) = payload.scope { lastHop = max(lastHop, Int(hops)) }
        case .refused: refusals += 1
        case .disconnect, .neighbourUp, .neighbourDown, .learnt: break
        }
    }

    private func link(_ a: Int, _ b: Int) -> Int { min(a, b) * members.count + max(a, b) }

    /// In order: never before what was sent earlier on the same way.
    private mutating func schedule(_ happening: Happening, from: Int, to: Int) {
        let way = from * members.count + to
        let at = max(
            simulation.now + network.latency(from, to, &simulation.random), (arrivals[way] ?? 0) + 1)
        arrivals[way] = at
        simulation.schedule(happening, at: at)
    }
}
