import Automerge
import Glibc

/// What our own documents take, line by line.
struct OwnRuns {
    let sizes: AutomergeBench.Sizes
    let trace: Trace
    /// Seconds, by line and run.
    var seconds: [String: [Double]] = [:]
    var figures: [String: Double] = [:]
    /// A document with a change an edit, and two forks: what the peers load, merge and synchronise.
    var long: [UInt8] = []
    var forks: [[UInt8]] = []

    init(_ sizes: AutomergeBench.Sizes) {
        self.sizes = sizes
        trace = Trace(edits: sizes.edits)
    }

    @discardableResult
    private mutating func time<Result>(_ line: String, _ body: () throws -> Result) rethrows -> Result {
        let start = OwnRuns.processorTime
        let result = try body()
        seconds[line, default: []].append(OwnRuns.processorTime - start)
        return result
    }

    /// Of this process: others on the machine do not count. The peers' scripts measure the same.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func actor(_ number: UInt8) -> ActorID { ActorID([UInt8](repeating: number, count: 16)) }

    /// What the timed runs load; made once.
    mutating func prepare() throws {
        var document = Document(actor: OwnRuns.actor(1))
        let text = try Self.object(.text, in: &document)
        for edit in trace.edits {
            try document.change { (change) throws(AutomergeError) in try Self.apply(edit, text, &change) }
        }
        long = document.save()
        figures["memory an op, one change each"] = Double(document.memoryUsed) / Double(document.operationCount)
        var base = Document(actor: OwnRuns.actor(1))
        _ = try Self.object(.text, in: &base)
        _ = try Self.object(.list, in: &base)
        for number in 0..<2 {
            var fork = base.fork(actor: OwnRuns.actor(UInt8(2 + number)))
            try Self.grow(&fork, changes: sizes.forkChanges)
            forks.append(fork.save())
        }
    }

    private static func object(_ kind: ObjectKind, in document: inout Document) throws -> ObjectID {
        var made = ObjectID.root
        try document.change { (change) throws(AutomergeError) in
            made = try change.putObject(kind, in: .root, at: "\(kind)")
        }
        return made
    }

    private static func apply(
        _ edit: Trace.Edit, _ text: ObjectID, _ change: inout Transaction
    ) throws(AutomergeError) {
        if let scalar = edit.inserted {
            try change.splice(text, at: edit.position, inserting: String(scalar))
        } else {
            try change.splice(text, at: edit.position, deleting: 1)
        }
    }

    /// Half the changes type, a quarter set keys, a quarter append to a list.
    private static func grow(_ document: inout Document, changes: Int) throws {
        guard let text = document["text"]?.object, let list = document["list"]?.object else { return }
        for step in 0..<changes {
            try document.change(time: Int64(1_700_000_000 + step)) { (change) throws(AutomergeError) in
                switch step % 4 {
                case 0, 1: try change.splice(text, at: step / 2, inserting: step % 3 == 0 ? "a" : "b")
                case 2: try change.put(.int(Int64(step)), in: .root, at: "key\(step % 500)")
                default: try change.append(.double(Double(step) / 8), to: list)
                }
            }
        }
    }

    mutating func run() throws {
        try edits()
        try documents()
        try meetings()
    }

    private mutating func edits() throws {
        let (trace, sizes) = (trace, sizes)
        var document = Document(actor: OwnRuns.actor(1))
        let text = try Self.object(.text, in: &document)
        try time("text trace") {
            try document.change { (change) throws(AutomergeError) in
                for edit in trace.edits { try Self.apply(edit, text, &change) }
            }
        }
        figures["memory an op"] = Double(document.memoryUsed) / Double(document.operationCount)
        let saved = time("save the trace") { document.save() }
        figures["size of the trace"] = Double(saved.count)
        var map = Document(actor: OwnRuns.actor(1))
        try time("map puts") {
            try map.change { (change) throws(AutomergeError) in
                for index in 0..<sizes.puts { try change.put(.int(Int64(index)), in: .root, at: "key\(index)") }
            }
        }
        var list = Document(actor: OwnRuns.actor(1))
        let items = try Self.object(.list, in: &list)
        try time("list pushes") {
            try list.change { (change) throws(AutomergeError) in
                for index in 0..<sizes.puts { try change.insert(.int(Int64(index)), in: items, at: index) }
            }
        }
        figures["outcome"] = Double(saved.count ^ map.save().count ^ list.save().count)
    }

    private mutating func documents() throws {
        let long = long
        let document = try time("load, one change an edit") { try Document(loading: long, actor: OwnRuns.actor(9)) }
        let saved = time("save, one change an edit") { document.save() }
        figures["size, one change an edit"] = Double(saved.count)
        figures["memory an op, one change each, loaded"] =
            Double(document.memoryUsed) / Double(document.operationCount)
    }

    private mutating func meetings() throws {
        let first = try Document(loading: forks[0], actor: OwnRuns.actor(2))
        let second = try Document(loading: forks[1], actor: OwnRuns.actor(3))
        var merged = first
        try time("merge of forks") { _ = try merged.merge(second) }
        var documents = [first, second]
        var states = [SyncState(), SyncState()]
        var (messages, bytes, quiet, turn) = (0, 0, 0, 0)
        try time("sync of forks") {
            while quiet < 2 {
                if let message = documents[turn].generateSyncMessage(for: &states[turn]) {
                    (messages, bytes, quiet) = (messages + 1, bytes + message.count, 0)
                    try documents[1 - turn].receiveSyncMessage(message, from: &states[1 - turn])
                } else {
                    quiet += 1
                }
                turn = 1 - turn
            }
        }
        guard documents[0].heads == merged.heads, documents[1].heads == merged.heads else {
            throw Options.Wrong(description: "the forks did not meet")
        }
        figures["sync messages"] = Double(messages)
        figures["sync bytes"] = Double(bytes)
    }
}
