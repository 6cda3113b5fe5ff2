import Hashing
import Identity

/// A gateway this one trusts, and what is known about reaching it.
public struct TrustedPeer: Hashable, Sendable {
    public struct Endpoint: Hashable, Sendable {
        public var id: Bytes32
        public var serial: UInt64

        public init(id: Bytes32, serial: UInt64) { (self.id, self.serial) = (id, serial) }
    }

    public static let mostEndpoints = 4
    public static let mostAddresses = 8

    public var identity: Bytes32
    /// What its people call it here.
    public var name: String
    public var role: GatewayRole
    /// Certified endpoint keys, the latest first. A gateway has one; the processes of a hub have one each.
    public var endpoints: [Endpoint]
    /// Addresses that worked or that it told, the latest first.
    public var addresses: [String]
    public var relay: String?

    public init(
        identity: Bytes32, name: String = "", role: GatewayRole = .gateway, endpoints: [Endpoint] = [],
        addresses: [String] = [], relay: String? = nil
    ) {
        self.identity = identity
        self.name = name
        self.role = role
        self.endpoints = endpoints
        self.addresses = addresses
        self.relay = relay
    }

    /// What a certificate of this identity means for what is known of it.
    enum Standing: Hashable, Sendable {
        case known
        /// A key not seen before, and later than the one known: the peer has taken a new one.
        case newer
        /// An older key than the one known: a copy of the peer that should have been retired.
        case stale
        /// Another key with the same serial: two boxes say they are this gateway.
        case clone
    }

    func standing(of cert: EndpointCert) -> Standing {
        if endpoints.contains(where: { $0.id == cert.endpoint }) {
            return cert.role == .hub || endpoints.first?.id == cert.endpoint ? .known : .stale
        }
        guard cert.role != .hub, let latest = endpoints.first?.serial else { return .newer }
        if cert.serial == latest { return .clone }
        return cert.serial > latest ? .newer : .stale
    }

    mutating func remember(endpoint cert: EndpointCert) {
        role = cert.role
        endpoints.removeAll { $0.id == cert.endpoint }
        endpoints.insert(Endpoint(id: cert.endpoint, serial: cert.serial), at: 0)
        if endpoints.count > TrustedPeer.mostEndpoints { endpoints.removeLast() }
    }

    /// Puts addresses in front, without duplicates; the oldest fall off.
    mutating func remember(addresses new: [String]) {
        addresses = new + addresses.filter { !new.contains($0) }
        if addresses.count > TrustedPeer.mostAddresses {
            addresses.removeLast(addresses.count - TrustedPeer.mostAddresses)
        }
    }
}

/// Where trust is kept. Called on peering's loop; what takes long there is to be handed on.
public protocol TrustStore: AnyObject {
    /// All trusted peers, at most `PeeringSettings.mostTrusted`.
    func trustedPeers() -> [TrustedPeer]
    /// Adds or replaces by identity.
    func keep(_ peer: TrustedPeer)
    func forget(_ identity: Bytes32)
}

/// Trust that ends with the process.
public final class MemoryTrustStore: TrustStore {
    public private(set) var peers: [Bytes32: TrustedPeer] = [:]

    public init(_ peers: [TrustedPeer] = []) { for peer in peers { self.peers[peer.identity] = peer } }

    public func trustedPeers() -> [TrustedPeer] { Array(peers.values) }
    public func keep(_ peer: TrustedPeer) { peers[peer.identity] = peer }
    public func forget(_ identity: Bytes32) { peers[identity] = nil }
}
