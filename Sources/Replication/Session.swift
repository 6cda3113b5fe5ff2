import Hashing
import Measurements

/// A peer is its identity key: what it may have depends on who it is, not on the endpoint it speaks from.
public typealias PeerID = Bytes32

/// What was asked of a peer.
enum Asked {
    case heads
    case entries(LogKey, chain: Int, tip: Bytes32, first: UInt64, count: UInt64)
    case index(OpenEntry.Place)
    case attachments(OpenEntry.Place, leaves: Ranges)
}

/// What a peer has in a log for us.
struct Viewed {
    var tips: [LogSummary.Tip]
    /// Tips that do not extend what we have, by head.
    var foreign: Set<Bytes32> = []
    /// Tips that were found on one of our chains, by head.
    var found: [Bytes32: Int] = [:]
    var isComparing = false
}

/// One connected peer.
struct Session {
    struct Outgoing {
        var asked: Asked
        var at: Int64
    }

    // Its feed.
    var feed: FeedID?
    var announced: UInt64 = 0
    var cursor: UInt64 = 0
    var isAskingHeads = false

    var view: [LogKey: Viewed] = [:]
    /// The keys of `view`, the next to look at first.
    var todo: [LogKey] = []
    var outgoing: [UInt64: Outgoing] = [:]
    var nextRequest: UInt64 = 1
    /// When something that was asked for last came, and which the newest request is that was answered: requests are
    /// served in their order, so that an older one without an answer gets none.
    var answeredAt: Int64 = 0
    var newestAnswered: UInt64 = 0
    var timeouts = 0
    var brokenClaims = 0
    var pace = Pace()

    /// Where somebody wants to see all that the peer has: what it said so far.
    var survey: [LogSummary]?

    // What it asks of us.
    var waiting: [Message] = []
    var isServing = false

    // Our feed, as told to it.
    var told: UInt64?
    var toldAt: Int64 = 0

    /// What is left of it while the peer is away: how far its feed was read, and what it still has for us.
    var resting: Session {
        var rest = Session()
        (rest.feed, rest.cursor, rest.view, rest.todo) = (feed, cursor, view, todo)
        for key in rest.todo { rest.view[key]?.isComparing = false }
        return rest
    }

    var isBusy: Bool { !outgoing.isEmpty || !todo.isEmpty || isAskingHeads }

    mutating func forget(_ key: LogKey) {
        view[key] = nil
        todo.removeAll { $0 == key }
    }

    mutating func stopAskingHeads() {
        isAskingHeads = false
        outgoing = outgoing.filter { if case .heads = $0.value.asked { false } else { true } }
    }
}

/// An entry whose attachments are being gathered, perhaps from several peers.
struct OpenEntry {
    struct Place: Hashable {
        var key: LogKey
        var chain: Int
        var position: UInt64
    }

    var place: Place
    /// Nil until the store gave the entry.
    var facts: EntryFacts?
    /// Nil until the index is here and matches its root.
    var leaves: [Leaf]?
    /// The index as far as it came.
    var gathered: [Leaf] = []
    var isAskingIndex = false
    /// Here and durable, or lost as the author says.
    var held = Ranges()
    /// Asked for, or on its way into the store.
    var underWay = Ranges()

    var all: Range<UInt64> { 0..<UInt64(leaves?.count ?? 0) }
    var isComplete: Bool { leaves != nil && held.contains(all) }
    /// What may be asked for.
    var wanted: Ranges { Ranges(all).subtracting(held).subtracting(underWay) }
}
