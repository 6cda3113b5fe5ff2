import Hashing
import Identity

/// A gateway's identity key, which is its id.
public typealias GatewayKey = Bytes32

/// Where a peer stands at one moment.
public struct PeerStatus: Hashable, Sendable {
    public enum Path: String, Hashable, Sendable { case direct, relay }

    public var identity: GatewayKey
    public var name: String
    public var role: GatewayRole
    public var phase: PeerLife.Phase
    public var path: Path?
    /// The address or the relay in use.
    public var remote: String?
    public var rttUs: Int64?
    /// Boot time in nanoseconds.
    public var heardAt: Int64?
    public var lastError: String?
    public var failures: Double
    public var sentBytes: UInt64
    public var receivedBytes: UInt64
    public var queuedBytes: [Lane: Int]
    public var droppedFrames: UInt64
    public var knownAddresses: [String]
}

public struct PeeringStatus: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        case off(why: String)
        case starting
        case on
    }

    public var state: State
    public var endpoint: GatewayKey
    public var addresses: [String]
    public var relay: String?
    public var peers: [PeerStatus]
    public var counters: PeeringCounters
}

/// What happened since the start.
public struct PeeringCounters: Hashable, Sendable {
    public var connected: UInt64 = 0
    public var dialFailures: UInt64 = 0
    /// Connections dropped before a handshake.
    public var ignored: UInt64 = 0
    public var handshakeFailures: UInt64 = 0
    /// Hellos of those who are not trusted.
    public var strangers: UInt64 = 0
    public var malformed: UInt64 = 0
    public var silent: UInt64 = 0
    public var duplicates: UInt64 = 0
    public var staleEndpoints: UInt64 = 0
    public var announcementsHeard: UInt64 = 0
    public var announcementsRefused: UInt64 = 0

    public init() {}
}
