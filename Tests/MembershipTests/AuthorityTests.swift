import Hashing
import Membership
import Testing

/// The rules of authority, one at a time.
@Suite struct AuthorityTests {
    static func role(_ index: Int, _ role: Role) -> ControlRecord.Kind {
        .role(Keys.key(index), role)
    }
    static func grant(_ index: Int, _ role: Role, known: UInt64 = 0) -> ControlRecord.Kind {
        .grant(Keys.key(index), role, known: known, via: nil, isProvisional: false)
    }
    static func revoke(_ index: Int, _ cut: ControlRecord.Cut? = nil) -> ControlRecord.Kind {
        .revoke(Keys.key(index), through: cut)
    }

    @Test func theFounderOwnsAndLetsIn() {
        var room = Gathering(3)
        #expect(room.role(0) == .owner)
        room.grant(1, .admin)
        room.grant(2, .member, by: 1)
        #expect(room.role(1, at: 2) == .admin && room.role(2, at: 2) == .member)
    }

    /// Each role, each act: who may do what.
    @Test(arguments: Role.allCases) func whatARoleMayDo(role: Role) {
        let acts: [(ControlRecord.Kind, Role)] = [
            (AuthorityTests.grant(5, .viewer), .admin), (AuthorityTests.grant(5, .owner), .owner),
            (AuthorityTests.revoke(2), .admin), (AuthorityTests.role(2, .viewer), .admin),
            (.invite(Invite(key: Keys.key(700), role: .member)), .admin),
            (.rotate(generation: 1, commitment: Keys.key(3)), .admin),
            (.epoch(.content, number: 1, snapshot: Keys.key(3)), .admin), (.close, .owner),
        ]
        for (act, needs) in acts {
            var room = Gathering(3)
            room.grant(1, role)
            room.grant(2, .member)
            let record = room.people[1].say(act)
            #expect(
                room.people[1].authority.fold.void.contains(record.hash) == (role < needs), "\(role) \(act)"
            )
        }
    }

    @Test(arguments: Role.allCases) func whatARoleMayWrite(role: Role) {
        for document in Document.allCases {
            var room = Gathering(2)
            room.grant(1, role)
            let letter = room.people[1].write(document)
            room.meet()
            #expect(room.people[0].counts(letter) == (role >= document.writer), "\(role) \(document)")
            if role < document.writer {
                #expect(room.people[0].refusal(of: letter.hash) == .role(needs: document.writer))
            }
        }
    }

    @Test func strangersAreRefused() {
        var room = Gathering(2)
        var stranger = Person(9)
        let record = stranger.say(AuthorityTests.grant(9, .owner))
        let letter = stranger.write()
        room.people[0].hear(record)
        room.people[0].hear(letter)
        #expect(room.people[0].refusal(of: record.hash) == .neverGranted)
        #expect(room.people[0].refusal(of: letter.hash) == .neverGranted)
    }

    @Test func forgedReplayedAndForeign() {
        var room = Gathering(2)
        room.grant(1, .admin)
        var forged = room.people[1].say(AuthorityTests.grant(2, .member))
        forged.kind = AuthorityTests.grant(3, .owner)
        room.people[0].hear(forged)
        #expect(room.people[0].refusal(of: forged.hash) == .signature)
        let before = room.people[0].authority.fold
        for record in room.people[0].records { #expect(room.people[0].authority.receive(record) == []) }
        #expect(room.people[0].authority.fold == before)
        var other = CreateRecord(
            founder: Keys.key(0), nonce: Keys.key(1), schema: 1, recovery: Keys.recovery)
        other.alias = "another room"
        var foreign = Authority(create: other, genesis: [], verify: Keys.verify)
        #expect(
            foreign.receive(room.people[0].records[0]) == [
                .refuse(room.people[0].records[0].hash, .otherRoom)
            ])
    }

    /// What an admin does at the same time as being removed is void, with what rested on it.
    @Test func strongRemoval() {
        var room = Gathering(5)
        room.grant(1, .admin)
        room.grant(2, .admin)
        room.people[1].say(AuthorityTests.grant(3, .admin))
        room.tell(1, 3)
        room.people[3].say(AuthorityTests.grant(4, .member))
        room.people[0].say(AuthorityTests.revoke(1))
        room.meet()
        for person in room.people {
            #expect(person.authority.role(of: Keys.key(1)) == nil)
            #expect(person.authority.role(of: Keys.key(3)) == nil, "let in while he was being removed")
            #expect(person.authority.role(of: Keys.key(4)) == nil, "let in by one who was not")
        }
    }

    @Test func theSeniorStaysWhereTwoRemoveEachOther() {
        var room = Gathering(3)
        room.grant(1, .admin)
        room.grant(2, .admin)
        room.people[1].say(AuthorityTests.revoke(2))
        room.people[2].say(AuthorityTests.revoke(1))
        room.meet()
        for person in room.people {
            #expect(
                person.authority.role(of: Keys.key(1)) == .admin
                    && person.authority.role(of: Keys.key(2)) == nil)
        }
    }

    /// Three in a circle: the most senior's removal counts, and the one after the removed one's does too.
    @Test func aCircleOfRemovals() {
        var room = Gathering(4)
        for index in 1...3 { room.grant(index, .admin) }
        room.people[1].say(AuthorityTests.revoke(2))
        room.people[2].say(AuthorityTests.revoke(3))
        room.people[3].say(AuthorityTests.revoke(1))
        room.meet()
        for person in room.people {
            #expect((1...3).map { person.authority.role(of: Keys.key($0)) } == [nil, nil, .admin])
            #expect(person.authority.fold == room.people[0].authority.fold)
        }
    }

    /// Without a circle the removed one's own removals are void, however senior he was.
    @Test func aRemovedSeniorRemovesNobody() {
        var room = Gathering(4)
        for index in 1...3 { room.grant(index, .admin) }
        room.people[1].say(AuthorityTests.revoke(2))
        room.people[3].say(AuthorityTests.revoke(1))
        room.meet()
        for person in room.people {
            #expect((1...3).map { person.authority.role(of: Keys.key($0)) } == [nil, .admin, .admin])
        }
    }

    @Test func lettingInAtTheTimeOfRemovingIsRemoving() {
        var room = Gathering(4)
        room.grant(1, .admin)
        room.grant(2, .member)
        room.people[0].say(AuthorityTests.revoke(2))
        room.people[1].say(AuthorityTests.grant(2, .member))
        room.meet()
        #expect(room.role(2) == nil)
        room.grant(2, .member)
        #expect(room.role(2) == .member, "afterwards it may")
    }

    /// Also one who backdates: an admin writes as if he did not know the owner for one.
    @Test func anOwnerFallsByOwnHandOrTheRecoveryKey() {
        var room = Gathering(4)
        room.grant(1, .admin)
        room.grant(2, .member)
        let before = room.people[1].authority.control.heads
        room.people[0].say(AuthorityTests.role(2, .owner))
        room.meet()
        for kind in [
            AuthorityTests.revoke(2), AuthorityTests.role(2, .viewer), AuthorityTests.revoke(0),
        ] {
            var attempt = room
            attempt.people[1].say(kind)
            attempt.meet()
            #expect(attempt.role(2) == .owner && attempt.role(0) == .owner)
        }
        var backdated = room
        backdated.people[1].say(AuthorityTests.revoke(2), on: before)
        backdated.meet()
        #expect(backdated.role(2) == .owner)
        var own = room
        own.people[2].say(AuthorityTests.role(2, .member))
        own.meet()
        #expect(own.role(2) == .member)
        room.people[3].hear(room.people[0].records[0])
        room.meet()
        room.people[3].say(AuthorityTests.revoke(0), as: Keys.recovery)
        room.people[3].say(AuthorityTests.grant(3, .owner), as: Keys.recovery)
        room.meet()
        #expect(room.role(0) == nil && room.role(3) == .owner)
    }

    @Test func aMemberLowersNobodyByBackdating() {
        var room = Gathering(4)
        room.grant(1, .member)
        let secret = Keys.key(77)
        room.people[0].say(.invite(Invite(key: Ed25519.publicKey(seed: secret), role: .viewer)))
        room.meet()
        let before = room.people[1].authority.control.heads
        room.grant(2, .admin)
        let proof = JoinProof(
            room: Keys.create.room, key: Keys.key(2), joinerEndpoint: .zero, admitterEndpoint: .zero,
            secret: secret)
        room.people[1].say(
            .grant(Keys.key(2), .viewer, known: 0, via: proof, isProvisional: false), on: before)
        room.meet()
        #expect(room.role(2) == .admin)
    }

    // MARK: Envelopes

    /// What the remover had seen counts; what the removed wrote besides does not, however it is dated.
    @Test func theCutOfARemoval() {
        var room = Gathering(3)
        room.grant(1, .admin)
        room.grant(2, .member)
        let old = room.people[2].authority.control.heads
        let seen = room.people[2].write()
        room.meet()
        let unseen = room.people[2].write()
        let cut = room.people[0].authority.cut(of: Keys.key(2))
        #expect(cut?.hash == seen.hash)
        room.people[0].say(AuthorityTests.revoke(2, cut))
        let later = room.people[2].write(on: old)
        room.meet()
        let knowing = room.people[2].write()
        room.meet()
        for person in room.people {
            #expect(
                person.counts(seen) && !person.counts(unseen) && !person.counts(later)
                    && !person.counts(knowing))
        }
        #expect(room.people[1].refusal(of: later.hash) == .cutOff)
        room.people[0].say(AuthorityTests.grant(2, .member, known: 3))
        room.meet()
        let again = room.people[2].write()
        room.meet()
        #expect(room.people[1].counts(again))
    }

    @Test func theLargestCutOfTwoCounts() {
        var room = Gathering(4)
        room.grant(1, .admin)
        room.grant(2, .admin)
        room.grant(3, .member)
        let first = room.people[3].write()
        room.meet()
        let second = room.people[3].write()
        room.tell(3, 2)
        room.people[1].say(AuthorityTests.revoke(3, room.people[1].authority.cut(of: Keys.key(3))))
        room.people[2].say(AuthorityTests.revoke(3, room.people[2].authority.cut(of: Keys.key(3))))
        room.meet()
        for person in room.people { #expect(person.counts(first) && person.counts(second)) }
    }

    /// Who builds on a change vouches for it; nobody can vouch for a stranger's.
    @Test func vouching() {
        var room = Gathering(3)
        room.grant(1, .member)
        room.grant(2, .member)
        let late = room.people[2].write()
        room.tell(2, 1)
        let built = room.people[1].write()
        #expect(built.facts.deps == [late.facts.hash])
        room.people[0].say(AuthorityTests.revoke(2, nil))
        room.meet()
        for person in room.people { #expect(person.counts(built) && person.counts(late)) }
    }

    /// A member cannot carry its own settings into the room by writing content after them.
    @Test func nobodyVouchesForHimselfAcrossDocuments() {
        var room = Gathering(2)
        room.grant(1, .member)
        let settings = room.people[1].write(.settings)
        let content = room.people[1].write(.content)
        room.meet()
        #expect(room.people[0].counts(content) && !room.people[0].counts(settings))
    }

    @Test func equivocation() {
        var room = Gathering(3)
        room.grant(1, .member)
        var twin = room.people[1]
        let one = room.people[1].write(deps: [Keys.genesis[1].hash])
        _ = twin.write(.content)
        let two = twin.write(deps: [Keys.genesis[1].hash], sequence: 0)
        _ = two
        let other = twin.letters[0]
        let after = room.people[1].write()
        for letter in [one, after, other] { room.people[0].hear(letter) }
        let isProven = room.people[0].directives.contains {
            if case .equivocation(Keys.key(1), _, _) = $0 { true } else { false }
        }
        guard one.hash != other.hash else { return }
        #expect(isProven)
        let (low, high) = one.hash < other.hash ? (one, other) : (other, one)
        #expect(room.people[0].counts(low) && !room.people[0].counts(high))
        #expect(!room.people[0].counts(after))
        // An admin who has seen both lets it in anew; it goes on from the branch that counts.
        room.people[0].say(AuthorityTests.grant(1, .member, known: 5))
        #expect(!room.people[0].counts(after), "what was written meanwhile stays out")
    }

    @Test func headsNeverGoBack() {
        var room = Gathering(2)
        room.grant(1, .member)
        let old = room.people[1].authority.control.heads
        room.grant(2, .viewer)
        room.people[1].write()
        let back = room.people[1].write(on: old)
        #expect(room.people[1].refusal(of: back.hash) == .headsWentBack)
    }

    @Test func onesNameAndNumbersAreOnesOwn() {
        var room = Gathering(3)
        room.grant(1, .member)
        room.grant(2, .member)
        var stolen = room.people[1].write()
        stolen.facts.actor = Actor.of(Keys.key(2), room: Keys.create.room, log: stolen.envelope.log)
        #expect(
            room.people[0].authority.receive(stolen.envelope, stolen.facts) == [
                .refuse(stolen.hash, .actor)
            ])
        var early = room.people[2].write()
        early.facts.startOp = 3
        #expect(
            room.people[0].authority.receive(early.envelope, early.facts) == [
                .refuse(early.hash, .startOp)
            ])
    }

    /// A plain app's edits go under the lesser of its own and the gateway's role.
    @Test func onBehalfOf() {
        var room = Gathering(3)
        room.grant(1, .admin)
        room.grant(2, .viewer)
        let letter = room.people[1].write(for: Keys.key(2))
        #expect(!room.people[1].counts(letter))
        let own = room.people[1].write(for: Keys.key(0))
        #expect(room.people[1].counts(own))
    }

    @Test func aClosedRoomTakesNothing() {
        var room = Gathering(2)
        room.grant(1, .admin)
        room.people[0].say(.close)
        room.meet()
        let letter = room.people[1].write()
        let record = room.people[1].say(AuthorityTests.grant(3, .member))
        #expect(room.people[1].authority.fold.isClosed)
        #expect(room.people[1].refusal(of: letter.hash) == .closed)
        #expect(room.people[1].authority.fold.void.contains(record.hash))
    }

    @Test func whatIsHeldIsBounded() {
        var room = Gathering(1)
        var other = Person(1)
        var refused = 0
        for index in 0..<12_000 where refused == 0 {
            let record = other.say(AuthorityTests.grant(2, .member), on: [Keys.key(index)], sequence: 0)
            room.people[0].hear(record)
            if room.people[0].refusal(of: record.hash) == .authorFull { refused += 1 }
            other = Person(1)
        }
        #expect(refused == 1)
        #expect(room.people[0].authority.heldBytes <= 1 << 20)
    }
}
