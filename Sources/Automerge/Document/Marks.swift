/// A property of a range of text: a link, emphasis, a comment.
public struct Mark: Hashable, Sendable {
    public var range: Range<Int>
    public var name: String
    public var value: ScalarValue

    public init(range: Range<Int>, name: String, value: ScalarValue) {
        self.range = range
        self.name = name
        self.value = value
    }
}

/// Whether text inserted where a mark begins or ends belongs to it.
public enum MarkExpansion: Hashable, Sendable {
    case none, before, after, both
}

extension Transaction {
    /// Marks a range of a text.
    public mutating func mark(
        _ mark: Mark, in text: ObjectID, expanding: MarkExpansion = .after
    ) throws(AutomergeError) {
        let sequence = try sequence(text)
        try target.pointee.store.checkRange(mark.range.lowerBound, mark.range.count, in: sequence)
        let before = expanding == .before || expanding == .both
        let after = expanding == .after || expanding == .both
        let begin = try target.pointee.store.insertion(in: sequence, at: mark.range.lowerBound)
        let (meta, bits) = try target.pointee.store.keep(mark.value)
        let row = UInt32(target.pointee.store.operations.count)
        try target.pointee.store.writeInsert(
            Action.mark, object: sequence, meta: meta, bits: bits, flags: before ? Operation.expandFlag : 0, at: begin)
        target.pointee.store.nameMark(row, mark.name)
        let end = try target.pointee.store.insertion(in: sequence, at: mark.range.upperBound)
        try target.pointee.store.writeInsert(
            Action.mark, object: sequence, meta: 0, bits: 0, flags: after ? Operation.expandFlag : 0, at: end)
    }

    /// Takes a mark from a range of a text.
    public mutating func unmark(
        _ name: String, in range: Range<Int>, of text: ObjectID, expanding: MarkExpansion = .after
    ) throws(AutomergeError) {
        try mark(Mark(range: range, name: name, value: .null), in: text, expanding: expanding)
    }
}

extension Document {
    /// The marks of a text in the order in which they begin. Where marks of one name overlap, the last one set counts.
    public func marks(of text: ObjectID) throws(AutomergeError) -> [Mark] {
        let object = try sequence(text)
        guard store.objects[object].marks > 0 else { return [] }
        var scan = MarkScan()
        store.sequences.forEach(in: store.objects[object].sequence) { row, isVisible in
            if store.operations[Int(row)].action == Action.mark { scan.pass(row, store) }
            if isVisible { scan.step(store) }
        }
        return scan.finish(store)
    }
}

extension Store {
    mutating func nameMark(_ row: UInt32, _ name: String) {
        var name = name
        markNames[row] = name.withUTF8 { names.intern(UnsafeRawBufferPointer($0)) }
    }
}

/// Walks over a text, keeping which marks cover the place.
struct MarkScan {
    /// Per name, the marks that have begun and not ended.
    private var open: [UInt32: [UInt32]] = [:]
    private var runs: [UInt32: (start: Int, value: ScalarValue)] = [:]
    private var marks: [Mark] = []
    private var index = 0
    private var changed = false

    mutating func pass(_ row: UInt32, _ store: Store) {
        changed = true
        if let name = store.markNames[row] {
            open[name, default: []].append(row)
            return
        }
        // The mark that ends here was begun by the operation before.
        let id = store.operations[Int(row)].id - (1 << 32)
        for name in open.keys {
            open[name]?.removeAll { store.operations[Int($0)].id == id }
        }
    }

    /// The value of each name here, without those that are taken away.
    func current(_ store: Store) -> [UInt32: ScalarValue] {
        var values: [UInt32: ScalarValue] = [:]
        for (name, rows) in open {
            let best = rows.max { store.actors.isLess(store.operations[Int($0)].id, store.operations[Int($1)].id) }
            guard let best else { continue }
            let value = store.scalar(best)
            if value != .null { values[name] = value }
        }
        return values
    }

    mutating func step(_ store: Store) {
        defer { index += 1 }
        guard changed else { return }
        changed = false
        let values = current(store)
        for (name, run) in runs where values[name] != run.value { close(name, run.start, run.value, store) }
        for (name, value) in values where runs[name] == nil { runs[name] = (index, value) }
    }

    private mutating func close(_ name: UInt32, _ start: Int, _ value: ScalarValue, _ store: Store) {
        marks.append(Mark(range: start..<index, name: store.names.string(name), value: value))
        runs[name] = nil
    }

    mutating func finish(_ store: Store) -> [Mark] {
        for (name, run) in runs { close(name, run.start, run.value, store) }
        return marks.sorted { ($0.range.lowerBound, $0.name) < ($1.range.lowerBound, $1.name) }
    }
}
