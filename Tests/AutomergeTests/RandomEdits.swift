import Automerge

/// Random edits of every kind: a third each on maps, lists and texts, objects in objects, marks, counters.
struct RandomEdits {
    var random: Seeded
    /// The Python peers cannot read counters.
    var counters = true

    static let words = ["a", "ß", "日本", "🏔️", "e\u{301}", "moor ", "hut", "\n", "𝄞"]

    mutating func scalar() -> ScalarValue {
        switch random.below(counters ? 9 : 8) {
        case 0: .string(String(repeating: RandomEdits.words[random.below(9)], count: random.below(4)))
        case 1: .int(Int64(bitPattern: random.next()))
        case 2: .uint(random.next())
        case 3: .double(Double(random.below(1_000_000)) / 7 - 1_000)
        case 4: .boolean(random.below(2) == 0)
        case 5: .null
        case 6: .bytes((0..<random.below(20)).map { _ in UInt8(random.below(256)) })
        case 7: .int(Int64(random.below(9)))
        default: .counter(Int64(random.below(100)))
        }
    }

    /// All objects that a reader can reach.
    static func objects(_ document: Document) throws(AutomergeError) -> [(kind: ObjectKind, id: ObjectID)] {
        var found: [(kind: ObjectKind, id: ObjectID)] = [(.map, .root)]
        var at = 0
        while at < found.count {
            let (kind, id) = found[at]
            at += 1
            var values: [Value] = []
            if kind == .list { values = try document.values(of: id) }
            if kind == .map {
                for key in try document.keys(of: id) {
                    if let value = try document.value(in: id, at: key) { values.append(value) }
                }
            }
            for case .object(let kind, let id) in values { found.append((kind, id)) }
        }
        return found
    }

    @discardableResult
    mutating func edit(_ document: inout Document, times: Int = 1) throws(AutomergeError) -> [Change] {
        var changes: [Change] = []
        for _ in 0..<times {
            let all = try RandomEdits.objects(document)
            let wanted: ObjectKind = [.map, .list, .text][random.below(3)]
            let suitable = all.filter { $0.kind == wanted }
            let chosen = suitable.isEmpty ? all[random.below(all.count)] : suitable[random.below(suitable.count)]
            var copy = self
            let change = try document.change(message: random.below(5) == 0 ? "why ✓" : nil, time: 7) {
                (edit) throws(AutomergeError) in
                for _ in 0..<(1 + copy.random.below(3)) { try copy.edit(&edit, chosen.kind, chosen.id) }
            }
            self = copy
            if let change { changes.append(change) }
        }
        return changes
    }

    private mutating func edit(
        _ edit: inout Transaction, _ kind: ObjectKind, _ id: ObjectID
    ) throws(AutomergeError) {
        switch kind {
        case .map, .table: try editMap(&edit, id)
        case .list: try editList(&edit, id)
        case .text: try editText(&edit, id)
        }
    }

    private mutating func editMap(_ edit: inout Transaction, _ id: ObjectID) throws(AutomergeError) {
        let key = ["a", "b", "c", "d", "e"][random.below(5)] + ["", "ü", "𝄞"][random.below(3)]
        switch random.below(20) {
        case 0..<5: try edit.putObject([.map, .list, .text][random.below(3)], in: id, at: key)
        case 5..<8: try edit.delete(in: id, at: key)
        case 8..<10 where counters:
            if case .scalar(.counter)? = try edit.document.value(in: id, at: key) {
                try edit.increment(in: id, at: key, by: Int64(random.below(10)) - 3)
            } else {
                try edit.put(.counter(5), in: id, at: key)
            }
        default: try edit.put(scalar(), in: id, at: key)
        }
    }

    private mutating func editList(_ edit: inout Transaction, _ id: ObjectID) throws(AutomergeError) {
        let count = try edit.document.count(of: id)
        switch random.below(20) {
        case 0..<5 where count > 0: try edit.delete(in: id, at: random.below(count))
        case 5..<9 where count > 0: try edit.put(scalar(), in: id, at: random.below(count))
        case 9..<12: try edit.insertObject([.map, .list, .text][random.below(3)], in: id, at: random.below(count + 1))
        case 12 where count > 0:
            let index = random.below(count)
            if case .scalar(.counter)? = try edit.document.value(in: id, at: index) {
                try edit.increment(in: id, at: index, by: 2)
            }
        default: try edit.insert(scalar(), in: id, at: random.below(count + 1))
        }
    }

    private mutating func editText(_ edit: inout Transaction, _ id: ObjectID) throws(AutomergeError) {
        let count = try edit.document.count(of: id)
        switch random.below(20) {
        case 0..<4 where count > 1:
            let start = random.below(count - 1)
            let range = start..<(start + 1 + random.below(count - start))
            let mark = Mark(range: range, name: ["bold", "link"][random.below(2)], value: scalar())
            try edit.mark(mark, in: id, expanding: [.none, .before, .after, .both][random.below(4)])
        case 4..<8 where count > 0:
            let start = random.below(count)
            try edit.splice(id, at: start, deleting: 1 + random.below(min(3, count - start)))
        default:
            try edit.splice(id, at: random.below(count + 1), inserting: RandomEdits.words[random.below(9)])
        }
    }
}
