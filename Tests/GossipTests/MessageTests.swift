import Gossip
import Hashing
import Simulator
import Testing

@Suite struct MessageTests {
    static let id = Bytes32([UInt8](repeating: 7, count: 32))!
    static let other = Bytes32([UInt8](repeating: 9, count: 32))!

    static let all: [Message] = [
        .join(nil), .join([1, 2]), .forwardJoin(PeerInfo(id: id, data: [3]), ttl: 6),
        .shuffle(origin: id, nodes: [PeerInfo(id: other), PeerInfo(id: id, data: [])], ttl: 300), .shuffleReply([]),
        .shuffleReply([PeerInfo(id: other, data: [4, 5])]), .neighbour(urgent: true, nil),
        .neighbour(urgent: false, [6]), .disconnect(alive: true), .disconnect(alive: false),
        .payload(Payload(id: id, content: [8, 9], scope: .swarm(hops: 128))),
        .payload(Payload(id: id, content: [], scope: .neighbours)), .prune, .graft(nil, hops: 0),
        .graft(other, hops: 65_535), .have([]),
        .have([Announcement(id: id, hops: 1), Announcement(id: other, hops: 2)]),
    ]

    @Test(arguments: all) func roundTrip(message: Message) throws {
        #expect(try Message(decoding: message.encoded()) == message)
    }

    /// Byte by byte what postcard makes of iroh-gossip's types.
    @Test func wire() {
        let id = MessageTests.id.bytes
        #expect(Message.join(nil).encoded() == [0, 0, 0])
        #expect(Message.join([1, 2]).encoded() == [0, 0, 1, 2, 1, 2])
        #expect(Message.forwardJoin(PeerInfo(id: MessageTests.id), ttl: 300).encoded() == [0, 1] + id + [0, 0xac, 2])
        #expect(Message.neighbour(urgent: false, nil).encoded() == [0, 4, 1, 0])
        #expect(Message.disconnect(alive: true).encoded() == [0, 5, 1, 0])
        #expect(
            Message.payload(Payload(id: MessageTests.id, content: [5], scope: .swarm(hops: 1))).encoded()
                == [1, 0] + id + [1, 5, 0, 1])
        #expect(Message.prune.encoded() == [1, 1])
        #expect(Message.graft(nil, hops: 2).encoded() == [1, 2, 0, 2])
        #expect(Message.have([Announcement(id: MessageTests.id, hops: 3)]).encoded() == [1, 3, 1] + id + [3])
    }

    @Test func addresses() throws {
        let addresses = PeerAddresses(
            relay: "https://relay.example/", direct: [.v4([10, 0, 0, 1], port: 4433), .v6([UInt8](0..<16), port: 1)])
        #expect(try PeerAddresses(decoding: addresses.encoded()) == addresses)
        #expect(
            PeerAddresses(direct: [.v4([10, 0, 0, 1], port: 4433)]).encoded() == [0, 1, 0, 10, 0, 0, 1, 0xd1, 0x22])
    }

    /// As PyPI's iroh 0.35 sent it, a frame of version 0: topic, join, where it is.
    @Test func aJoinAsItWasSent() throws {
        let relay = "https://use1-1.relay.iroh.network./"
        let data = [1, 35] + Array(relay.utf8) + [1, 0, 127, 0, 0, 1, 0xe4, 0xd4, 3]
        let frame = [UInt8](repeating: 7, count: 32) + [0, 0, 1, 46] + data
        let (topic, message) = try Frames.split(versionZero: frame)
        #expect(topic == MessageTests.id && message == .join(data))
        #expect(
            try PeerAddresses(decoding: data)
                == PeerAddresses(relay: relay, direct: [.v4([127, 0, 0, 1], port: 60_004)]))
    }

    @Test(
        arguments: [
            ([], .ended), ([2], .variant), ([0, 9], .variant), ([0, 0, 2], .flag), ([1, 1, 0], .trailing),
            ([1, 3, 0xff, 0xff, 3], .count), ([0, 3, 2] + [UInt8](repeating: 0, count: 33), .count),
            ([1, 2, 0, 0x80, 0x80, 4], .number), ([0, 4, 2, 0], .number),
        ] as [([UInt8], MalformedGossip.Reason)])
    func refused(bytes: [UInt8], reason: MalformedGossip.Reason) {
        #expect { try Message(decoding: bytes) } throws: { ($0 as? MalformedGossip)?.reason == reason }
    }

    /// Whatever comes in is a message or a named error, and what is taken for a message is one.
    @Test(arguments: TestRun.seeds(debug: 4, release: 20, long: 200)) func mutants(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bytes = mutated(MessageTests.all.randomElement(using: &random)!.encoded(), &random)
            if let message = try? Message(decoding: bytes) {
                #expect((try? Message(decoding: message.encoded())) == message, "seed \(seed)")
            }
            _ = try? PeerAddresses(decoding: bytes)
        }
    }

    @Test func framesInPiecesOfAnySize() throws {
        let messages = MessageTests.all.map { $0.encoded() }
        let stream = messages.flatMap { Frames.frame($0) }
        for size in [1, 3, 7, 1000] {
            var frames = Frames()
            var read: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                frames.append(stream[start..<min(start + size, stream.count)])
                while let frame = try frames.next() { read.append(frame) }
            }
            #expect(read == messages)
        }
        var frames = Frames()
        frames.append([0, 0, 0x10, 1])
        #expect(throws: MalformedGossip.self) { try frames.next() }
    }
}
