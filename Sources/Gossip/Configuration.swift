/// The protocol's numbers. Those of views and walks are the papers'; those of time are iroh-gossip's; the caps are ours.
/// Times are nanoseconds.
public struct Configuration: Hashable, Sendable {
    public var activeView = 5
    public var passiveView = 30
    /// Hops a newcomer is passed on before somebody takes it as a neighbour.
    public var activeWalk: UInt16 = 6
    /// Hops left at which it is remembered for later.
    public var passiveWalk: UInt16 = 3
    public var shuffleWalk: UInt16 = 6
    public var shuffleActive = 3
    public var shufflePassive = 4
    public var shuffleEvery = 60 * second
    public var neighbourTimeout = 3 * second

    /// From an announcement to asking for the content; then to asking the next who announced it.
    public var firstGraft = 80 * millisecond
    public var nextGraft = 40 * millisecond
    /// Announcements wait this long for company.
    public var announceAfter = 5 * millisecond
    /// A path longer by so many hops than an announced one is given up for it.
    public var shorterBy: UInt16 = 7
    public var keepContent = 30 * second
    public var keepIDs = 90 * second

    /// An encoded message; must be the same in the whole swarm.
    public var mostMessageBytes = 4096
    /// Contents kept for those who missed them; the oldest goes first.
    public var mostKeptBytes = 1 << 20
    /// Ids remembered against duplicates; the oldest goes first.
    public var mostIDs = 16_384
    /// Announced and not yet here, for one neighbour; more are not noted.
    public var mostMissing = 512
    /// Announcements waiting for one neighbour; the oldest goes first.
    public var mostQueued = 1024
    /// Requests to become neighbours that are remembered; the oldest goes first.
    public var mostAsked = 64
    /// Bytes of peer data taken from one peer; more is refused.
    public var mostPeerData = 1024
    /// Peers taken from one shuffle; the rest is left.
    public var mostShuffled = 16

    public init() {}

    /// What may be broadcast at once: the message less its envelope.
    public var mostContentBytes: Int { mostMessageBytes - 64 }
    /// Announcements that surely fit one message.
    var mostAnnounced: Int { max(1, (mostMessageBytes - 8) / 35) }
}

let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000
