import Hashing
import Membership
import Notation
import Simulator
import Testing

@Suite struct TicketTests {
    static let ticket = Ticket(
        create: Keys.create, secret: Keys.key(5), role: .member,
        hints: [
            Ticket.Hint(endpoint: Keys.key(6), addresses: ["192.168.1.4:4433", "https://relay.example"])
        ],
        notAfter: 1_800_000_000)

    @Test func textAndLink() throws {
        let ticket = TicketTests.ticket
        #expect(ticket.text.hasPrefix("BOTHY:") && ticket.text == ticket.text.uppercased())
        #expect(try Ticket(ticket.text) == ticket)
        #expect(try Ticket(ticket.text.lowercased()) == ticket)
        #expect(try Ticket("  \(ticket.link)\n") == ticket)
        #expect(ticket.room == Keys.create.room)
        #expect(ticket.text.count < 600, "a QR code must stay readable: \(ticket.text.count)")
    }

    @Test func everyRefusalSaysWhich() {
        func failure(_ text: String) -> Ticket.Failure? {
            do throws(Ticket.Failure) { _ = try Ticket(text) } catch { return error }
            return nil
        }
        let text = TicketTests.ticket.text
        #expect(failure("hello") == .notATicket)
        #expect(failure("") == .notATicket)
        #expect(failure("BOTHY:0189") == .notBase32)
        #expect([.checksum, .notBase32].contains(failure(String(text.dropLast(8)))))
        #expect(
            failure("BOTHY:" + Base32.encode([9] + [UInt8](repeating: 0, count: 100))) == .version(9))
        var swapped = Array(text)
        swapped[40] = swapped[40] == "A" ? "B" : "A"
        #expect(failure(String(swapped)) == .checksum)
        for failure in [Ticket.Failure.notATicket, .notBase32, .version(2), .checksum] {
            #expect(failure.description.count > 20)
        }
    }

    @Test(arguments: TestRun.seeds(debug: 4, release: 20, long: 200)) func mutants(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var room = Gathering(2)
        room.grant(1, .admin)
        let letter = room.people[1].write()
        let record = room.people[0].records[0]
        for _ in 0..<300 {
            let text = mutated(Array(TicketTests.ticket.text.utf8), &random)
            _ = try? Ticket(String(decoding: text, as: UTF8.self))
            let bytes = mutated(record.bytes, &random)
            if let read = try? ControlRecord(bytes) { #expect(read.bytes == bytes, "seed \(seed)") }
            let other = mutated(letter.envelope.bytes, &random)
            if let read = try? Envelope(other) { #expect(read.bytes == other, "seed \(seed)") }
            _ = try? CreateRecord(mutated(Keys.create.bytes, &random))
        }
    }

    @Test func recordsReadBack() throws {
        var room = Gathering(2)
        room.grant(1, .admin)
        let proof = JoinProof(
            room: Keys.create.room, key: Keys.key(3), joinerEndpoint: Keys.key(7),
            admitterEndpoint: Keys.key(8),
            secret: Keys.key(5))
        let kinds: [ControlRecord.Kind] = [
            .grant(Keys.key(3), .viewer, known: 300, via: proof, isProvisional: true),
            .revoke(Keys.key(3), through: ControlRecord.Cut(sequence: 9, hash: Keys.key(4))),
            .revoke(Keys.key(3), through: nil), .role(Keys.key(3), .member),
            .invite(
                Invite(key: Keys.key(9), role: .member, mostUses: 3, notAfter: 7, admitter: Keys.key(0))),
            .uninvite(Keys.key(9)), .rotate(generation: 1, commitment: Keys.key(2)),
            .epoch(.settings, number: 1, snapshot: Keys.key(2)), .close,
        ]
        for kind in kinds {
            let record = room.people[1].say(kind)
            #expect(try ControlRecord(record.bytes) == record)
        }
        let letter = room.people[0].write(for: Keys.key(1))
        #expect(try Envelope(letter.envelope.bytes) == letter.envelope)
        #expect(try CreateRecord(Keys.create.bytes) == Keys.create)
    }

    // MARK: Joining

    struct Door {
        var room = Gathering(4)
        let secret = Keys.key(55)
        var invite: Invite

        init(_ change: (inout Invite) -> Void = { _ in }) {
            invite = Invite(key: Ed25519.publicKey(seed: secret), role: .member)
            change(&invite)
            room.grant(1, .member)
            room.people[0].say(.invite(invite))
            room.meet()
        }

        func knock(
            _ index: Int, at member: Int = 1, endpoint: Bytes32 = Keys.key(71),
            clock: Authority.Clock = .settled(1000)
        ) -> Result<ControlRecord.Kind, Authority.AdmissionRefusal> {
            let proof = JoinProof(
                room: Keys.create.room, key: Keys.key(index), joinerEndpoint: Keys.key(70),
                admitterEndpoint: Keys.key(71), secret: secret)
            do throws(Authority.AdmissionRefusal) {
                return .success(
                    try room.people[member].authority.admit(
                        Keys.key(index), by: proof, endpoints: (Keys.key(70), endpoint), me: Keys.key(member),
                        clock: clock))
            } catch { return .failure(error) }
        }
    }

    @Test func aMemberLetsAJoinerIn() throws {
        var door = Door()
        door.room.people[1].say(try door.knock(2).get())
        door.room.meet()
        #expect(door.room.role(2) == .member)
        #expect(door.knock(2) == .failure(.alreadyIn))
        #expect(door.knock(3, at: 3) == .failure(.mayNotAdmit))
        #expect(
            door.knock(3, endpoint: Keys.key(72)) == .failure(.proof), "made for another connection")
    }

    @Test func aProofIsForOneKey() throws {
        var door = Door()
        guard case .grant(_, let role, _, let proof, _) = try door.knock(2).get() else { return }
        let stolen = door.room.people[1].say(
            .grant(Keys.key(3), role, known: 0, via: proof, isProvisional: false))
        #expect(door.room.people[1].refusal(of: stolen.hash) == .joinProof)
    }

    @Test func takenBackExpiredAndLimited() throws {
        var door = Door { $0.notAfter = 500 }
        #expect(door.knock(2, clock: .settled(501)) == .failure(.expired))
        #expect(door.knock(2, clock: .atLeast(600)) == .failure(.expired))
        // A clock that is not settled locks nobody out: an admin confirms.
        door.room.people[1].say(try door.knock(2, clock: .atLeast(100)).get())
        door.room.meet()
        #expect(
            door.room.role(2) == nil
                && door.room.people[0].authority.fold.provisional.contains(Keys.key(2)))
        door.room.grant(2, .member)
        #expect(door.room.role(2) == .member)
        door.room.people[0].say(.uninvite(door.invite.key))
        door.room.meet()
        #expect(door.knock(3) == .failure(.takenBack))

        var limited = Door {
            $0.mostUses = 1
            $0.admitter = Keys.key(0)
        }
        #expect(limited.knock(2) == .failure(.notAdmitter))
        limited.room.people[0].say(try limited.knock(2, at: 0).get())
        #expect(limited.knock(3, at: 0) == .failure(.usedUp))
    }

    @Test func comingInWhileTheInvitationIsTakenBackIsNotComingIn() throws {
        var door = Door()
        door.room.people[1].say(try door.knock(2).get())
        door.room.people[0].say(.uninvite(door.invite.key))
        door.room.meet()
        #expect(door.room.role(2) == nil)
    }

    // MARK: Other things made from secrets

    @Test func generationsAreTheSameEverywhere() {
        let generation = Generation(number: 2, secret: Keys.key(1))
        #expect(generation.gossipTopic == Generation(number: 2, secret: Keys.key(1)).gossipTopic)
        let all = [
            generation.gossipTopic, generation.namespace,
            Generation(number: 3, secret: Keys.key(1)).gossipTopic,
            Generation(number: 2, secret: Keys.key(2)).gossipTopic,
        ]
        #expect(Set(all).count == 4)
        #expect(generation.documentID(.content, epoch: 0).count == 16)
        #expect(generation.documentID(.content, epoch: 0) != generation.documentID(.content, epoch: 1))
    }

    /// The platform's own vector; its secret is public.
    @Test func sensocto() throws {
        let room = "550e8400-e29b-41d4-a716-446655440000"
        let docs = SensoctoTicket.derived(
            "docs", room: room, secret: Array("sensocto_default_secret".utf8))
        #expect(
            Hex.encode(docs.bytes) == "1eb3dd210e1a072ec74f43f09c5c76cba7c713876651749cfbe77a7b82cb89d2")
        let json = """
            {"room_id":"\(room)","room_name":"Hütte","docs_namespace":"\(Hex.encode(docs.bytes))",\
            "gossip_topic":"\(Hex.encode(docs.bytes))","bootstrap_peers":[{"node_id":"abc","addrs":["1.2.3.4:5"],\
            "relay_url":null}],"relay_url":"https://r","created_at":1,"expires_at":2}
            """
        let link = "sensocto://room?ticket=" + base64url(Array(json.utf8))
        let ticket = try SensoctoTicket(link)
        #expect(ticket.roomID == room && ticket.roomName == "Hütte" && ticket.namespace == docs)
        #expect(ticket.peers.map(\.node) == ["abc"] && ticket.peers[0].addresses == ["1.2.3.4:5"])
        #expect(throws: SensoctoTicket.Failure.notATicket) {
            try SensoctoTicket(TicketTests.ticket.link)
        }
        #expect(throws: SensoctoTicket.Failure.field("room_id")) {
            try SensoctoTicket("sensocto://room?ticket=" + base64url(Array("{}".utf8)))
        }
        #expect(throws: SensoctoTicket.Failure.notBase64) {
            try SensoctoTicket("sensocto://room?ticket=***")
        }
    }

    func base64url(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = ""
        var (pending, bits) = (0, 0)
        for byte in bytes {
            pending = pending << 8 | Int(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[pending >> bits & 63])
            }
        }
        if bits > 0 { text.append(alphabet[pending << (6 - bits) & 63]) }
        return text
    }
}
