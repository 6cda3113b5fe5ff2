import Automerge
import Hashing
import Testing

/// What a reader shows, changed by patches alone.
indirect enum Shown: Equatable {
    case scalar(ScalarValue)
    case map([String: Shown])
    case list([Shown])
    case text([Unicode.Scalar], [Mark])

    init(_ document: Document, _ value: Value = .object(.map, .root)) throws {
        switch value {
        case .scalar(let scalar): self = .scalar(scalar)
        case .object(let kind, let id):
            switch kind {
            case .map, .table:
                var members: [String: Shown] = [:]
                for key in try document.keys(of: id) {
                    members[key] = try Shown(document, #require(try document.value(in: id, at: key)))
                }
                self = .map(members)
            case .list: self = .list(try document.values(of: id).map { try Shown(document, $0) })
            case .text: self = .text(Array(try document.text(of: id).unicodeScalars), try document.marks(of: id))
            }
        }
    }

    static func empty(_ value: Value) -> Shown {
        switch value {
        case .scalar(let scalar): .scalar(scalar)
        case .object(.text, _): .text([], [])
        case .object(.list, _): .list([])
        case .object: .map([:])
        }
    }

    mutating func apply(_ path: ArraySlice<Key>, _ action: Patch.Action) throws {
        if path.isEmpty, case .conflict = action { return }
        if let key = path.first {
            switch (self, key) {
            case (.map(var members), .name(let name)):
                var inner = try #require(members[name])
                try inner.apply(path.dropFirst(), action)
                members[name] = inner
                self = .map(members)
            case (.list(var items), .index(let index)):
                try #require(index < items.count)
                try items[index].apply(path.dropFirst(), action)
                self = .list(items)
            default: throw AutomergeError(.wrongType, "no such path")
            }
            return
        }
        switch (self, action) {
        case (.map(var members), .put(.name(let name), let value, _)):
            members[name] = .empty(value)
            self = .map(members)
        case (.map(var members), .delete(.name(let name), _)):
            try #require(members[name] != nil)
            members[name] = nil
            self = .map(members)
        case (.list(var items), .put(.index(let index), let value, _)):
            try #require(index < items.count)
            items[index] = .empty(value)
            self = .list(items)
        case (.list(var items), .insert(let index, let values)):
            try #require(index <= items.count)
            items.insert(contentsOf: values.map { .empty($0) }, at: index)
            self = .list(items)
        case (.list(var items), .delete(.index(let index), let count)):
            try #require(index + count <= items.count)
            items.removeSubrange(index..<(index + count))
            self = .list(items)
        case (.text(var scalars, let marks), .insertText(let index, let text)):
            try #require(index <= scalars.count)
            scalars.insert(contentsOf: text.unicodeScalars, at: index)
            self = .text(scalars, marks)
        case (.text(var scalars, let marks), .delete(.index(let index), let count)):
            try #require(index + count <= scalars.count)
            scalars.removeSubrange(index..<(index + count))
            self = .text(scalars, marks)
        case (.text(let scalars, _), .marks(let marks)): self = .text(scalars, marks)
        default: throw AutomergeError(.wrongType, "no such action")
        }
    }
}

@Suite struct HistoryTests {
    /// A document of three authors, and heads at which it once was.
    func grown(_ edits: inout RandomEdits) throws -> (document: Document, heads: [[ChangeHash]]) {
        var documents = (1...3).map { Document(actor: actor(UInt8($0))) }
        var heads: [[ChangeHash]] = [[]]
        for _ in 0..<25 {
            let index = edits.random.below(3)
            try edits.edit(&documents[index], times: 2)
            if edits.random.below(3) == 0 { try documents[index].merge(documents[edits.random.below(3)]) }
            heads.append(documents[index].heads)
        }
        try documents[0].merge(documents[1])
        try documents[0].merge(documents[2])
        heads.append(documents[0].heads)
        return (documents[0], heads)
    }

    @Test func patchesLeadFromAnyStateToAnyOther() throws {
        for round in 0..<12 {
            var edits = RandomEdits(random: Seeded(salt: 400 + UInt64(round)))
            let (document, heads) = try grown(&edits)
            for _ in 0..<12 {
                let before = heads[edits.random.below(heads.count)]
                let after = edits.random.below(2) == 0 ? document.heads : heads[edits.random.below(heads.count)]
                let patches = try document.patches(from: before, to: after)
                var shown = try Shown(try document.at(before))
                for patch in patches { try shown.apply(patch.path[...], patch.action) }
                let wanted = try Shown(try document.at(after))
                try #require(shown == wanted, "seed \(edits.random.seed) round \(round)")
            }
        }
    }

    @Test func readingAtHeadsIsReadingWhatWas() throws {
        for round in 0..<6 {
            var edits = RandomEdits(random: Seeded(salt: 500 + UInt64(round)))
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            var document = Document(actor: actor(1))
            var states: [(heads: [ChangeHash], dump: String)] = []
            for step in 0..<15 {
                states.append((document.heads, document.dump()))
                try edits.edit(&document, times: 3)
                if step % 5 == 4 {
                    var other = try document.fork(at: states[step / 2].heads, actor: actor(UInt8(10 + step)))
                    try edits.edit(&other, times: 4)
                    try document.merge(other)
                }
            }
            for state in states {
                let view = try document.at(state.heads)
                #expect(view.dump() == state.dump, seed)
                #expect(view.heads == state.heads, seed)
                #expect(try Document(loading: view.save(), actor: actor(9)).dump() == state.dump, seed)
            }
        }
    }

    @Test func patchesSayWhoAndWhere() throws {
        var document = Document(actor: actor(1))
        var text = ObjectID.root
        try document.change { edit throws(AutomergeError) in
            let notes = try edit.putObject(.list, in: .root, at: "notes")
            let note = try edit.insertObject(.map, in: notes, at: 0)
            text = try edit.putObject(.text, in: note, at: "text")
            try edit.splice(text, at: 0, inserting: "cold hut")
        }
        let heads = document.heads
        var other = document.fork(actor: actor(2))
        try other.change { edit throws(AutomergeError) in
            try edit.splice(text, at: 0, deleting: 4, inserting: "warm")
        }
        try document.change { edit throws(AutomergeError) in try edit.put(.int(3), in: .root, at: "guests") }
        try document.merge(other)
        let path: [Key] = ["notes", 0, "text"]
        #expect(
            try document.patches(from: heads) == [
                Patch(
                    object: .root, path: [], action: .put("guests", .scalar(.int(3)), isConflict: false),
                    author: actor(1)),
                Patch(object: text, path: path, action: .insertText(index: 0, "warm"), author: actor(2)),
                Patch(object: text, path: path, action: .delete(4, count: 4), author: actor(2)),
            ])
    }

    @Test func cursorsStayWhereTheyAre() throws {
        var document = Document(actor: actor(1))
        var text = ObjectID.root
        try document.change { edit throws(AutomergeError) in
            text = try edit.putObject(.text, in: .root, at: "text")
            try edit.splice(text, at: 0, inserting: "one three")
        }
        let cursor = try document.cursor(in: text, at: 4)
        let end = try document.cursor(in: text, at: 9)
        try document.change { edit throws(AutomergeError) in try edit.splice(text, at: 4, inserting: "two ") }
        #expect(try document.index(of: cursor, in: text) == 8)
        #expect(try document.index(of: end, in: text) == 13)
        try document.change { edit throws(AutomergeError) in try edit.splice(text, at: 7, deleting: 3) }
        #expect(try document.index(of: cursor, in: text) == 7)
        #expect(throws: AutomergeError.self) { try document.cursor(in: text, at: 99) }
    }
}
