import Identity
import Notation
import Peering
import Replication
import System

/// Peers and what goes back and forth, as lists and pages show them.
extension Network {
    public func peersStatus() -> JSON {
        let status = status
        let now = SystemClock.bootTime
        return [
            "state": .string(stateText(status)), "endpoint": status.map { .string(KeyText.full($0.endpoint)) } ?? .null,
            "addresses": .array((status?.addresses ?? []).map { .string($0) }), "pairing": .string(pairing),
            "peers": .array(
                trusted.map { peer in
                    let live = status?.peers.first { $0.identity == peer.identity }
                    return json(peer, live, now: now)
                }),
            "counters": countersStatus(status),
        ]
    }

    private func stateText(_ status: PeeringStatus?) -> String {
        switch status?.state {
        case .on: "on"
        case .starting: "starting"
        case .off(let why): "off: \(why)"
        case nil: "off: nobody is trusted yet"
        }
    }

    private func json(_ peer: TrustedPeer, _ live: PeerStatus?, now: Int64) -> JSON {
        let progress = synchroniser.progress[peer.identity]
        let behind = synchroniser.behind(peer.identity)
        return [
            "id": .string(KeyText.full(peer.identity)), "short": .string(KeyText.short(peer.identity)),
            "name": .string(peer.name), "role": .string(peer.role == .hub ? "hub" : "field"),
            "connected": JSON(progress != nil), "phase": .string(live.map { "\($0.phase)" } ?? "idle"),
            "path": JSON(live?.path?.rawValue), "remote": JSON(live?.remote),
            "rtt_ms": live?.rttUs.map { JSON(Double($0) / 1000) } ?? .null,
            "heard_ms": live?.heardAt.map { JSON((now - $0) / 1_000_000) } ?? .null,
            "last_error": JSON(live?.lastError),
            "received_bytes": JSON(progress?.receivedBytes ?? 0), "sent_bytes": JSON(progress?.sentBytes ?? 0),
            "behind_logs": behind.map { JSON($0) } ?? .null,
            "addresses": .array((live?.knownAddresses ?? peer.addresses).map { .string($0) }),
        ]
    }

    private func countersStatus(_ status: PeeringStatus?) -> JSON {
        let counters = synchroniser.replicator.counters
        let connection = status?.counters ?? PeeringCounters()
        return [
            "connected": JSON(connection.connected), "dial_failures": JSON(connection.dialFailures),
            "strangers": JSON(connection.strangers), "malformed": JSON(connection.malformed),
            "seals_received": JSON(counters.entriesReceived), "blocks_received": JSON(counters.attachmentsReceived),
            "blocks_sent": JSON(counters.attachmentsSent), "bytes_received": JSON(counters.bytesReceived),
            "bytes_sent": JSON(counters.bytesSent), "duplicates": JSON(counters.duplicates),
            "forged": JSON(counters.forged), "forks": JSON(counters.forks), "cut_off": JSON(counters.cutOff),
        ]
    }
}
