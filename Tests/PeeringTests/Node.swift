import Glibc
import Hashing
import Identity
import System
import Testing

@testable import Peering

/// A gateway's peering part on a loop of its own, with everything it hears noted.
final class Node: @unchecked Sendable {  // because what is mutable is touched on its loop or behind its lock
    struct Heard {
        var connected: [PeerInfo] = []
        var disconnected: [(peer: GatewayKey, why: String)] = []
        var messages: [PeerMessage] = []
        var drained: [Lane] = []
        var alarms: [PeeringAlarm] = []
        var pairing: [PairingEvent] = []
    }

    let test: TestLoop
    let identity: IdentityKey
    let endpointKey: EndpointKey
    let trust: MemoryTrustStore
    let service: PeeringService
    let heard = Locked(Heard())

    var id: GatewayKey { identity.id }

    /// `seed` makes the identity, `endpoint` and `serial` its endpoint key.
    init(
        _ seed: UInt8, endpoint: UInt8? = nil, serial: UInt64 = 1, trusting: [TrustedPeer] = [],
        change: (inout PeeringSettings) -> Void = { _ in }
    ) throws {
        _ = try library()
        test = try TestLoop("node\(seed)")
        identity = IdentityKey(seed: [UInt8](repeating: seed, count: 32))!
        endpointKey = EndpointKey(seed: [UInt8](repeating: endpoint ?? seed &+ 100, count: 32), serial: serial)!
        trust = MemoryTrustStore(trusting)
        var settings = PeeringSettings()
        settings.discovery = .off
        settings.bind = ["127.0.0.1:0", "[::1]:0"]
        settings.program = "test \(seed)"
        change(&settings)
        service = PeeringService(
            loop: test.loop, identity: identity, endpoint: endpointKey, settings: settings, trust: trust)
        service.handlers.peerConnected = { [heard] info in heard.withLock { $0.connected.append(info) } }
        service.handlers.peerDisconnected = { [heard] peer, why in
            heard.withLock { $0.disconnected.append((peer, why)) }
        }
        service.handlers.peerMessage = { [heard] message in heard.withLock { $0.messages.append(message) } }
        service.handlers.peerDrained = { [heard] _, lane in heard.withLock { $0.drained.append(lane) } }
        service.handlers.alarm = { [heard] alarm in heard.withLock { $0.alarms.append(alarm) } }
    }

    func start() throws {
        test.sync { self.service.start() }
        try eventually("peering starts") { self.status.state == .on }
    }

    func stop() { _ = test.wait { (done: @escaping (Bool) -> Void) in self.service.stop { done(true) } } }

    var status: PeeringStatus { test.sync { self.service.status } }

    /// This node as others know it once they trust it.
    func asPeer(withAddress: Bool = true) -> TrustedPeer {
        let addresses = withAddress ? status.addresses + test.sync { self.service.endpoint?.sockets ?? [] } : []
        return TrustedPeer(
            identity: id, name: "node", endpoints: [.init(id: endpointKey.id, serial: endpointKey.serial)],
            addresses: Array(addresses.prefix(TrustedPeer.mostAddresses)))
    }

    func trust(_ peer: TrustedPeer) { test.sync { self.service.trust(peer) } }

    func isConnected(to other: Node) -> Bool {
        status.peers.contains { if case .connected = $0.phase { $0.identity == other.id } else { false } }
    }

    func send(_ body: [UInt8], type: UInt8 = 16, on lane: Lane, to other: Node) -> SendResult {
        let id = other.id
        return test.sync { self.service.send(body, type: type, on: lane, to: id) }
    }
}

/// Two nodes that trust each other and are connected; the first one dialled.
func connectedPair(_ first: UInt8 = 1, _ second: UInt8 = 2) throws -> (Node, Node) {
    let (a, b) = (try Node(first), try Node(second))
    try a.start()
    try b.start()
    b.trust(a.asPeer(withAddress: false))
    a.trust(b.asPeer())
    try eventually("they connect") { a.isConnected(to: b) && b.isConnected(to: a) }
    return (a, b)
}

struct NotYet: Error { var what: String }

/// Waits until something is so; only that it comes is asserted, not when. The limit is for a hanging test.
func eventually(_ what: String, seconds: Int = 20, _ condition: () -> Bool) throws {
    let end = SystemClock.bootTime + Int64(seconds) * 1_000_000_000
    while !condition() {
        guard SystemClock.bootTime < end else { throw NotYet(what: what) }
        pause(5)
    }
}

func pause(_ milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
