import Hashing
import Measurements
import Replication
import Simulator
import Testing

/// What replication promises, one thing at a time.
@Suite struct ScenarioTests {
    func settled(_ world: inout World, within seconds: Int = 30) -> Bool {
        WorldTests.settle(&world, within: seconds) != nil
    }

    @Test func anIdleLinkCostsAMarkInAWhile() {
        var world = World(count: 2, seed: 1)
        for _ in 0..<20 { world.seal(0) }
        world.connect(0, 1)
        let isSettled = settled(&world)
        #expect(isSettled)
        world.run(for: 10_000_000_000)
        world.sent = []
        world.run(for: 60_000_000_000)
        #expect(world.sent?.count == 24)  // each side every five seconds, as these tests have it
        for message in world.sent ?? [] { #expect(message.2.bytes.count < 48) }
    }

    /// The two ends never meet; the one between them carries both ways.
    @Test func theMiddleCarries() {
        var world = World(count: 3, seed: 2)
        for _ in 0..<4 { world.seal(0); world.seal(2) }
        for _ in 0..<3 {
            world.connect(0, 1)
            world.run(for: 5_000_000_000)
            world.cut(0, 1)
            world.connect(1, 2)
            world.run(for: 5_000_000_000)
            world.cut(1, 2)
        }
        #expect(world.missing() == 0 && world.duplicates == 0)
    }

    @Test func aCrashInTheMiddleLosesOnlyWhatWasUnderWay() {
        var world = World(count: 2, streams: 4, seed: 3)
        for _ in 0..<40 { world.seal(0) }
        world.connect(0, 1)
        world.neighbours = [(0, 1)]
        while world.nodes[1].replicator.counters.attachmentsReceived < 80 { world.run(for: 10_000_000) }
        let before = world.nodes[1].store.blobs.count
        world.crash(1)
        let isSettled = settled(&world)
        #expect(isSettled)
        #expect(before >= 40)
        #expect(world.nodes[1].replicator.counters.attachmentsReceived <= 160 + 4 - before)
        #expect(world.duplicates == 0)
    }

    /// The author signed two things for one place. Everybody keeps both, and is told.
    @Test func aForkIsKeptWhole() {
        var world = World(count: 4, seed: 4)
        var random = SeededGenerator(seed: 4)
        var author = Author(id: World.id(99), run: 500, streams: 1)
        for _ in 0..<3 { author.seal(samples: 2, &random) }
        var twin = author
        for _ in 0..<2 { author.seal(samples: 2, &random) }
        for _ in 0..<3 { twin.seal(samples: 5, &random) }
        world.give(author, to: 0)
        world.give(twin, to: 1)
        world.connect(0, 1)
        world.connect(1, 2)
        world.connect(2, 3)
        world.run(for: 60_000_000_000)
        for node in 0..<4 {
            let chains = world.nodes[node].store.logs[author.key] ?? []
            let heads = Set(chains.compactMap(\.hashes.last))
            #expect(heads == [author.head, twin.head], "node \(node) has \(chains.map(\.entries.count))")
            for chain in chains { #expect(chain.complete == Ranges(0..<UInt64(chain.entries.count))) }
            #expect(world.nodes[node].replicator.counters.forks == 1)
        }
        #expect(world.cutOffs.isEmpty && world.duplicates == 0)
    }

    /// What its author declares lost is not waited for, and counts as known.
    @Test func declaredLossCompletesALog() {
        var world = World(count: 2, seed: 5)
        for _ in 0..<5 { world.seal(0) }
        let key = world.nodes[0].author.key
        world.nodes[0].store.evict(key, 2)
        world.publish(0)
        world.connect(0, 1)
        world.run(for: 5_000_000_000)
        #expect(world.nodes[1].store.logs[key]?[0].complete.contains(2) == false)
        world.nodes[0].author.declareLost(position: 2)
        world.publish(0)
        world.tellHolds(0, key)
        world.run(for: 5_000_000_000)
        #expect(world.nodes[1].store.logs[key]?[0].complete == Ranges(0..<7))
    }

    /// A carrier that evicted says "not held", and nothing is taken for lost: the author still has it.
    @Test func notHeldIsNotLost() {
        var world = World(count: 3, seed: 6)
        for _ in 0..<5 { world.seal(0) }
        world.connect(0, 1)
        world.run(for: 10_000_000_000)
        world.cut(0, 1)
        let key = world.nodes[0].author.key
        world.nodes[1].store.evict(key, 3)  // and does not say so yet
        world.connect(1, 2)
        world.run(for: 10_000_000_000)
        #expect(world.nodes[2].store.logs[key]?[0].complete.contains(3) == false)
        #expect(world.nodes[2].replicator.counters.brokenClaims > 0)
        world.connect(0, 2)
        world.run(for: 10_000_000_000)
        #expect(world.nodes[2].store.logs[key]?[0].complete == Ranges(0..<6))
    }

    /// A hub's receipt reaches the author through a carrier; a hub with a restored store voids what it had said.
    @Test func receiptsTravelAndAreVoided() {
        var world = World(count: 3, seed: 7, hubs: 1)
        for _ in 0..<5 { world.seal(2) }
        let key = world.nodes[2].author.key
        world.connect(0, 1)
        world.connect(1, 2)
        world.run(for: 20_000_000_000)
        #expect(world.nodes[2].store.receipts[key]?.map(\.record.seal) == [4])
        world.restored = [0]
        world.neighbours = [(0, 1), (0, 2)]
        world.nodes[0].store = MemoryStore()
        world.publish(0)
        world.crash(0)
        world.run(for: 300_000_000)
        #expect(world.nodes[2].store.receipts[key] == [])
        world.run(for: 20_000_000_000)
        #expect(world.nodes[2].store.receipts[key]?.map(\.record.epoch.low) == [2])
        #expect(world.missing() == 0)
    }

    @Test func whoAsksForASealIsHeard() {
        var world = World(count: 2, seed: 8)
        world.seal(0)
        world.connect(0, 1)
        world.run(for: 5_000_000_000)
        world.handle(1, .wantsSeal(World.id(0), world.nodes[0].author.key))
        world.run(for: 1_000_000_000)
        #expect(world.sealsAsked == 1)
    }

    /// While somebody watches, the newest entries come first although a long backlog waits.
    @Test func theLiveEdgeComesBeforeTheBacklog() {
        var world = World(count: 2, seed: 9)
        for _ in 0..<200 { world.seal(0, samples: 1) }
        world.handle(1, .watched(true))
        world.sent = []
        world.connect(0, 1)
        world.run(for: 3_000_000_000)
        let asked = (world.sent ?? []).compactMap { message -> UInt64? in
            if case .wantAttachments(_, _, let position, _, _) = message.2 { position } else { nil }
        }
        let newest = asked.prefix(8).filter { $0 > 100 }
        #expect(!newest.isEmpty, "asked for \(asked.prefix(8))")
        let isSettled = settled(&world, within: 120)
        #expect(isSettled)
    }

    /// A link that comes back goes on in the feed where it was.
    @Test func aLinkThatComesBackReadsOn() {
        var world = World(count: 2, seed: 11)
        for _ in 0..<5 { world.seal(0) }
        world.connect(0, 1)
        let isSettled = settled(&world)
        #expect(isSettled)
        world.cut(0, 1)
        world.seal(0)
        world.sent = []
        world.connect(0, 1)
        let isSettledAgain = settled(&world)
        #expect(isSettledAgain)
        for message in world.sent ?? [] {
            if case .since(_, let change) = message.2 { #expect(change > 0) }
        }
    }

    /// What `verify --with` asks: all that a peer has, and it is the same as here.
    @Test func aSurveyShowsTheSame() {
        var world = World(count: 2, seed: 12)
        for _ in 0..<5 { world.seal(0) }
        world.connect(0, 1)
        let isSettled = settled(&world)
        #expect(isSettled)
        world.handle(1, .survey(World.id(0)))
        world.run(for: 2_000_000_000)
        let here = world.nodes[1].replicator
        #expect(world.surveys.count == 1 && world.surveys[0].count == 2)
        for summary in world.surveys.first ?? [] {
            #expect(summary.tips.map(\.head) == here.chains(of: summary.key).map(\.head))
            #expect(summary.tips.map(\.complete) == here.chains(of: summary.key).map(\.complete))
        }
    }

    /// A store that cannot keep anything is not fed: what came is asked for again later, once.
    @Test func aFullStorePausesFetching() {
        var world = World(count: 2, seed: 13)
        for _ in 0..<5 { world.seal(0) }
        world.failing = 1
        world.connect(0, 1)
        world.sent = []
        world.run(for: 60_000_000_000)
        let asked = world.sent?.filter { if case .wantEntries = $0.2 { true } else { false } }.count ?? 0
        #expect(asked > 3 && asked < 20)
        world.failing = nil
        let isSettled = settled(&world)
        #expect(isSettled)
    }

    @Test func progressCountsDown() {
        var world = World(count: 2, seed: 14)
        for _ in 0..<50 { world.seal(0) }
        world.connect(0, 1)
        world.run(for: 200_000_000)
        let early = world.nodes[1].replicator.progress(with: World.id(0))
        #expect(early.logs == 1 && early.entries + early.incomplete > 0)
        let isSettled = settled(&world)
        #expect(isSettled)
        world.run(for: 1_000_000_000)
        let late = world.nodes[1].replicator.progress(with: World.id(0))
        #expect(late.isWhole && late.entries == 0 && late.incomplete == 0)
    }

    /// Two peers have the same: each block is fetched from one of them.
    @Test func twoSourcesShareTheWork() {
        var world = World(count: 3, streams: 8, seed: 10)
        for _ in 0..<30 { world.seal(0) }
        world.connect(0, 1)
        world.run(for: 20_000_000_000)
        world.connect(0, 2)
        world.connect(1, 2)
        world.run(for: 20_000_000_000)
        let sent = world.nodes.map(\.replicator.counters.attachmentsSent)
        #expect(world.missing() == 0 && world.duplicates == 0)
        #expect(world.nodes[2].replicator.counters.attachmentsReceived == 240)
        #expect(sent[1] > 0, "all came from one: \(sent)")
    }
}
