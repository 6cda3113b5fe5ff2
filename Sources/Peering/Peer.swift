import Hashing
import System

/// A trusted peer at run time. Confined to peering's loop.
final class Peer {
    var trusted: TrustedPeer
    /// Kept in the trust store; not so a member of a room who is just connected.
    var isTrusted = false
    var life = PeerLife()
    var connection: PeerConnection?
    /// The attempt to dial that is under way; an answer to an earlier one is passed over.
    var attempt: IrohFuture?
    var handshake: Handshake?
    var attemptNumber = 0
    var timer: TimerToken?
    var lastError: String?
    /// Since when it is not connected; boot time.
    var awaySince = SystemClock.bootTime
    /// Where it was heard on the local network.
    var found: [String] = []
    var path: IrohPath?
    var pings: [(Result<Int64, PingFailure>) -> Void] = []

    init(_ trusted: TrustedPeer) { self.trusted = trusted }

    /// What of it is in the trust store: a peer that comes and goes without news costs no write.
    var kept: TrustedPeer?

    func keep(in store: any TrustStore) {
        guard isTrusted, kept != trusted else { return }
        kept = trusted
        store.keep(trusted)
    }

    /// What to dial: found lately first, then what is remembered.
    var addresses: [String] {
        var all = found
        for address in trusted.addresses where !all.contains(address) { all.append(address) }
        return Array(all.prefix(2 * TrustedPeer.mostAddresses))
    }
}

public enum PingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case notConnected
    case lost(String)

    public var description: String {
        switch self {
        case .notConnected: "it is not connected"
        case .lost(let why): "the connection ended: \(why)"
        }
    }
}
