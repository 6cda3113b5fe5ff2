import Hashing
import Membership
import Simulator
import Testing

/// Members honest and hostile do things at random, knowing more or less of each other; whatever the order in which all
/// of it arrives, everybody comes to the same.
@Suite struct AnyOrderTests {
    static let seeds = TestRun.seeds(debug: 40, release: 1000, long: 10_000)

    static func history(_ seed: UInt64) -> (Gathering, SeededGenerator) {
        var random = SeededGenerator(seed: seed)
        var room = Gathering(6)
        for index in 1..<5 {
            room.grant(index, [.admin, .admin, .member, .viewer].randomElement(using: &random)!)
        }
        for _ in 0..<Int.random(in: 10...25, using: &random) {
            let actor = Int.random(in: 0..<6, using: &random)
            act(&room, actor, &random)
            if Int.random(in: 0..<3, using: &random) > 0 {
                room.tell(Int.random(in: 0..<6, using: &random), Int.random(in: 0..<6, using: &random))
            }
        }
        return (room, random)
    }

    /// Nobody asks whether he may: that is what is tested.
    static func act(_ room: inout Gathering, _ actor: Int, _ random: inout SeededGenerator) {
        let target = Int.random(in: 0..<6, using: &random)
        let role = Role.allCases.randomElement(using: &random)!
        // Now and then somebody claims to know less than he does.
        let known = room.people[actor].authority.control.records
        let isBackdated = Int.random(in: 0..<6, using: &random) == 0
        let heads = isBackdated ? known.randomElement(using: &random).map { [$0.hash] } : nil
        switch Int.random(in: 0..<11, using: &random) {
        case 0, 1:
            room.people[actor].say(AuthorityTests.grant(target, role, known: UInt64(target)), on: heads)
        case 2:
            room.people[actor].say(
                AuthorityTests.revoke(target, room.people[actor].authority.cut(of: Keys.key(target))),
                on: heads)
        case 3: room.people[actor].say(AuthorityTests.role(target, role), on: heads)
        case 4: room.people[actor].say(.rotate(generation: 1, commitment: Keys.key(target)), on: heads)
        case 5:  // The same number twice.
            let sequence = room.people[actor].authority.control.nextSequence(of: Keys.key(actor))
            room.people[actor].say(
                AuthorityTests.role(target, role),
                on: known.randomElement(using: &random).map { [$0.hash] },
                sequence: sequence > 0 ? sequence - 1 : 0)
        case 6 where Int.random(in: 0..<4, using: &random) == 0:
            room.people[actor].say(AuthorityTests.revoke(target), as: Keys.recovery)
        case 7:
            var twin = room.people[actor]
            let letter = twin.write(deps: [Keys.genesis[1].hash])
            room.people[target].hear(letter)
        default:
            let document: Document = Bool.random(using: &random) ? .content : .settings
            room.people[actor].write(document, on: isBackdated ? heads : nil)
        }
    }

    @Test(arguments: seeds) func everybodyComesToTheSame(seed: UInt64) {
        var (room, random) = AnyOrderTests.history(seed)
        room.meet()
        let records = Array(Set(room.people.flatMap(\.records)))
        let letters = Array(Set(room.people.flatMap(\.letters)))
        let reference = room.people[0].authority
        for replica in 0..<3 {
            var person = Person(0)
            var items: [Either] = records.sorted { $0.hash < $1.hash }.map { .record($0) }
            items += letters.sorted { $0.hash < $1.hash }.map { .letter($0) }
            items.shuffle(using: &random)
            for item in items + items.prefix(5) {
                switch item {
                case .record(let record): person.hear(record)
                case .letter(let letter): person.hear(letter)
                }
            }
            #expect(person.authority.fold == reference.fold, "seed \(seed), replica \(replica)")
            #expect(person.authority.admitted == reference.admitted, "seed \(seed), replica \(replica)")
        }
        for person in room.people {
            #expect(person.authority.fold == reference.fold, "seed \(seed)")
            #expect(person.authority.admitted == reference.admitted, "seed \(seed)")
        }
        check(reference, letters, seed)
    }

    enum Either {
        case record(ControlRecord)
        case letter(Letter)
    }

    /// What holds in every room whatever happened.
    func check(_ authority: Authority, _ letters: [Letter], _ seed: UInt64) {
        let granted = Set(
            authority.control.records.compactMap { record -> Bytes32? in
                if case .grant(let key, _, _, _, _) = record.kind { key } else { nil }
            }
        ).union([Keys.key(0), Keys.recovery])
        for key in authority.fold.members.keys { #expect(granted.contains(key), "seed \(seed)") }
        let isTouched = authority.control.records.contains {
            $0.subject == Keys.key(0) && ($0.author == Keys.key(0) || $0.author == Keys.recovery)
        }
        if !isTouched {
            #expect(authority.role(of: Keys.key(0)) == .owner, "an owner fell; seed \(seed)")
        }
        let built = Set(letters.filter { authority.admitted.contains($0.hash) }.flatMap(\.facts.deps))
        for letter in letters where authority.admitted.contains(letter.hash) {
            #expect(granted.contains(letter.envelope.author), "seed \(seed)")
            // What nobody builds on counts by its own right.
            guard !built.contains(letter.facts.hash) else { continue }
            let then = authority.control.fold(at: letter.envelope.controlHeads)
            #expect(
                then?.role(of: letter.envelope.author).map { $0 >= letter.envelope.document.writer }
                    ?? false,
                "seed \(seed)")
        }
    }
}
