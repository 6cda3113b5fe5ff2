import Automerge
import Testing

/// Whatever the order and grouping in which changes arrive, the documents are equal; saving, loading and synchronising
/// change nothing.
@Suite struct ConvergenceTests {
    /// Some authors' changes, made while they hear of each other now and then.
    func history(_ edits: inout RandomEdits, authors: Int, steps: Int) throws -> (all: [Change], last: Document) {
        var documents = (0..<authors).map { Document(actor: actor(UInt8(authors - $0))) }
        var all: [Change] = []
        for _ in 0..<steps {
            let index = edits.random.below(authors)
            all += try edits.edit(&documents[index], times: 1 + edits.random.below(3))
            if edits.random.below(3) == 0 {
                let other = edits.random.below(authors)
                if other != index { try documents[index].merge(documents[other]) }
            }
        }
        for index in 1..<authors { try documents[0].merge(documents[index]) }
        return (all, documents[0])
    }

    @Test func anyOrderAndGroupingGivesTheSame() throws {
        for round in 0..<12 {
            var edits = RandomEdits(random: Seeded(salt: UInt64(round)))
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            let (all, last) = try history(&edits, authors: 4, steps: 30)
            let dump = last.dump()
            for _ in 0..<3 {
                var other = Document(actor: actor(99))
                var rest = all.shuffled(using: &edits.random)
                while !rest.isEmpty {
                    let group = Array(rest.prefix(1 + edits.random.below(20)))
                    rest.removeFirst(group.count)
                    try other.apply(group)
                    if edits.random.below(10) == 0 { other = try Document(loading: other.save(), actor: actor(99)) }
                }
                #expect(other.heads == last.heads, seed)
                try #require(other.dump() == dump, seed)
                #expect(other.queuedChanges.isEmpty, seed)
            }
        }
    }

    @Test func savingAndLoadingChangesNothing() throws {
        for round in 0..<12 {
            var edits = RandomEdits(random: Seeded(salt: 100 + UInt64(round)))
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            var document = Document(actor: actor(1))
            var other = Document(actor: actor(2))
            var saved = document.save()
            var savedHeads = document.heads
            for _ in 0..<8 {
                try edits.edit(&document, times: 6)
                try edits.edit(&other, times: 3)
                if edits.random.below(2) == 0 { try document.merge(other) }
                if edits.random.below(2) == 0 { try other.merge(document) }
                saved += try document.save(since: savedHeads)
                savedHeads = document.heads
                let read = try Document(loading: document.save(), actor: actor(3))
                let appended = try Document(loading: saved, actor: actor(3))
                #expect(read.heads == document.heads, seed)
                #expect(appended.heads == document.heads, seed)
                try #require(read.dump() == document.dump(), seed)
                try #require(appended.dump() == document.dump(), seed)
                #expect(read.save() == document.save(), seed)
                #expect(try read.changes().map(\.hash) == document.changes().map(\.hash), seed)
            }
        }
    }

    @Test func takingBackLeavesNoTrace() throws {
        for round in 0..<10 {
            var edits = RandomEdits(random: Seeded(salt: 200 + UInt64(round)))
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            var document = try history(&edits, authors: 3, steps: 20).last
            document.actor = actor(50)
            let before = (document.dump(), document.save())
            var copy = document
            let later = try edits.edit(&copy, times: 15)
            // The last of several changes has an unknown second twin: all of them are refused.
            var twin = document
            try twin.change { edit throws(AutomergeError) in try edit.put(.string("twin"), in: .root, at: "twin") }
            #expect(throws: AutomergeError.self, seed) { try document.apply(later + twin.changes()) }
            #expect(document.dump() == before.0, seed)
            #expect(document.save() == before.1, seed)
            try document.apply(later)
            #expect(document.dump() == copy.dump(), seed)
        }
    }

    @Test func anyTwoHistoriesSynchronise() throws {
        for round in 0..<20 {
            var edits = RandomEdits(random: Seeded(salt: 300 + UInt64(round)))
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            var documents = [Document(actor: actor(1)), Document(actor: actor(2))]
            try edits.edit(&documents[0], times: edits.random.below(20))
            if edits.random.below(3) > 0 { try documents[1].merge(documents[0]) }
            for index in 0..<2 { try edits.edit(&documents[index], times: edits.random.below(30)) }
            var states = [SyncState(), SyncState()]
            var rounds = 0
            var quiet = 0
            var turn = edits.random.below(2)
            while quiet < 2 {
                rounds += 1
                try #require(rounds < 20, seed)
                if let message = documents[turn].generateSyncMessage(for: &states[turn]) {
                    quiet = 0
                    try documents[1 - turn].receiveSyncMessage(message, from: &states[1 - turn])
                } else {
                    quiet += 1
                }
                turn = 1 - turn
            }
            #expect(rounds <= 10, seed)
            #expect(documents[0].heads == documents[1].heads, seed)
            #expect(documents[0].dump() == documents[1].dump(), seed)
        }
    }

    /// Whoever claims to have what he never sends is cut off, and costs one no more than that.
    @Test func aLiarIsCutOff() throws {
        var document = Document(actor: actor(1))
        try document.change { edit throws(AutomergeError) in try edit.put(.int(1), in: .root, at: "a") }
        var state = SyncState()
        var messages = 0
        var code: AutomergeError.Code?
        while code == nil, messages < 200 {
            messages += 1
            let claimed = [UInt8](repeating: UInt8(messages), count: 32)
            let message: [UInt8] = [0x42, 1] + claimed + [0, 0, 0, 2, 1, 2]
            do {
                try document.receiveSyncMessage(message, from: &state)
                _ = document.generateSyncMessage(for: &state)
            } catch { code = error.code }
        }
        #expect(code == .protocolViolation)
        #expect(messages == 65)
    }
}
