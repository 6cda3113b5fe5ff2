import Glibc
import Identity
import Notation
import Peering
import System

// A gateway's peering part as a process of its own, for tests in network namespaces. Takes commands on standard input,
// one a line, and writes what happens to standard output, one line each:
//   probe SEED [on|quiet|off] [dials|waits] [RELAY]
//   trust IDENTITY ENDPOINT [ADDRESS …] (with RELAY also there)   flood PEER MEGABYTES   send PEER TEXT   status   stop

let arguments = CommandLine.arguments
guard arguments.count >= 2, let seed = UInt8(arguments[1]) else {
    print("usage: peering-probe SEED [on|quiet|off] [dials|waits]")
    exit(2)
}
Log.configure(form: .text, least: .debug)

final class Probe: @unchecked Sendable {  // because all but `init` is on its loop
    let loop: Loop
    let identity: IdentityKey
    let endpoint: EndpointKey
    let service: PeeringService
    let relay: String?
    var flooding: (peer: GatewayKey, left: Int)?
    var received = 0
    var floodBegan: Int64 = 0

    init(_ seed: UInt8, _ arguments: [String]) throws {
        identity = IdentityKey(seed: [UInt8](repeating: seed, count: 32))!
        endpoint = EndpointKey(seed: [UInt8](repeating: seed &+ 100, count: 32), serial: 1)!
        loop = try Loop(name: "peering")
        var settings = PeeringSettings()
        settings.discovery = .init(rawValue: arguments.count > 2 ? arguments[2] : "on") ?? .on
        settings.dials = !(arguments.count > 3 && arguments[3] == "waits")
        settings.program = "probe \(seed)"
        relay = arguments.count > 4 ? arguments[4] : nil
        if let relay { settings.relay = .servers([(url: relay, token: nil)]) }
        service = PeeringService(
            loop: loop, identity: identity, endpoint: endpoint, settings: settings, trust: MemoryTrustStore())
        service.handlers.peerConnected = { self.say("connected \(KeyText.full($0.identity))") }
        service.handlers.peerDisconnected = { self.say("disconnected \(KeyText.full($0)) \($1)") }
        service.handlers.peerMessage = { self.message($0) }
        service.handlers.peerDrained = { _, _ in self.flood() }
        service.handlers.alarm = { self.say("alarm \($0)") }
    }

    func say(_ line: String) {
        var text = "\(SystemClock.bootTime / 1_000_000) \(line)\n"
        text.withUTF8 { _ = write(1, $0.baseAddress, $0.count) }
    }

    func message(_ message: PeerMessage) {
        switch message.type {
        case 16: say("message \(String(decoding: message.body, as: UTF8.self))")
        case 17:
            if received == 0 { floodBegan = SystemClock.bootTime }
            received += message.body.count
        case 18:
            let took = max(1, SystemClock.bootTime - floodBegan)
            say("flooded \(received) \(Int64(received) * 1_000_000_000 / took / 1_000_000) MB/s")
            received = 0
        default: break
        }
    }

    func flood() {
        while let (peer, left) = flooding {
            let body = left > 0 ? [UInt8](repeating: 1, count: 64 << 10) : []
            guard service.send(body, type: left > 0 ? 17 : 18, on: .bulk, to: peer) == .accepted else { return }
            flooding = left > 0 ? (peer, left - 1) : nil
        }
    }

    func command(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("start", _): service.start()
        case ("trust", 3...):
            guard let identity = KeyText.parse(words[1]), let endpoint = KeyText.parse(words[2]) else { break }
            service.trust(
                TrustedPeer(
                    identity: identity, endpoints: [.init(id: endpoint, serial: 1)], addresses: Array(words[3...]),
                    relay: relay))
        case ("send", 3):
            if let peer = KeyText.parse(words[1]) {
                _ = service.send(Array(words[2].utf8), type: 16, on: .live, to: peer)
            }
        case ("flood", 3):
            guard let peer = KeyText.parse(words[1]), let megabytes = Int(words[2]) else { break }
            flooding = (peer, megabytes * 16)
            flood()
        case ("status", _):
            let status = service.status
            say("status \(status.state) \(status.addresses.joined(separator: ","))")
            for peer in status.peers {
                say(
                    "peer \(KeyText.full(peer.identity)) \(peer.phase) \(peer.path?.rawValue ?? "-") \(peer.remote ?? "-") "
                        + "\(peer.rttUs ?? -1) us, \(peer.lastError ?? "-")")
            }
        case ("stop", _): service.stop { exit(0) }
        default: say("what? \(line)")
        }
    }
}

let probe = try Probe(seed, arguments)
probe.say("keys \(KeyText.full(probe.identity.id)) \(KeyText.full(probe.endpoint.id))")
probe.loop.start()
while let line = readLine() { probe.loop.post { probe.command(line) } }
exit(0)
