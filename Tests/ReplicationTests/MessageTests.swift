import Hashing
import Measurements
import Replication
import Simulator
import Testing

@Suite struct MessageTests {
    static let key = LogKey(kind: .run, author: World.id(7), log: RunID(high: 1, low: 2))
    static let some: Ranges = {
        var ranges = Ranges(3..<9)
        ranges.insert(20..<21)
        return ranges
    }()
    static let receipt = Receipt(
        hub: World.id(1), epoch: StoreEpoch(high: 3, low: 4), gateway: World.id(7), run: RunID(high: 1, low: 2),
        seal: 8, root: .zero, time: 9
    ).signed(by: Signing.sign(as: World.id(1)))
    static let all: [Message] = [
        .mark(feed: FeedID(high: 1, low: 2), change: 300, store: StoreEpoch(high: 3, low: 4)),
        .since(feed: FeedID(high: 1, low: 2), change: 0),
        .heads(
            Heads(
                feed: FeedID(high: 1, low: 2), after: 5, upTo: 9,
                summaries: [
                    LogSummary(
                        key: key,
                        tips: [LogSummary.Tip(count: 9, head: World.id(3), complete: some, partial: Ranges())],
                        receipts: [receipt])
                ])),
        .wantEntries(request: 1, key: key, tip: World.id(2), first: 4, count: 128),
        .entries(request: 1, first: 4, [[1, 2, 3], []]),
        .wantIndex(request: 2, key: key, position: 7, entry: World.id(4), from: 0),
        .index(
            request: 2, total: 2, from: 0,
            [
                Leaf(stream: 1, first: 0, count: 1024, address: World.id(5)),
                Leaf(stream: 2, first: 1 << 40, count: 1, address: World.id(6)),
            ]),
        .wantAttachments(request: 3, key: key, position: 7, entry: World.id(4), leaves: some),
        .attachments(request: 3, notHeld: some, [Attachment(leaf: 3, bytes: [9, 8, 7])]),
        .notHeld(request: 4), .wantSeal(key: key),
    ]

    @Test(arguments: all) func roundTrip(message: Message) throws {
        #expect(try Message.read(message.bytes) == message)
    }

    @Test func kindsOfTheFutureArePassedOver() throws {
        #expect(try Message.read([64, 1, 2]) == nil)
        #expect(throws: Malformed.self) { try Message.read([12]) }
        #expect(throws: Malformed.self) { try Message.read([]) }
        #expect(throws: Malformed.self) { try Message.read([UInt8](repeating: 1, count: Message.most + 1)) }
    }

    @Test(arguments: TestRun.seeds(debug: 4, release: 20, long: 200)) func mutants(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bytes = mutated(MessageTests.all.randomElement(using: &random)!.bytes, &random)
            guard let message = try? Message.read(bytes) else { continue }
            #expect(message.bytes == bytes, "one message, one spelling; seed \(seed)")
        }
    }
}
