import Gossip
import Hashing
import Testing

/// What one member does, event by event; and what a hostile neighbour cannot make it do.
@Suite struct TopicTests {
    static func peer(_ index: Int) -> PeerID { Swarm.id(index) }

    func topic(_ configuration: Configuration = Configuration(), neighbours: Int = 1) -> Topic {
        var topic = Topic(me: TopicTests.peer(0), configuration: configuration, seed: 1) { _ in .pass }
        for index in 0..<neighbours { _ = topic.handle(.received(TopicTests.peer(index + 1), .join(nil)), now: 0) }
        return topic
    }

    func payload(_ text: String, hops: UInt16 = 0) -> Payload {
        Payload(id: BLAKE3.hash(Array(text.utf8)), content: Array(text.utf8), scope: .swarm(hops: hops))
    }

    @Test func whoJoinsBecomesANeighbourAndIsAnswered() {
        var topic = topic(neighbours: 0)
        let out = topic.handle(.received(TopicTests.peer(1), .join([1])), now: 0)
        #expect(
            out == [
                .learnt(TopicTests.peer(1), [1]), .neighbourUp(TopicTests.peer(1)),
                .send(TopicTests.peer(1), .neighbour(urgent: true, nil)),
            ])
        #expect(topic.neighbours == [TopicTests.peer(1)])
    }

    /// A sixth takes a place; the one that gives it up is told, and given others to turn to.
    @Test func theActiveViewStaysSmall() {
        var topic = topic(neighbours: 5)
        let out = topic.handle(.received(TopicTests.peer(6), .join(nil)), now: 0)
        #expect(topic.neighbours.count == 5 && topic.neighbours.contains(TopicTests.peer(6)))
        #expect(out.contains { if case .send(_, .shuffleReply) = $0 { true } else { false } })
        #expect(out.contains { if case .send(_, .disconnect(alive: true)) = $0 { true } else { false } })
        let refused = topic.handle(.received(TopicTests.peer(7), .neighbour(urgent: false, nil)), now: 0)
        #expect(refused.contains(.send(TopicTests.peer(7), .disconnect(alive: true))))
    }

    @Test func aMissedMessageIsAskedForOnceAnnounced() {
        var topic = topic(neighbours: 2)
        let missed = payload("missed")
        #expect(
            topic.handle(
                .received(TopicTests.peer(1), .have([Announcement(id: missed.id, hops: 3)])), now: 0
            ).isEmpty)
        _ = topic.handle(.received(TopicTests.peer(2), .have([Announcement(id: missed.id, hops: 4)])), now: 0)
        #expect(
            topic.handle(.tick, now: 80_000_000) == [.send(TopicTests.peer(1), .graft(missed.id, hops: 3))])
        #expect(
            topic.handle(.tick, now: 120_000_000) == [.send(TopicTests.peer(2), .graft(missed.id, hops: 4))])
        let out = topic.handle(.received(TopicTests.peer(2), .payload(missed)), now: 130_000_000)
        #expect(out.contains(.deliver(missed, from: TopicTests.peer(2))))
        #expect(topic.handle(.tick, now: 500_000_000).isEmpty)
    }

    @Test func aSecondCopyPrunesItsLink() {
        var topic = topic(neighbours: 2)
        let message = payload("twice")
        _ = topic.handle(.received(TopicTests.peer(1), .payload(message)), now: 0)
        #expect(
            topic.handle(.received(TopicTests.peer(2), .payload(message)), now: 1) == [
                .send(TopicTests.peer(2), .prune)
            ]
        )
        #expect(topic.counters.duplicates == 1)
    }

    @Test func anIdThatIsNotItsContentsHashIsRefused() {
        var topic = topic()
        var forged = payload("true")
        forged.content = Array("false".utf8)
        let out = topic.handle(.received(TopicTests.peer(1), .payload(forged)), now: 0)
        #expect(out.count == 1 && topic.counters.forged == 1)
        #expect(!out.contains { if case .deliver = $0 { true } else { false } })
    }

    @Test func keptContentStaysUnderItsCap() {
        var configuration = Configuration()
        configuration.mostKeptBytes = 10_000
        var topic = topic(configuration)
        for index in 0..<100 {
            _ = topic.handle(
                .broadcast([UInt8](repeating: UInt8(index), count: 1000), widely: true), now: Int64(index))
            #expect(topic.keptBytes <= 10_000)
        }
        #expect(topic.keptBytes == 10_000)
        let gone = BLAKE3.hash([UInt8](repeating: 0, count: 1000))
        #expect(topic.handle(.received(TopicTests.peer(1), .graft(gone, hops: 0)), now: 200).isEmpty)
        let kept = BLAKE3.hash([UInt8](repeating: 99, count: 1000))
        #expect(topic.handle(.received(TopicTests.peer(1), .graft(kept, hops: 0)), now: 200).count == 1)
    }

    /// Announcements of what never comes cost a bounded table and die out.
    @Test func aLiarsAnnouncementsAreBounded() {
        var topic = topic()
        var asked = 0
        for round in 0..<20 {
            let lies = (0..<100).map {
                Announcement(id: BLAKE3.hash([UInt8(round), UInt8($0)]), hops: .max)
            }
            _ = topic.handle(.received(TopicTests.peer(1), .have(lies)), now: 0)
        }
        for step in 1...10 { asked += topic.handle(.tick, now: Int64(step) * 100_000_000).count }
        #expect(asked == Configuration().mostMissing)
        #expect(topic.deadline ?? 0 >= 3_000_000_000)
    }

    /// Walks that claim a great length are cut to the protocol's; strangers start none at all.
    @Test func walksAreShort() {
        var topic = topic(neighbours: 3)
        let far = topic.handle(
            .received(TopicTests.peer(1), .forwardJoin(PeerInfo(id: TopicTests.peer(50)), ttl: 65_535)), now: 0)
        guard case .send(_, .forwardJoin(_, let ttl)) = far.first else {
            Issue.record("not passed on: \(far)")
            return
        }
        #expect(ttl == 5)
        let stranger = topic.handle(
            .received(TopicTests.peer(40), .shuffle(origin: TopicTests.peer(41), nodes: [], ttl: 6)), now: 0)
        #expect(stranger == [.disconnect(TopicTests.peer(40))])
    }

    @Test func whatDoesNotFitAMessageIsNotSent() {
        var topic = topic()
        let out = topic.handle(.broadcast([UInt8](repeating: 0, count: 4096), widely: true), now: 0)
        guard case .refused(nil, _) = out.first, out.count == 1 else {
            Issue.record("sent: \(out)")
            return
        }
        let most = [UInt8](repeating: 1, count: Configuration().mostContentBytes)
        for case .send(_, let message) in topic.handle(.broadcast(most, widely: true), now: 0) {
            #expect(message.encoded().count < 4096)
        }
    }
}
