import Hashing
import Identity
import System
import Testing

@testable import Peering

@Suite(.serialized) struct ServiceTests {
    @Test func twoThatTrustEachOtherConnectAndSpeakOnAllLanes() throws {
        let (a, b) = try connectedPair()
        for lane in Lane.allCases {
            for index in 0..<20 { #expect(a.send([lane.rawValue, UInt8(index)], on: lane, to: b) == .accepted) }
            #expect(b.send([lane.rawValue], type: 200, on: lane, to: a) == .accepted)
        }
        try eventually("all messages come") {
            b.heard.withLock { $0.messages.count } == 80 && a.heard.withLock { $0.messages.count } == 4
        }
        for lane in Lane.allCases {
            let got = b.heard.withLock { $0.messages.filter { $0.lane == lane } }
            #expect(got.map { $0.body } == (0..<20).map { [lane.rawValue, $0] }, "in order on lane \(lane)")
            #expect(got.allSatisfy { $0.peer == a.id && $0.type == 16 })
        }
        let info = try #require(b.heard.withLock { $0.connected.first })
        #expect(info.program == "test 1" && info.identity == a.id && info.endpoint == a.endpointKey.id)
        #expect(!info.isDialled && info.protocolVersion == 1)
        try eventually("the way and the time there are known") {
            a.status.peers.first.map { $0.path == .direct && $0.rttUs != nil } ?? false
        }
        a.stop()
        try eventually("a farewell is heard") { b.heard.withLock { $0.disconnected.contains { $0.peer == a.id } } }
        b.stop()
    }

    @Test func aStrangerGetsNothingAndIsTold() throws {
        let (a, b) = (try Node(3), try Node(4))
        try a.start()
        try b.start()
        a.trust(b.asPeer())
        try eventually("b counts a stranger") { b.status.counters.strangers > 0 }
        try eventually("a knows why") { a.status.peers.first?.lastError?.contains("does not know us") ?? false }
        #expect(b.heard.withLock { $0.connected.isEmpty && $0.messages.isEmpty })
        #expect(a.heard.withLock { $0.connected.isEmpty }, "b said nothing of itself")
        // Trusted on the other side too, it works, without anybody starting anything.
        b.trust(a.asPeer(withAddress: false))
        try eventually("they connect") { a.isConnected(to: b) }
        a.stop()
        b.stop()
    }

    @Test func whenBothDialOneConnectionStays() throws {
        for round in 0..<5 {
            let (a, b) = (try Node(5), try Node(6))
            try a.start()
            try b.start()
            let (peerA, peerB) = (a.asPeer(), b.asPeer())
            a.test.loop.post { a.service.trust(peerB) }
            b.test.loop.post { b.service.trust(peerA) }
            try eventually("they connect") { a.isConnected(to: b) && b.isConnected(to: a) }
            // Whichever of the two connections stays, messages arrive over it both ways, and it does stay.
            try eventually("messages arrive in round \(round)") {
                pause(20)
                _ = a.send([1], on: .control, to: b)
                _ = b.send([2], on: .control, to: a)
                return a.heard.withLock { $0.messages.contains { $0.body == [2] } }
                    && b.heard.withLock { $0.messages.contains { $0.body == [1] } }
            }
            try eventually("it settles in round \(round)") {
                let before = (a.heard.withLock { $0.connected.count }, b.heard.withLock { $0.connected.count })
                pause(300)
                return before == (a.heard.withLock { $0.connected.count }, b.heard.withLock { $0.connected.count })
            }
            #expect(a.isConnected(to: b) && b.isConnected(to: a))
            a.stop()
            b.stop()
        }
    }

    @Test func aReaderThatPausesHoldsTheSenderBackAndTheLiveLaneGoesOn() throws {
        let (a, b) = try connectedPair(7, 8)
        let aID = a.id
        b.test.sync { b.service.pause(.bulk, of: aID) }
        let chunk = [UInt8](repeating: 7, count: 64 << 10)
        var taken = 0
        // Until the sender says it is full, and stays so although it had time.
        while taken < 2_000 {
            if a.send(chunk, on: .bulk, to: b) == .accepted {
                taken += 1
            } else {
                pause(100)
                if a.send(chunk, on: .bulk, to: b) == .full { break } else { taken += 1 }
            }
        }
        let held = taken * chunk.count
        #expect(held < 16 << 20, "a paused reader made \(held) bytes pile up")
        #expect(a.send([1], on: .live, to: b) == .accepted)
        #expect(a.send([2], on: .control, to: b) == .accepted)
        try eventually("live and control pass by") {
            b.heard.withLock { $0.messages.filter { $0.lane != .bulk }.count } == 2
        }
        #expect(b.heard.withLock { $0.messages.filter { $0.lane == .bulk }.count } == 0)
        b.test.sync { b.service.resume(.bulk, of: aID) }
        try eventually("all comes in the end") {
            b.heard.withLock { $0.messages.filter { $0.lane == .bulk }.count } == taken
        }
        try eventually("the sender hears that there is room") { a.heard.withLock { $0.drained == [.bulk] } }
        a.stop()
        b.stop()
    }

    @Test func whoIsTurnedAwayBeforeALaneIsOpenHearsWhenThereIsRoom() throws {
        let (a, b) = try connectedPair(23, 24)
        let bID = b.id
        // All in one turn of the loop: the lane's stream cannot be open yet.
        let refused = a.test.sync {
            (0..<100).contains { _ in
                a.service.send([UInt8](repeating: 0, count: 64 << 10), type: 16, on: .bulk, to: bID) == .full
            }
        }
        #expect(refused)
        try eventually("there is room again") { a.heard.withLock { $0.drained == [.bulk] } }
        a.stop()
        b.stop()
    }

    @Test func aLiveLaneThatIsNotReadDropsItsOldest() throws {
        let (a, b) = try connectedPair(9, 10)
        let aID = a.id
        b.test.sync { b.service.pause(.live, of: aID) }
        for index in 0..<2000 {
            _ = a.send([UInt8(index & 255)] + [UInt8](repeating: 0, count: 4000), on: .live, to: b)
        }
        try eventually("frames were dropped") { (a.status.peers.first?.droppedFrames ?? 0) > 0 }
        b.test.sync { b.service.resume(.live, of: aID) }
        try eventually("the newest comes") {
            b.heard.withLock { $0.messages.last?.body.first == UInt8(1999 & 255) }
        }
        #expect(b.heard.withLock { $0.messages.count } < 2000)
        a.stop()
        b.stop()
    }

    @Test func aMessageTooLongIsRefusedHereAndNotAtTheOtherEnd() throws {
        let (a, b) = try connectedPair(11, 12)
        #expect(a.send([UInt8](repeating: 0, count: Frame.mostBytes), on: .bulk, to: b) == .tooLong)
        #expect(a.send([UInt8](repeating: 1, count: Frame.mostBytes - 1), on: .bulk, to: b) == .accepted)
        try eventually("the longest one comes") {
            b.heard.withLock { $0.messages.first?.body.count == Frame.mostBytes - 1 }
        }
        a.stop()
        b.stop()
    }

    @Test func trustThatIsWithdrawnEndsTheConnectionAndStays() throws {
        let (a, b) = try connectedPair(13, 14)
        let aID = a.id
        b.test.sync { b.service.untrust(aID) }
        try eventually("a is told") {
            a.heard.withLock { $0.disconnected.last?.why.contains("no longer trusts us") ?? false }
        }
        try eventually("and refused when it comes again") { b.status.counters.strangers > 0 }
        #expect(b.trust.peers.isEmpty)
        a.stop()
        b.stop()
    }

    @Test func aPeerThatRestartsIsBackBeforeItsOldConnectionIsFoundDead() throws {
        let (a, b) = try connectedPair(15, 16)
        // Its process ends without a word: the object goes, nothing is closed in order.
        let again = try Node(16)
        let peerA = a.asPeer()
        b.test.loop.post { b.service.isStopping = true }
        try again.start()
        again.trust(peerA)
        try eventually("the new one replaces the old one") {
            a.heard.withLock { $0.connected.count } == 2 && a.isConnected(to: again)
        }
        #expect(a.heard.withLock { $0.disconnected.count } == 1)
        _ = a.send([9], on: .control, to: again)
        try eventually("messages go to the new one") { again.heard.withLock { $0.messages.count } == 1 }
        a.stop()
        again.stop()
        b.stop()
    }

    @Test func aCloneAndARetiredEndpointAreRefusedWithAnAlarm() throws {
        let (a, b) = try connectedPair(17, 18)
        let peerB = b.asPeer()
        // The same identity and serial on another box, with another endpoint key.
        let clone = try Node(17, endpoint: 201)
        try clone.start()
        clone.trust(peerB)
        try eventually("the clone is noticed") {
            b.heard.withLock { $0.alarms.contains { if case .clone = $0 { true } else { false } } }
        }
        #expect(a.isConnected(to: b), "the one that was there stays")
        clone.stop()
        // The operator adopts the identity on a box: its key has a later serial and takes over.
        let adopted = try Node(17, endpoint: 202, serial: 2)
        try adopted.start()
        adopted.trust(peerB)
        try eventually("the later serial is followed") { adopted.isConnected(to: b) }
        #expect(b.trust.peers[a.id]?.endpoints.first?.serial == 2)
        a.stop()
        let retired = try Node(17)
        try retired.start()
        retired.trust(peerB)
        try eventually("the retired key is refused") {
            b.heard.withLock { $0.alarms.contains { if case .stale = $0 { true } else { false } } }
        }
        retired.stop()
        adopted.stop()
        b.stop()
    }

    @Test func anotherProtocolRunsOverTheSameEndpointForTrustedPeersOnly() throws {
        let alpn = Array("test/7".utf8)
        let (a, b, stranger) = (try Node(25), try Node(26), try Node(27))
        let got = Locked<[(GatewayKey, [UInt8])]>([])
        let held = Box<[Any]>([])
        b.test.sync {
            b.service.offer(alpn: alpn) { connection, peer in
                held.value.append(connection)
                connection.acceptUni { result in
                    guard let stream = try? result.get() else { return }
                    held.value.append(stream)
                    stream.read(limit: 10) { bytes in got.withLock { $0.append((peer, (try? bytes.get()) ?? [])) } }
                }
            }
        }
        for node in [a, b, stranger] { try node.start() }
        b.trust(a.asPeer(withAddress: false))
        let (peerB, bID) = (b.asPeer(), b.id)
        for node in [a, stranger] { node.trust(peerB) }
        func speak(_ node: Node) -> IrohFailure? {
            node.test.wait { (done: @escaping (IrohFailure?) -> Void) in
                node.service.connect(to: bID, alpn: alpn) { result in
                    guard let connection = try? result.get() else { return done(result.failure) }
                    held.value.append(connection)
                    connection.onClosed { done(IrohFailure(kind: .closed, message: $0)) }
                    connection.openUni { result in
                        guard let stream = try? result.get() else { return }
                        held.value.append(stream)
                        stream.write([1, 2, 3]) { if $0 == nil, node === a { done(nil) } }
                    }
                }
            }
        }
        #expect(speak(a) == nil)
        try eventually("it comes with who it is from") { got.withLock { $0.count } == 1 }
        #expect(got.withLock { $0[0].0 == a.id && $0[0].1 == [1, 2, 3] })
        #expect(speak(stranger)?.message.contains("does not know us") ?? false)
        #expect(got.withLock { $0.count } == 1)
        for node in [a, b, stranger] { node.stop() }
    }

    @Test func pingMeasuresAndFailsWhereNobodyIs() throws {
        let (a, b) = try connectedPair(19, 20)
        let bID = b.id
        let rtt = a.test.wait { (done: @escaping (Result<Int64, PingFailure>) -> Void) in a.service.ping(bID, done) }
        #expect(try rtt.get() > 0)
        let nobody = a.test.wait { (done: @escaping (Result<Int64, PingFailure>) -> Void) in a.service.ping(.zero, done)
        }
        #expect(throws: PingFailure.notConnected) { try nobody.get() }
        a.stop()
        b.stop()
    }

    @Test func aMemberOfARoomConnectsWithoutBeingTrustedAndIsForgottenAfterwards() throws {
        let (a, b) = (try Node(21), try Node(22))
        let aID = a.id
        b.service.handlers.admits = { $0 == aID }
        try a.start()
        try b.start()
        a.trust(b.asPeer())
        try eventually("they connect") { a.isConnected(to: b) && b.isConnected(to: a) }
        a.stop()
        try eventually("it is gone") { b.status.peers.isEmpty }
        #expect(b.trust.peers.isEmpty)
        b.stop()
    }
}
