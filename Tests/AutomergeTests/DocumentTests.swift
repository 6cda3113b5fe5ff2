import Automerge
import Testing

@Suite struct DocumentTests {
    func edited(
        _ document: inout Document, _ body: (inout Transaction) throws(AutomergeError) -> Void
    ) throws -> Change? {
        try document.change(message: "test", time: 1, body)
    }

    @Test func mapsHoldEveryScalar() throws {
        var document = Document(actor: actor(1))
        let values: [ScalarValue] = [
            .null, .boolean(true), .boolean(false), .uint(.max), .int(.min), .int(-1), .double(-0.5),
            .string("höhle 🏔"),
            .string(""), .bytes([0, 255, 7, 9, 1]), .bytes([]), .counter(-7), .timestamp(1_700_000_000_000),
            .unknown(type: 12, bytes: [1, 2, 3]),
        ]
        _ = try edited(&document) { edit throws(AutomergeError) in
            for (index, value) in values.enumerated() { try edit.put(value, in: .root, at: "key\(index)") }
        }
        let read = try Document(loading: document.save(), actor: actor(2))
        for (index, value) in values.enumerated() {
            #expect(try document.value(in: .root, at: "key\(index)") == .scalar(value))
            #expect(try read.value(in: .root, at: "key\(index)") == .scalar(value))
        }
        #expect(read.heads == document.heads)
        #expect(try document.value(in: .root, at: "none") == nil)
    }

    @Test func objectsNest() throws {
        var document = Document(actor: actor(1))
        _ = try edited(&document) { edit throws(AutomergeError) in
            let list = try edit.putObject(.list, in: .root, at: "list")
            let map = try edit.insertObject(.map, in: list, at: 0)
            let text = try edit.putObject(.text, in: map, at: "text")
            try edit.splice(text, at: 0, inserting: "grün")
            try edit.append(.int(4), to: list)
        }
        #expect(document["list", 1] == .scalar(.int(4)))
        let text = try #require(document["list", 0, "text"]?.object)
        #expect(try document.text(of: text) == "grün")
        let read = try Document(loading: document.save(), actor: actor(2))
        #expect(read.dump() == document.dump())
    }

    @Test func listsInsertReplaceAndDelete() throws {
        var document = Document(actor: actor(1))
        var expected: [Int64] = []
        var list = ObjectID.root
        _ = try edited(&document) { edit throws(AutomergeError) in
            list = try edit.putObject(.list, in: .root, at: "list")
        }
        var random = Seeded()
        for step in 0..<1_500 {
            _ = try edited(&document) { edit throws(AutomergeError) in
                switch random.below(4) {
                case 0 where !expected.isEmpty:
                    let index = random.below(expected.count)
                    try edit.delete(in: list, at: index)
                    expected.remove(at: index)
                case 1 where !expected.isEmpty:
                    let index = random.below(expected.count)
                    try edit.put(.int(Int64(step)), in: list, at: index)
                    expected[index] = Int64(step)
                default:
                    let index = random.below(expected.count + 1)
                    try edit.insert(.int(Int64(step)), in: list, at: index)
                    expected.insert(Int64(step), at: index)
                }
            }
        }
        let wanted = expected.map { Value.scalar(.int($0)) }
        #expect(try document.values(of: list) == wanted, "seed \(random.seed)")
        for index in expected.indices where index % 17 == 0 {
            #expect(try document.value(in: list, at: index) == wanted[index], "seed \(random.seed)")
        }
        let read = try Document(loading: document.save(), actor: actor(2))
        #expect(try read.values(of: list) == wanted, "seed \(random.seed)")
        #expect(read.heads == document.heads)
    }

    @Test func whatIsSetAtTheSameTimeIsAConflict() throws {
        var first = Document(actor: actor(1))
        var second = Document(actor: actor(2))
        _ = try edited(&first) { edit throws(AutomergeError) in try edit.put(.string("one"), in: .root, at: "key") }
        _ = try edited(&second) { edit throws(AutomergeError) in try edit.put(.string("two"), in: .root, at: "key") }
        try first.merge(second)
        try second.merge(first)
        #expect(first.heads == second.heads)
        // Counters are equal, so the greater actor shows.
        #expect(try first.value(in: .root, at: "key") == .scalar(.string("two")))
        #expect(
            try first.conflicts(in: .root, at: .name("key")).map(\.value) == [
                .scalar(.string("two")), .scalar(.string("one")),
            ])
        #expect(first.dump() == second.dump())
        _ = try edited(&first) { edit throws(AutomergeError) in try edit.put(.null, in: .root, at: "key") }
        #expect(try first.conflicts(in: .root, at: .name("key")).count == 1)
    }

    @Test func countersAddUp() throws {
        var first = Document(actor: actor(1))
        _ = try edited(&first) { edit throws(AutomergeError) in try edit.put(.counter(10), in: .root, at: "count") }
        var second = first.fork(actor: actor(2))
        for _ in 0..<3 {
            _ = try edited(&first) { edit throws(AutomergeError) in
                try edit.increment(in: .root, at: "count", by: 5)
            }
        }
        _ = try edited(&second) { edit throws(AutomergeError) in try edit.increment(in: .root, at: "count", by: -2) }
        try first.merge(second)
        #expect(try first.value(in: .root, at: "count") == .scalar(.counter(23)))
        #expect(try Document(loading: first.save(), actor: actor(3)).dump() == first.dump())
        #expect(throws: AutomergeError.self) {
            try edited(&first) { edit throws(AutomergeError) in
                try edit.put(.int(1), in: .root, at: "plain")
                try edit.increment(in: .root, at: "plain", by: 1)
            }
        }
        #expect(try first.value(in: .root, at: "plain") == nil)
    }

    @Test func aFailedTransactionLeavesNothing() throws {
        var document = Document(actor: actor(1))
        var list = ObjectID.root
        _ = try edited(&document) { edit throws(AutomergeError) in
            list = try edit.putObject(.list, in: .root, at: "list")
            for index in 0..<200 { try edit.append(.int(Int64(index)), to: list) }
            try edit.put(.counter(1), in: .root, at: "counter")
        }
        var other = document.fork(actor: actor(2))
        _ = try edited(&other) { edit throws(AutomergeError) in
            try edit.put(.string("conflict"), in: list, at: 5)
            try edit.increment(in: .root, at: "counter", by: 4)
        }
        _ = try edited(&document) { edit throws(AutomergeError) in try edit.put(.string("other"), in: list, at: 5) }
        try document.merge(other)
        let before = (document.dump(), document.save(), document.heads)
        #expect(throws: AutomergeError.self) {
            try document.change { edit throws(AutomergeError) in
                try edit.put(.string("new"), in: list, at: 5)
                try edit.delete(in: list, at: 0, count: 100)
                let text = try edit.insertObject(.text, in: list, at: 3)
                try edit.splice(text, at: 0, inserting: "hello")
                try edit.mark(Mark(range: 0..<3, name: "bold", value: .boolean(true)), in: text)
                try edit.put(.int(1), in: .root, at: "a new key")
                try edit.increment(in: .root, at: "counter", by: 9)
                try edit.delete(in: .root, at: "list")
                for _ in 0..<300 { try edit.insert(.null, in: list, at: 7) }
                try edit.delete(in: list, at: 100_000)
            }
        }
        #expect(document.dump() == before.0)
        #expect(document.save() == before.1)
        #expect(document.heads == before.2)
        // And it can be edited on.
        _ = try edited(&document) { edit throws(AutomergeError) in try edit.put(.int(1), in: list, at: 5) }
        #expect(try Document(loading: document.save(), actor: actor(3)).dump() == document.dump())
    }

    @Test func anEmptyTransactionMakesNoChange() throws {
        var document = Document(actor: actor(1))
        #expect(try edited(&document) { _ throws(AutomergeError) in } == nil)
        #expect(document.heads.isEmpty)
        _ = try edited(&document) { edit throws(AutomergeError) in try edit.put(.int(1), in: .root, at: "a") }
        // What is there already is not written again; what is not there is not deleted.
        #expect(
            try edited(&document) { edit throws(AutomergeError) in
                try edit.put(.int(1), in: .root, at: "a")
                try edit.delete(in: .root, at: "b")
            } == nil)
        #expect(document.changeCount == 1)
    }

    @Test func changesWaitForWhatTheyDependOn() throws {
        var source = Document(actor: actor(1))
        var changes: [Change] = []
        for step in 0..<5 {
            changes.append(
                try #require(
                    try edited(&source) { edit throws(AutomergeError) in
                        try edit.put(.int(Int64(step)), in: .root, at: "step")
                    }))
        }
        var document = Document(actor: actor(2))
        for change in changes[1...].reversed() {
            #expect(try document.apply(change).queued == 1)
        }
        #expect(document.heads.isEmpty)
        #expect(document.missingDependencies() == [changes[0].hash])
        // What waits is saved, too.
        var copy = try Document(loading: document.save(), actor: actor(3))
        #expect(copy.queuedChanges.count == 4)
        for target in [0, 1] {
            if target == 0 { try document.apply(changes[0]) } else { try copy.apply(changes[0]) }
        }
        #expect(document.heads == source.heads)
        #expect(copy.heads == source.heads)
        #expect(document.queuedChanges.isEmpty)
    }

    @Test func aSecondChangeWithOneNumberIsRefused() throws {
        var one = Document(actor: actor(1))
        var two = Document(actor: actor(1))
        _ = try edited(&one) { edit throws(AutomergeError) in try edit.put(.int(1), in: .root, at: "a") }
        _ = try edited(&two) { edit throws(AutomergeError) in try edit.put(.int(2), in: .root, at: "a") }
        let before = one.dump()
        do {
            try one.merge(two)
            Issue.record("two changes with one number were taken")
        } catch {
            #expect(error.code == .equivocation)
        }
        #expect(one.dump() == before)
    }

    @Test func errorsSayWhatIsWrong() throws {
        var document = Document(actor: actor(1))
        do {
            try document.change { edit throws(AutomergeError) in try edit.insert(.null, in: .root, at: 0) }
            Issue.record("a map took an index")
        } catch {
            #expect(error.code == .wrongType)
            #expect(error.description == "object root is a map, not a list or text")
        }
        let nobody = ObjectID(OperationID(counter: 9, actor: actor(8)))
        #expect(throws: AutomergeError.self) { try document.keys(of: nobody) }
        #expect(throws: AutomergeError.self) { try document.changes(since: [.zero]) }
    }

    @Test func marksAreReadWrittenAndExpand() throws {
        var document = Document(actor: actor(1))
        var text = ObjectID.root
        _ = try edited(&document) { edit throws(AutomergeError) in
            text = try edit.putObject(.text, in: .root, at: "text")
            try edit.splice(text, at: 0, inserting: "hello world")
            try edit.mark(Mark(range: 0..<5, name: "bold", value: .boolean(true)), in: text, expanding: .after)
            try edit.mark(Mark(range: 6..<11, name: "link", value: .string("x")), in: text, expanding: .none)
        }
        _ = try edited(&document) { edit throws(AutomergeError) in
            try edit.splice(text, at: 11, inserting: "!")
            try edit.splice(text, at: 5, inserting: "!")
        }
        #expect(try document.text(of: text) == "hello! world!")
        #expect(
            try document.marks(of: text) == [
                Mark(range: 0..<6, name: "bold", value: .boolean(true)),
                Mark(range: 7..<12, name: "link", value: .string("x")),
            ])
        _ = try edited(&document) { edit throws(AutomergeError) in
            try edit.unmark("bold", in: 2..<4, of: text)
        }
        #expect(
            try document.marks(of: text).filter { $0.name == "bold" }.map(\.range) == [0..<2, 4..<6])
        #expect(try Document(loading: document.save(), actor: actor(2)).dump() == document.dump())
    }
}
