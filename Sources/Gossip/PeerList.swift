import Hashing

/// A few peers, each once, in an order that depends on nothing but what was done: a `Set` would iterate differently in
/// every process, and a seed would not repeat a run.
struct PeerList {
    private(set) var peers: [PeerID] = []

    var count: Int { peers.count }
    var isEmpty: Bool { peers.isEmpty }

    func contains(_ peer: PeerID) -> Bool { peers.contains(peer) }

    mutating func insert(_ peer: PeerID) {
        if !contains(peer) { peers.append(peer) }
    }

    @discardableResult
    mutating func remove(_ peer: PeerID) -> Bool {
        guard let index = peers.firstIndex(of: peer) else { return false }
        peers.remove(at: index)
        return true
    }

    func pick(except: [PeerID] = [], _ generator: inout SeededGenerator) -> PeerID? {
        peers.filter { !except.contains($0) }.randomElement(using: &generator)
    }

    func sample(_ count: Int, except: PeerID? = nil, _ generator: inout SeededGenerator) -> [PeerID] {
        Array(peers.filter { $0 != except }.shuffled(using: &generator).prefix(count))
    }
}
