import Foundation
import Hashing
import Identity
import Testing

@testable import Peering

let testSeed = UInt64(ProcessInfo.processInfo.environment["BOTHY_SEED"] ?? "") ?? 20_260_714

struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct FrameTests {
    @Test func framesComeOutHoweverTheStreamIsCut() throws {
        print("seed \(testSeed)")
        var dice = Dice(state: testSeed)
        let frames = (0..<200).map { index in
            Frame(
                type: UInt8(16 + index % 200), body: (0..<Int.random(in: 0...300, using: &dice)).map { UInt8($0 & 255) }
            )
        }
        let stream = frames.flatMap(\.encoded)
        for _ in 0..<20 {
            var decoder = FrameDecoder(limit: 301)
            var got: [Frame] = []
            var at = 0
            while at < stream.count {
                let end = min(stream.count, at + Int.random(in: 1...700, using: &dice))
                decoder.feed(Array(stream[at..<end]))
                while let frame = try decoder.next() { got.append(frame) }
                at = end
            }
            #expect(got == frames)
            #expect(decoder.held == 0)
        }
    }

    @Test func aLengthBeyondTheLimitIsAnErrorBeforeItsBytesCome() {
        var decoder = FrameDecoder(limit: 1024)
        decoder.feed([0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: WireFailure.self) { try decoder.next() }
        var empty = FrameDecoder(limit: 1024)
        empty.feed([0, 0, 0, 0, 0])
        #expect(throws: WireFailure.self) { try empty.next() }
    }
}

@Suite struct HelloTests {
    private func hello(versions: ClosedRange<UInt16> = 1...1) -> Hello {
        let identity = IdentityKey(seed: Array(0..<32))!
        let endpoint = EndpointKey(seed: Array(32..<64), serial: 7)!
        return Hello(
            features: 5, session: 9, cert: EndpointCert(of: endpoint, role: .gateway, by: identity),
            program: "bothy test", observed: "192.0.2.1:7", versions: versions)
    }

    @Test func itReadsBackAndPassesOverWhatLaterVersionsAdd() throws {
        let sent = hello()
        #expect(try Hello(reading: sent.body) == sent)
        #expect(try Hello(reading: sent.body + [1, 2, 3]) == sent)
        #expect(sent.body.count < Frame.mostBytesOfStrangers)
    }

    @Test func aProgramWithoutACommonVersionIsRefusedByName() throws {
        #expect {
            try Hello(reading: hello(versions: 2...4).body)
        } throws: {
            "\($0)" == "speaks protocol 2 to 4, this program 1 to 1"
        }
        #expect(try Hello(reading: hello(versions: 1...9).body).agreed == 1)
    }

    @Test func whatIsCutOrChangedIsAnErrorNeverACrash() {
        let body = hello().body
        for count in 0..<body.count {
            #expect(throws: Hello.Failure.self) { try Hello(reading: Array(body[..<count])) }
        }
        var dice = Dice(state: testSeed)
        for _ in 0..<2000 {
            var changed = body
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                changed[Int.random(in: 0..<changed.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
            }
            _ = try? Hello(reading: changed)
        }
    }

    @Test func whyAPeerClosedIsReadFromWhatTheTransportSays() {
        #expect(Goodbye.said(in: "closed by peer: is leaving (code 1)")! == (.leaving, "is leaving"))
        #expect(Goodbye.said(in: "closed by peer: (odd) (code 7)")! == (.slowReader, "(odd)"))
        for text in ["timed out", "closed by peer: x (code 99)", "closed by peer: x", "x (code 1)"] {
            #expect(Goodbye.said(in: text) == nil, "\(text)")
        }
    }

    @Test func controlFramesReadBackAndRefuseRubbish() throws {
        #expect(try Ping(reading: Ping(nonce: 5).frame.body).nonce == 5)
        let pong = Pong(nonce: 5, unixTime: -3, errorMs: 7)
        #expect(try Pong(reading: pong.frame.body) == pong)
        let addresses = Addresses(direct: ["192.0.2.1:1", "[2001:db8::1]:2"], relay: "https://relay.example")
        #expect(try Addresses(reading: addresses.frame.body) == addresses)
        #expect(Addresses(direct: (0..<20).map { "\($0)" }, relay: nil).direct.count == Addresses.most)
        #expect(throws: WireFailure.self) { try Addresses(reading: [0, 9]) }
        #expect(throws: WireFailure.self) { try Ping(reading: [1]) }
        #expect(throws: WireFailure.self) { try Addresses(reading: [2, 0xFF, 0xFE, 0]) }
    }
}

@Suite struct AnnouncementTests {
    let key = EndpointKey(seed: Array(32..<64), serial: 7)!

    private func announcement(_ number: UInt32 = 1, instance: UInt64 = 4, endpoint: Bytes32? = nil) -> Announcement {
        Announcement(
            flags: [.asks], endpoint: endpoint ?? key.id, instance: instance, number: number, port4: 1234, port6: 0,
            addresses: Addresses(direct: ["198.51.100.7:9"], relay: nil))
    }

    @Test func itReadsBackItsSignatureHoldsAndAnyChangeShows() throws {
        let packet = announcement().encoded(signedBy: key)
        #expect(packet.count <= Announcement.mostBytes)
        #expect(try Announcement(unverified: packet) == announcement())
        #expect(Announcement.isSigned(packet, by: key.id))
        for index in packet.indices {
            var changed = packet
            changed[index] ^= 1
            #expect(!Announcement.isSigned(changed, by: key.id))
        }
        for count in 0..<packet.count { _ = try? Announcement(unverified: Array(packet[..<count])) }
    }

    @Test func wherePacketsComeFromIsDialledFirst() {
        #expect(announcement().places(from: "192.168.1.5") == ["192.168.1.5:1234", "198.51.100.7:9"])
        #expect(announcement().places(from: "fe80::1%2") == ["198.51.100.7:9"], "it has no port of that family")
    }

    @Test func theTableIsBoundedAndStrangersMakeRoomFirst() {
        var table = DiscoveryTable()
        let known = key.id
        #expect(table.note(announcement(), from: "192.168.1.5", isKnown: true, now: 0) == true)
        for index in 0..<1000 {
            let stranger = BLAKE2b.hash([UInt8(index & 255), UInt8(index >> 8)], purpose: "test")
            _ = table.note(announcement(endpoint: stranger), from: "192.168.1.6", isKnown: false, now: Int64(index) + 1)
        }
        #expect(table.entries.count == DiscoveryTable.most)
        #expect(table.entries[known] != nil)
    }

    @Test func repeatedPacketsAreNotCheckedAgainAndFloodsAreCut() {
        var table = DiscoveryTable()
        #expect(table.wants(announcement(5), isKnown: true, now: 0) == true)
        _ = table.note(announcement(5), from: "192.168.1.5", isKnown: true, now: 0)
        #expect(table.wants(announcement(5), isKnown: true, now: 0) == false, "a replay")
        #expect(table.wants(announcement(4), isKnown: true, now: 0) == false)
        #expect(table.wants(announcement(6), isKnown: true, now: 0) == true)
        #expect(table.wants(announcement(1, instance: 5), isKnown: true, now: 0) == true, "a restart")
        var checked = 0
        for index in 0..<1000 {
            let stranger = BLAKE2b.hash([UInt8(index & 255), UInt8(index >> 8)], purpose: "test")
            if table.wants(announcement(endpoint: stranger), isKnown: false, now: 0) { checked += 1 }
        }
        #expect(checked == Int(DiscoveryTable.checksOfStrangers))
    }
}

@Suite struct StrangerGateTests {
    @Test func aFloodFromOneNetworkLeavesOthersAndKnownHostsAlone() {
        var gate = StrangerGate()
        var accepted = 0
        for index in 0..<10_000 {
            let decision = gate.decide(
                network: [10, 0, 0], isKnown: false, isValidated: true, handshakes: 0, now: Int64(index) * 1_000_000)
            if decision == .accept { accepted += 1 }
        }
        #expect(accepted <= 16, "\(accepted) in ten seconds")
        let now: Int64 = 10_000_000_000
        #expect(
            gate.decide(network: [10, 0, 1], isKnown: false, isValidated: true, handshakes: 0, now: now) == .accept)
        #expect(
            gate.decide(network: [10, 0, 0], isKnown: true, isValidated: false, handshakes: 8, now: now) == .accept)
        #expect(
            gate.decide(network: [10, 0, 2], isKnown: false, isValidated: true, handshakes: 8, now: now) == .ignore)
    }

    @Test func forgedAddressesOnlyCostAPacket() {
        var gate = StrangerGate()
        var answers = 0
        for index in 0..<10_000 {
            let network = [UInt8(index >> 8), UInt8(index & 255), 0]
            switch gate.decide(network: network, isKnown: false, isValidated: false, handshakes: 0, now: 0) {
            case .accept: Issue.record("accepted without validation")
            case .validate: answers += 1
            case .ignore: break
            }
        }
        #expect(answers == 200)
    }
}

@Suite struct PairingTests {
    @Test func codesAreEightDigitsHoweverTheyAreTyped() {
        for _ in 0..<100 {
            let code = Pairing.draw()
            #expect(Pairing.parse(Pairing.text(code)) == code)
        }
        #expect(Pairing.parse("1234-5678") == Array("12345678".utf8))
        for text in ["1234567", "123456789", "1234567a", ""] { #expect(Pairing.parse(text) == nil) }
    }

    @Test func threeCodesAMinuteAndNoMore() {
        var gate = PairGate()
        let given = (0..<5).map { _ in gate.allows(now: 0) }
        #expect(given == [true, true, true, false, false])
        let (before, after) = (gate.allows(now: 59_999_999_999), gate.allows(now: 60_000_000_000))
        #expect(!before && after)
    }
}

@Suite struct TrustTests {
    let identity = IdentityKey(seed: Array(0..<32))!

    private func cert(_ seed: UInt8, _ serial: UInt64, _ role: GatewayRole = .gateway) -> EndpointCert {
        EndpointCert(
            of: EndpointKey(seed: [UInt8](repeating: seed, count: 32), serial: serial)!, role: role, by: identity)
    }

    @Test func aLaterSerialIsFollowedAnEarlierRefusedAnEqualOneIsAClone() {
        var peer = TrustedPeer(identity: identity.id)
        #expect(peer.standing(of: cert(1, 5)) == .newer)
        peer.remember(endpoint: cert(1, 5))
        #expect(peer.standing(of: cert(1, 5)) == .known)
        #expect(peer.standing(of: cert(2, 6)) == .newer)
        #expect(peer.standing(of: cert(2, 4)) == .stale)
        #expect(peer.standing(of: cert(2, 5)) == .clone)
        peer.remember(endpoint: cert(2, 6))
        #expect(peer.standing(of: cert(1, 5)) == .stale, "the retired one")
    }

    @Test func theProcessesOfAHubHaveAKeyEach() {
        var hub = TrustedPeer(identity: identity.id, role: .hub)
        hub.remember(endpoint: cert(1, 1, .hub))
        #expect(hub.standing(of: cert(2, 1, .hub)) == .newer)
        hub.remember(endpoint: cert(2, 1, .hub))
        #expect(hub.standing(of: cert(1, 1, .hub)) == .known)
    }

    @Test func addressesAreRememberedNewestFirstAndBounded() {
        var peer = TrustedPeer(identity: identity.id)
        for index in 0..<20 { peer.remember(addresses: ["192.0.2.\(index):1"]) }
        peer.remember(addresses: ["192.0.2.15:1"])
        #expect(peer.addresses.count == TrustedPeer.mostAddresses)
        #expect(peer.addresses.first == "192.0.2.15:1")
    }

    @Test func localAndWideAddressesAreToldApart() {
        for local in [
            "10.1.2.3:4", "192.168.0.1:1", "127.0.0.1:1", "172.31.0.1:1", "[fe80::1%2]:3", "[fd00::1]:3", "[::1]:1",
        ] {
            #expect(HostAndPort.isLocal(local), "\(local)")
        }
        for wide in ["8.8.8.8:1", "172.32.0.1:1", "[2001:db8::1]:1", "rubbish"] {
            #expect(!HostAndPort.isLocal(wide), "\(wide)")
        }
        #expect(HostAndPort.network(of: "[::ffff:192.0.2.7]:1") == [192, 0, 2])
    }
}
