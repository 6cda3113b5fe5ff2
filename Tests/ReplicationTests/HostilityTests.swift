import Hashing
import Measurements
import Replication
import Simulator
import Testing

/// A peer that does what it should not is cut off by name, and costs little until then.
@Suite struct HostilityTests {
    static let peer = World.id(1)

    /// A gateway with a log of ten seals, and one connected peer that the test speaks for.
    func gateway(_ configuration: Configuration = Configuration()) -> (World, Author) {
        var world = World(count: 1, seed: 1, configuration: configuration)
        for _ in 0..<10 { world.seal(0) }
        _ = world.nodes[0].replicator.handle(.connected(HostilityTests.peer), now: 0)
        return (world, world.nodes[0].author)
    }

    func say(_ bytes: [UInt8], to world: inout World) -> [Directive] {
        world.nodes[0].replicator.handle(.received(HostilityTests.peer, bytes), now: 1)
    }

    func cut(_ directives: [Directive]) -> Misbehaviour? {
        for case .disconnect(HostilityTests.peer, let why) in directives { return why }
        return nil
    }

    @Test func rubbish() {
        var (world, _) = gateway()
        guard case .malformed = cut(say([1, 2, 3], to: &world)) else {
            Issue.record("not cut off")
            return
        }
        #expect(say([1, 2, 3], to: &world).isEmpty, "whoever is cut off is not listened to")
    }

    @Test func answersNobodyAskedFor() {
        var (world, _) = gateway()
        let answer = Message.attachments(request: 77, notHeld: Ranges(), [Attachment(leaf: 0, bytes: [1])])
        #expect(cut(say(answer.bytes, to: &world)) == .unasked("attachments"))
    }

    @Test func aThousandRequests() {
        var (world, author) = gateway()
        var why: Misbehaviour?
        var loads = 0
        for request in 0..<1000 where why == nil {
            let want = Message.wantIndex(
                request: UInt64(request), key: author.key, position: 1, entry: author.head, from: 0)
            let directives = say(want.bytes, to: &world)
            loads += directives.filter { if case .loadIndex = $0 { true } else { false } }.count
            why = cut(directives)
        }
        #expect(why == .tooManyRequests)
        #expect(loads == 1, "one is served at a time")
    }

    @Test func oneRequestForEverything() {
        var (world, author) = gateway()
        let want = Message.wantAttachments(
            request: 1, key: author.key, position: 1, entry: author.head, leaves: Ranges(0..<1 << 60))
        #expect(cut(say(want.bytes, to: &world)) == .tooManyRequests)
    }

    @Test func strangersToALogLearnNothing() {
        var (world, author) = gateway()
        let unknown = LogKey(kind: .run, author: World.id(50), log: author.key.log)
        let want = Message.wantEntries(request: 1, key: unknown, tip: .zero, first: 0, count: 10)
        #expect(say(want.bytes, to: &world) == [.send(HostilityTests.peer, .notHeld(request: 1))])
    }

    /// A liar's log: heads that promise, and then what the test sends.
    func promise(_ author: Author, count: UInt64? = nil, to world: inout World) -> [Directive] {
        let feed = FeedID(high: 9, low: 9)
        _ = say(Message.mark(feed: feed, change: 1, store: feed).bytes, to: &world)
        let tip = LogSummary.Tip(
            count: count ?? UInt64(author.entries.count), head: author.head,
            complete: Ranges(0..<UInt64(author.entries.count)), partial: Ranges())
        let heads = Heads(feed: feed, after: 0, upTo: 1, summaries: [LogSummary(key: author.key, tips: [tip])])
        return say(Message.heads(heads).bytes, to: &world)
    }

    func request(_ directives: [Directive]) -> UInt64 {
        for case .send(_, .wantEntries(let request, _, _, _, _)) in directives { return request }
        return 0
    }

    @Test func forgedEntries() {
        var random = SeededGenerator(seed: 2)
        var author = Author(id: World.id(60), run: 60, streams: 1)
        for _ in 0..<5 { author.seal(samples: 2, &random) }
        let forgeries: [(inout [[UInt8]]) -> Void] = [
            { $0[3][40] ^= 1 }, { $0[3][$0[3].count - 1] ^= 1 }, { $0.swapAt(2, 3) }, { $0.remove(at: 2) },
            { $0[0] = $0[1] },
        ]
        for forge in forgeries {
            var (world, _) = gateway()
            let request = request(promise(author, to: &world))
            var entries = author.entries
            forge(&entries)
            let directives = say(Message.entries(request: request, first: 0, entries).bytes, to: &world)
            guard case .forged = cut(directives) else {
                Issue.record("taken: \(directives)")
                continue
            }
            for case .storeEntries in directives { Issue.record("a forgery was stored") }
        }
    }

    /// Another author's entries under one's own name.
    @Test func entriesOfAnotherLog() {
        var random = SeededGenerator(seed: 3)
        var author = Author(id: World.id(60), run: 60, streams: 1)
        author.seal(samples: 2, &random)
        var other = Author(id: World.id(61), run: 60, streams: 1)
        other.seal(samples: 2, &random)
        var (world, _) = gateway()
        let request = request(promise(author, to: &world))
        let directives = say(Message.entries(request: request, first: 0, other.entries).bytes, to: &world)
        #expect(cut(directives) == .forged(.foreign("the opening of a run")))
    }

    @Test func aFeedThatNeverEnds() {
        var configuration = Configuration()
        configuration.mostViewed = 100
        configuration.mostLogsAnAuthor = 50
        var (world, _) = gateway(configuration)
        let feed = FeedID(high: 9, low: 9)
        var asked = say(Message.mark(feed: feed, change: .max, store: feed).bytes, to: &world)
        var pages: UInt64 = 0
        while asked.contains(where: { if case .send(_, .since) = $0 { true } else { false } }), pages < 1000 {
            let summaries = (0..<10).map { index in
                LogSummary(
                    key: LogKey(
                        kind: .run, author: World.id(100 + index), log: RunID(high: pages, low: UInt64(index))),
                    tips: [LogSummary.Tip(count: 5, head: .zero, complete: Ranges(0..<5), partial: Ranges())])
            }
            let heads = Heads(feed: feed, after: pages, upTo: pages + 1, summaries: summaries)
            asked = say(Message.heads(heads).bytes, to: &world)
            pages += 1
        }
        #expect(pages <= 11, "read on for \(pages) pages")
    }

    @Test func silence() {
        var (world, _) = gateway()
        var random = SeededGenerator(seed: 4)
        var author = Author(id: World.id(60), run: 60, streams: 1)
        author.seal(samples: 2, &random)
        _ = promise(author, to: &world)
        var why: Misbehaviour?
        for second in 1...400 where why == nil {
            why = cut(world.nodes[0].replicator.handle(.tick, now: Int64(second) * 1_000_000_000))
        }
        #expect(why == .stalled)
    }

    @Test func oneMorePeerThanServed() {
        var configuration = Configuration()
        configuration.mostPeers = 1
        var (world, _) = gateway(configuration)
        #expect(
            world.nodes[0].replicator.handle(.connected(World.id(2)), now: 2)
                == [.disconnect(World.id(2), .tooManyPeers)])
    }
}
