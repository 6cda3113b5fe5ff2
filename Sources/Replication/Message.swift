import Hashing
import Measurements

/// What peers say to each other about logs. Bytes are in docs/protocol.md.
public enum Message: Hashable, Sendable {
    /// How far the sender's feed of changes is: all that an idle link costs.
    case mark(feed: FeedID, change: UInt64, store: StoreEpoch)
    /// Asks for what changed after `change`.
    case since(feed: FeedID, change: UInt64)
    case heads(Heads)
    case wantEntries(request: UInt64, key: LogKey, tip: Bytes32, first: UInt64, count: UInt64)
    case entries(request: UInt64, first: UInt64, [[UInt8]])
    case wantIndex(request: UInt64, key: LogKey, position: UInt64, entry: Bytes32, from: UInt64)
    case index(request: UInt64, total: UInt64, from: UInt64, [Leaf])
    case wantAttachments(request: UInt64, key: LogKey, position: UInt64, entry: Bytes32, leaves: Ranges)
    case attachments(request: UInt64, notHeld: Ranges, [Attachment])
    /// "Not held" is no statement about loss: only the author makes those, in its entries.
    case notHeld(request: UInt64)
    /// Asks the author to close and seal what it has.
    case wantSeal(key: LogKey)

    /// Bytes of a message. Whoever announces more is cut off.
    public static let most = 1 << 21
    static let mostEntries: UInt64 = 256
    static let mostLeaves = 8_192
    static let mostAttachments = 256
    static let mostSummaries = 1_024
}

/// A life of a peer's feed: change numbers of different feeds do not compare.
public typealias FeedID = StoreEpoch

/// A page of a feed.
public struct Heads: Hashable, Sendable {
    public var feed: FeedID
    /// After this change …
    public var after: UInt64
    /// … up to this one.
    public var upTo: UInt64
    public var summaries: [LogSummary]

    public init(feed: FeedID, after: UInt64, upTo: UInt64, summaries: [LogSummary]) {
        self.feed = feed
        self.after = after
        self.upTo = upTo
        self.summaries = summaries
    }
}

/// What a peer has of a log.
public struct LogSummary: Hashable, Sendable {
    /// One chain; a log has several only where its author forked it.
    public struct Tip: Hashable, Sendable {
        public var count: UInt64
        /// The hash of the last entry.
        public var head: Bytes32
        /// Entries whose attachments are all here, or lost as their author says.
        public var complete: Ranges
        /// Entries of whose attachments some are here.
        public var partial: Ranges

        public init(count: UInt64, head: Bytes32, complete: Ranges, partial: Ranges) {
            self.count = count
            self.head = head
            self.complete = complete
            self.partial = partial
        }
    }

    public var key: LogKey
    public var tips: [Tip]
    public var receipts: [Signed<Receipt>]

    public static let mostTips = 4
    public static let mostReceipts = 4

    public init(key: LogKey, tips: [Tip], receipts: [Signed<Receipt>] = []) {
        self.key = key
        self.tips = tips
        self.receipts = receipts
    }
}

public struct Attachment: Hashable, Sendable {
    /// Its number in the entry's index.
    public var leaf: UInt64
    public var bytes: [UInt8]

    public static let most = Block.mostPackedBytes + 1024

    public init(leaf: UInt64, bytes: [UInt8]) {
        self.leaf = leaf
        self.bytes = bytes
    }
}
