import Hashing
import Measurements

/// A chain of entries as it is held here.
public struct Chain: Hashable, Sendable {
    public var count: UInt64
    /// The hash of the last entry; zero where there is none.
    public var head: Bytes32
    /// Entries whose attachments are all here, or lost as their author says.
    public var complete: Ranges
    /// Entries of whose attachments some are here.
    public var partial: Ranges

    public init(count: UInt64 = 0, head: Bytes32 = .zero, complete: Ranges = Ranges(), partial: Ranges = Ranges()) {
        self.count = count
        self.head = head
        self.complete = complete
        self.partial = partial
    }

    /// How many entries from the first on have all their attachments here.
    public var unbroken: UInt64 {
        guard let first = complete.ranges.first, first.lowerBound == 0 else { return 0 }
        return first.upperBound
    }
}

/// A log as it is held here.
struct Log {
    /// Several only where the author forked it.
    var chains: [Chain] = []
    var receipts: [Signed<Receipt>] = []
    /// The number of its last change in our feed.
    var changed: UInt64 = 0
    /// Entries are under way from a peer or into the store; one page at a time.
    var isFetching = false
    /// A chain that a peer says exists beside ours and that is not believed before its head is reached; the last one.
    var candidate: Candidate?
    /// The entries up to which a receipt was asked for.
    var acknowledged: UInt64 = 0

    struct Candidate {
        var chain: Int
        var tip: Bytes32
        var count: UInt64
        var peer: Bytes32
    }

    var tips: [LogSummary.Tip] {
        chains.indices.filter { $0 != candidate?.chain && chains[$0].count > 0 }.map {
            LogSummary.Tip(
                count: chains[$0].count, head: chains[$0].head, complete: chains[$0].complete,
                partial: chains[$0].partial)
        }
    }
}

/// All logs held here, and the feed of their changes: a peer that knows the feed up to some change asks for what came
/// after it, and nothing else needs to be said.
struct Catalogue {
    private(set) var logs: [LogKey: Log] = [:]
    private(set) var change: UInt64 = 0
    /// By change; entries whose log changed again later are passed over.
    private var feed: [(change: UInt64, key: LogKey)] = []

    subscript(key: LogKey) -> Log { logs[key] ?? Log() }

    func contains(_ key: LogKey) -> Bool { logs[key] != nil }

    /// Changes a log without anything to tell others.
    mutating func update(_ key: LogKey, _ body: (inout Log) -> Void) { body(&logs[key, default: Log()]) }

    /// Changes a log and puts it at the feed's end.
    mutating func change(_ key: LogKey, _ body: (inout Log) -> Void) {
        change += 1
        body(&logs[key, default: Log()])
        logs[key]?.changed = change
        feed.append((change, key))
        if feed.count > 2 * logs.count + 64 { feed.removeAll { logs[$0.key]?.changed != $0.change } }
    }

    mutating func remove(_ key: LogKey) { logs[key] = nil }

    /// What changed after `after`, as far as one message goes.
    func page(after: UInt64, mostBytes: Int, offers: (LogKey) -> Bool) -> (summaries: [LogSummary], upTo: UInt64) {
        var (low, high) = (0, feed.count)
        while low < high {
            let middle = (low + high) / 2
            if feed[middle].change > after { high = middle } else { low = middle + 1 }
        }
        var summaries: [LogSummary] = []
        var bytes = 0
        for (number, key) in feed[low...] {
            guard let log = logs[key], log.changed == number, offers(key), !log.tips.isEmpty else { continue }
            if bytes >= mostBytes || summaries.count >= Message.mostSummaries { return (summaries, number - 1) }
            let summary = LogSummary(key: key, tips: log.tips, receipts: log.receipts)
            bytes += summary.size
            summaries.append(summary)
        }
        return (summaries, change)
    }
}

extension LogSummary {
    /// About its bytes in a message.
    var size: Int {
        64 + receipts.count * 216
            + tips.reduce(0) { $0 + 48 + 6 * ($1.complete.ranges.count + $1.partial.ranges.count) }
    }
}
