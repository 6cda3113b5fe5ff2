import Hashing
import Membership
import Testing

@Suite struct SizeTests {
    /// A room as full as a room may be still folds, and takes no more.
    @Test func aFullRoom() {
        var authority = Keys.authority()
        var records: [ControlRecord] = []
        var head: [Bytes32] = []
        for index in 0..<ControlLog.most {
            let kind: ControlRecord.Kind =
                index % 3 == 2
                ? .revoke(Keys.key(1 + index / 3), through: nil)
                : .grant(Keys.key(1 + index / 3), .member, known: 0, via: nil, isProvisional: false)
            let record = ControlRecord(
                room: authority.control.room, deps: head, author: Keys.key(0), sequence: UInt64(index),
                kind: kind,
                sign: Keys.sign(Keys.key(0)))
            records.append(record)
            head = [record.hash]
        }
        _ = authority.receive(records)
        #expect(authority.control.count == ControlLog.most)
        let next = ControlRecord(
            room: authority.control.room, deps: head, author: Keys.key(0),
            sequence: UInt64(ControlLog.most),
            kind: .close, sign: Keys.sign(Keys.key(0)))
        #expect(authority.receive(next) == [.refuse(next.hash, .roomFull)])
        #expect(authority.fold.members.count == 2)
    }

    /// A viewer who writes and writes costs a bounded list.
    @Test func whatDoesNotCountIsBounded() {
        var room = Gathering(2)
        room.grant(1, .viewer)
        var viewer = Person(1)
        for record in room.people[0].records { viewer.hear(record) }
        var last: [AuthorityDirective] = []
        for _ in 0...Authority.mostIdle {
            let letter = viewer.write(deps: [Keys.genesis[1].hash])
            viewer.letters = []
            viewer.directives = []
            last = room.people[0].authority.receive(letter.envelope, letter.facts)
        }
        guard case .refuse(_, .authorFull) = last.first else {
            Issue.record("still taken: \(last)")
            return
        }
        #expect(room.people[0].authority.admitted.isEmpty)
    }

    /// Five hundred edits by one member, and what his removal costs.
    @Test func aLongLog() {
        var room = Gathering(2)
        room.grant(1, .member)
        var newest = Keys.genesis[1].hash
        for _ in 0..<500 { newest = room.people[1].write(deps: [newest]).facts.hash }
        #expect(room.people[1].authority.admitted.count == 500)
        room.people[1].say(
            AuthorityTests.revoke(
                1, ControlRecord.Cut(sequence: 99, hash: room.people[1].letters[99].hash)))
        #expect(room.people[1].authority.admitted.count == 100)
    }
}
