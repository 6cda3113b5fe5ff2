import Hashing
import Identity
import Notation
import System
import Testing

@testable import Peering

@Suite(.serialized) struct PairTests {
    private func pair(_ b: Node, _ code: String, with a: Node) -> Result<TrustedPeer, PairFailure> {
        let target = a.asPeer()
        return b.test.wait { done in
            b.service.pair(code: code, with: target.endpoints[0].id, at: target.addresses, done)
        }
    }

    private func open(_ a: Node) -> Result<String, PairFailure> {
        a.test.sync { a.service.openPairing { event in a.heard.withLock { $0.pairing.append(event) } } }
    }

    @Test func twoBoxesPairByTheRightCodeAndStayConnected() throws {
        let (a, b) = (try Node(31), try Node(32))
        try a.start()
        try b.start()
        let code = try open(a).get()
        let peer = try pair(b, code, with: a).get()
        #expect(peer.identity == a.id && peer.endpoints.first?.id == a.endpointKey.id)
        try eventually("the other side knows too") {
            a.heard.withLock { if case .paired(let peer)? = $0.pairing.last { peer.identity == b.id } else { false } }
        }
        #expect(a.trust.peers[b.id] != nil && b.trust.peers[a.id] != nil)
        try eventually("they connect") { a.isConnected(to: b) && b.isConnected(to: a) }
        a.stop()
        b.stop()
    }

    @Test func aWrongCodeUsesTheRightOneUp() throws {
        let (a, b) = (try Node(33), try Node(34))
        try a.start()
        try b.start()
        let code = try open(a).get()
        let wrong = code == "0000 0000" ? "11111111" : "00000000"
        #expect(pair(b, wrong, with: a).failure == .wrongCode)
        try eventually("the box that showed it says so") {
            a.heard.withLock { if case .failed? = $0.pairing.last { true } else { false } }
        }
        #expect(pair(b, code, with: a).failure != nil, "one try a code")
        #expect(a.trust.peers.isEmpty && b.trust.peers.isEmpty)
        _ = open(a)
        _ = open(a)
        #expect(open(a).failure == .tooOften)
        a.stop()
        b.stop()
    }
}

@Suite(.serialized) struct DiscoveryTests {
    /// Gateways of different tests must not hear each other: each uses a port of its own.
    private func port() -> UInt16 { UInt16.random(in: 30_000...60_000) }

    @Test func twoOnOneNetworkFindEachOtherWithoutAnyAddress() throws {
        let port = port()
        let (a, b) = (
            try Node(41) {
                $0.discovery = .on; $0.discoveryPort = port
            },
            try Node(42) {
                $0.discovery = .on; $0.discoveryPort = port
            }
        )
        try a.start()
        try b.start()
        a.trust(b.asPeer(withAddress: false))
        b.trust(a.asPeer(withAddress: false))
        try eventually("they connect") { a.isConnected(to: b) && b.isConnected(to: a) }
        a.stop()
        b.stop()
    }

    @Test func aQuietOneIsFoundByThoseItKnowsOnly() throws {
        let port = port()
        let quiet = try Node(43) {
            $0.discovery = .quiet; $0.discoveryPort = port
        }
        let known = try Node(44) {
            $0.discovery = .on; $0.discoveryPort = port
        }
        let stranger = try Node(45) {
            $0.discovery = .on; $0.discoveryPort = port
        }
        for node in [quiet, known, stranger] { try node.start() }
        quiet.trust(known.asPeer(withAddress: false))
        known.trust(quiet.asPeer(withAddress: false))
        try eventually("they connect") { known.isConnected(to: quiet) }
        func heard(_ node: Node) -> Bool {
            node.test.sync { node.service.discovery?.table.entries.keys.contains(quiet.endpointKey.id) ?? false }
        }
        try eventually("the known one is answered") { heard(known) }
        #expect(!heard(stranger))
        for node in [quiet, known, stranger] { node.stop() }
    }

    @Test func boxesThatWaitToBePairedAreFoundByTheCodeAlone() throws {
        let port = port()
        let (a, b) = (
            try Node(46) {
                $0.discovery = .on; $0.discoveryPort = port
            },
            try Node(47) {
                $0.discovery = .on; $0.discoveryPort = port
            }
        )
        try a.start()
        try b.start()
        let code = try a.test.sync { a.service.openPairing { _ in } }.get()
        try eventually("it is announced") {
            b.test.sync { b.service.discovery.map { !$0.table.pairing(now: SystemClock.bootTime).isEmpty } ?? false }
        }
        let peer = b.test.wait { done in b.service.pair(code: code, done) }
        #expect(try peer.get().identity == a.id)
        a.stop()
        b.stop()
    }
}

@Suite(.serialized) struct HostileTests {
    @Test func whoeverMeansNoGoodIsCutOffAndTheOthersGoOn() throws {
        let (a, b) = try connectedPair(51, 52)
        let socket = b.test.sync { b.service.endpoint!.sockets.first { $0.hasPrefix("127") }! }
        let key = b.endpointKey.id.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let lines = try runPeer("hostile.py", [key, socket]).split(separator: "\n")
        print(lines.joined(separator: "\n"))
        #expect(lines.count == 11)
        for line in lines { #expect(!line.contains("STILL OPEN"), "\(line)") }
        #expect(lines.contains { $0.hasPrefix("stranger: ") && $0.contains("does not know us") })
        #expect(
            lines.contains {
                $0.hasPrefix("other version: ") && $0.contains("speaks protocol 7 to 9, this program 1 to 1")
            })
        #expect(a.isConnected(to: b) && a.heard.withLock { $0.disconnected.isEmpty })
        #expect(b.heard.withLock { $0.connected.count == 1 && $0.messages.isEmpty })
        #expect(b.status.counters.strangers >= 1 && b.status.counters.malformed >= 5)
        a.stop()
        b.stop()
    }

    @Test func aTrustedPeerThatMisbehavesIsCutOffAndTheOthersGoOn() throws {
        let (a, b) = try connectedPair(53, 54)
        let hex = { (text: Substring) in Bytes32(Hex.decode(text) ?? []) ?? .zero }
        for line in try runPeer("traitor.py", ["keys"]).split(separator: "\n") {
            let keys = line.split(separator: " ")
            b.trust(TrustedPeer(identity: hex(keys[0]), endpoints: [.init(id: hex(keys[1]), serial: 1)]))
        }
        let socket = b.test.sync { b.service.endpoint!.sockets.first { $0.hasPrefix("127") }! }
        let lines = try runPeer("traitor.py", [Hex.encode(b.endpointKey.id.bytes), socket]).split(separator: "\n")
        #expect(lines.count == 8)
        for line in lines { #expect(line.contains("(code 4)"), "\(line)") }
        #expect(a.isConnected(to: b) && a.heard.withLock { $0.disconnected.isEmpty })
        #expect(b.heard.withLock { $0.messages.allSatisfy { $0.body.count < 5000 } })
        a.stop()
        b.stop()
    }
}
