import Identity

/// How this gateway takes part in the network.
public struct PeeringSettings: Sendable {
    public enum Discovery: String, Sendable, CaseIterable {
        case off
        /// Listens, and answers those it knows.
        case quiet
        case on
    }

    public var role: GatewayRole = .gateway
    public var discovery: Discovery = .on
    public var relay: IrohOptions.Relay = .none
    /// Local addresses of the transport, one of each family; nil: all, as the network needs it.
    public var bind: [String]?
    public var discoveryPort: UInt16 = Announcement.port
    /// The transport's port, the same after every start, so that remembered addresses hold; where it is taken, any.
    public var port: UInt16 = 21_848
    /// The network costs money: fewer signs of life.
    public var metered = false
    /// A hub waits to be called.
    public var dials = true
    /// Shown to peers: program and version.
    public var program = "bothy"

    public static let mostTrusted = 16_384
    public static let mostConnections = 1_024

    public init() {}
}

/// What those who use peering hear, on its loop.
public struct PeeringHandlers {
    public var peerConnected: (PeerInfo) -> Void = { _ in }
    public var peerMessage: (PeerMessage) -> Void = { _ in }
    public var peerDisconnected: (GatewayKey, _ why: String) -> Void = { _, _ in }
    /// A lane that had refused a message has room again.
    public var peerDrained: (GatewayKey, Lane) -> Void = { _, _ in }
    /// What a peer's clock says, for those who place times: the answer arrived `rttUs` after the question.
    public var peerClock: (GatewayKey, Pong, _ rttUs: Int64) -> Void = { _, _, _ in }
    public var alarm: (PeeringAlarm) -> Void = { _ in }
    /// Whether somebody who is not trusted may connect nevertheless, as a member of a room.
    public var admits: (GatewayKey) -> Bool = { _ in false }
    /// Unix time in nanoseconds and its error in milliseconds, told to peers that ask.
    public var clock: () -> (unixTime: Int64, errorMs: UInt32) = { (0, Pong.unknownError) }

    public init() {}
}

/// Who is at the other end.
public struct PeerInfo: Hashable, Sendable {
    public var identity: GatewayKey
    public var endpoint: GatewayKey
    public var role: GatewayRole
    public var program: String
    public var protocolVersion: UInt16
    public var features: UInt64
    public var isDialled: Bool
}

/// A message of those who use peering.
public struct PeerMessage: Hashable, Sendable {
    public var peer: GatewayKey
    public var lane: Lane
    /// 16 to 255; what they mean is up to who sends.
    public var type: UInt8
    public var body: [UInt8]
}

/// What an operator has to know.
public enum PeeringAlarm: Hashable, Sendable, CustomStringConvertible {
    /// Two boxes say they are this gateway.
    case clone(identity: GatewayKey, endpoints: [GatewayKey])
    /// An endpoint key came that was replaced by a later one.
    case stale(identity: GatewayKey, endpoint: GatewayKey)
    case newEndpoint(identity: GatewayKey, endpoint: GatewayKey)
    case libraryMissing(IrohAbsence)
    case bindFailed(String)

    public var description: String {
        switch self {
        case .clone(let identity, _):
            "two boxes say they are gateway \(KeyText.short(identity)): on the right one run `bothy identity adopt`, on "
                + "the copy `bothy identity new`"
        case .stale(let identity, let endpoint):
            "gateway \(KeyText.short(identity)) came with the retired endpoint \(KeyText.short(endpoint)) and was refused"
        case .newEndpoint(let identity, let endpoint):
            "gateway \(KeyText.short(identity)) has the new endpoint \(KeyText.short(endpoint))"
        case .libraryMissing(let absence): absence.description
        case .bindFailed(let why): "peering could not open its sockets: \(why)"
        }
    }
}
