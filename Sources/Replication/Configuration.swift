import Hashing
import Measurements

/// Replication's numbers. Times are nanoseconds.
public struct Configuration: Hashable, Sendable {
    /// A hub acknowledges what is durable with it.
    public var isHub = false

    /// Peers at once; further ones are told so.
    public var mostPeers = 256
    /// Peers away whose feed need not be read anew; the one longest away goes first.
    public var mostResting = 64
    /// Logs in which one peer has something for us; its feed is read on as they are done.
    public var mostViewed = 4_096
    /// Requests under way to one peer.
    public var mostRequests = 16
    /// Requests of one peer waiting to be served; one more and it is cut off.
    public var mostServed = 64
    /// Entries whose attachments are being fetched, over all peers.
    public var mostOpen = 64
    /// Attachments of one entry; an entry with more is refused by name.
    public var mostLeaves = 65_536
    /// Attachments in one request.
    public var leavesARequest: UInt64 = 64
    public var bytesAReply = 256 << 10
    public var entriesARequest: UInt64 = 128
    /// Bytes of a page of heads.
    public var bytesAPage = 64 << 10
    /// Logs of one author; further ones are refused.
    public var mostLogsAnAuthor = 65_536

    /// Without any answer from a peer; slow links take longer for all that is under way.
    public var requestTimeout = 30 * second
    /// For one request, whatever else comes.
    public var patience = 600 * second
    /// After the store could not keep something.
    public var storePause = 5 * second
    /// Time-outs in a row after which a peer is cut off.
    public var mostTimeouts = 3
    /// Claims a peer could not keep before it is cut off.
    public var mostBrokenClaims = 256
    public var markEvery = 30 * second
    /// Changes wait this long for company before they are told.
    public var tickEvery = 100 * millisecond
    /// A hub's receipts wait so long for more of the same log.
    public var acknowledgeAfter = 2 * second
    /// Of the measured rate, what backfill may take while somebody watches live data.
    public var backfillShare = 0.75
    /// Backfill never falls below: bytes a second.
    public var leastRate = 64 << 10

    public init() {}
}

let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000

/// Who may have what, and what we care for; decided outside, asked here.
public struct Policy: Sendable {
    /// Whether a peer may know of a log and have it.
    public var offers: @Sendable (_ peer: Bytes32, LogKey) -> Bool
    /// Whether we want a log, and take it from this peer.
    public var takes: @Sendable (_ peer: Bytes32, LogKey) -> Bool
    /// Whose receipts count.
    public var isHub: @Sendable (Bytes32) -> Bool
    /// Whether a signature of a receipt holds.
    public var verify: @Sendable (Bytes32, [UInt8], Signature) -> Bool

    public init(
        offers: @escaping @Sendable (Bytes32, LogKey) -> Bool, takes: @escaping @Sendable (Bytes32, LogKey) -> Bool,
        isHub: @escaping @Sendable (Bytes32) -> Bool,
        verify: @escaping @Sendable (_ key: Bytes32, _ message: [UInt8], _ signature: Signature) -> Bool
    ) {
        self.offers = offers
        self.takes = takes
        self.isHub = isHub
        self.verify = verify
    }
}

/// Why a peer is cut off. The shell backs off before it lets it in again.
public enum Misbehaviour: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(String)
    case forged(Forgery)
    case unasked(String)
    case tooManyRequests
    case stalled
    case brokenClaims
    case tooManyPeers

    public var description: String {
        switch self {
        case .malformed(let what): "it sent a message that is none: \(what)"
        case .forged(let what): "it passed on what is not genuine: \(what)"
        case .unasked(let what): "it sent \(what) that nobody asked for"
        case .tooManyRequests: "it asks for more at once than is served"
        case .stalled: "it no longer answers"
        case .brokenClaims: "again and again it does not have what it says it has"
        case .tooManyPeers: "there are as many peers as this gateway serves"
        }
    }
}
