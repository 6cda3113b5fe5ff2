import Automerge
import Hashing
import Notation
import System

/// Automerge documents in files: looking, joining, comparing, making.
enum DocumentCommands {
    static let all = [show, merge, diff, new]

    private static let fileName = Command.Positional(
        name: "file", summary: "a saved document; - is standard input", completes: .files)
    private static let outputFlag = Command.Flag(
        name: "file", short: "o", value: "FILE", summary: "where to write it; standard output without",
        completes: .files)

    private static let show = Command(
        path: ["document", "show"], summary: "Show what is in an Automerge document, as JSON",
        details: """
            Documents of other programs are read as well: texts show as strings, counters as numbers, bytes as \
            hexadecimal, times in milliseconds since 1970. With flags the content stands under "content".
            """,
        positionals: [fileName],
        flags: [
            .init(name: "heads", summary: "the changes on which no other builds"),
            .init(name: "history", summary: "every change: who, when, how much, on what"),
            .init(name: "conflicts", summary: "where several values were set at the same time"),
            .init(name: "at", value: "HASH", summary: "as it was at this change; repeat for several", repeated: true),
        ],
        examples: [
            .init(line: "bothy document show notes.automerge", meaning: "Its content."),
            .init(line: "bothy document show - --history < notes.automerge", meaning: "Content and changes."),
        ]
    ) { invocation in
        var document = try read(invocation.positionals[0])
        if !invocation.all("at").isEmpty {
            let heads = try invocation.all("at").map { try hash($0, in: document) }
            document = try refusing(invocation.positionals[0]) { () throws(AutomergeError) in try document.at(heads) }
        }
        let content = try DocumentJSON.content(of: document)
        var members: [JSON.Member] = []
        if invocation.has("heads") { members.append(.init("heads", DocumentJSON.hashes(document.heads))) }
        if invocation.has("history") { members.append(.init("history", try DocumentJSON.history(of: document))) }
        if invocation.has("conflicts") { members.append(.init("conflicts", try DocumentJSON.conflicts(in: document))) }
        let shown = members.isEmpty ? content : .object(members + [.init("content", content)])
        Terminal.print(JSONWriter.pretty(shown))
    }

    private static let merge = Command(
        path: ["document", "merge"], summary: "Join documents into one that has the changes of all",
        positionals: [
            fileName, .init(name: "others", summary: "what to join it with", repeated: true, completes: .files),
        ],
        flags: [outputFlag],
        examples: [.init(line: "bothy document merge mine.automerge yours.automerge -o both.automerge", meaning: "")]
    ) { invocation in
        var document = try read(invocation.positionals[0])
        for file in invocation.positionals.dropFirst() {
            let other = try read(file)
            _ = try refusing(file) { () throws(AutomergeError) in try document.merge(other) }
        }
        try write(document.save(), invocation)
    }

    private static let diff = Command(
        path: ["document", "diff"], summary: "Say what leads from one document to another, as JSON",
        details: "One object a step: where, what, and by which actor. Both must have a common past to make sense.",
        positionals: [fileName, .init(name: "other", summary: "what it became", completes: .files)],
        examples: [.init(line: "bothy document diff before.automerge after.automerge", meaning: "")]
    ) { invocation in
        let before = try read(invocation.positionals[0])
        let after = try read(invocation.positionals[1])
        let patches = try refusing(invocation.positionals[1]) { () throws(AutomergeError) in
            var both = before
            try both.merge(after)
            return try both.patches(from: before.heads, to: after.heads)
        }
        Terminal.print(JSONWriter.pretty(.array(try patches.map { try DocumentJSON.patch($0) })))
    }

    private static let new = Command(
        path: ["document", "new"], summary: "Make a document of a JSON file",
        details: "Strings become texts that several may edit, as JavaScript's Automerge does it.",
        positionals: [.init(name: "json", summary: "a JSON object; - is standard input", completes: .files)],
        flags: [outputFlag],
        examples: [.init(line: "bothy document new notes.json -o notes.automerge", meaning: "")]
    ) { invocation in
        let file = invocation.positionals[0]
        let json: JSON
        do {
            json = try JSONReader.read(try bytes(file))
        } catch let error as NotationError {
            throw CommandFailure.failed("\(name(file)):\(error)")
        }
        guard let members = json.object else {
            throw CommandFailure.failed("\(name(file)): a JSON object was expected")
        }
        let document = try refusing(file) { () throws(AutomergeError) in
            var document = Document(actor: ActorID(SystemRandom.bytes(16)))
            try document.change(time: SystemClock.unixTime / 1_000_000_000) { (edit) throws(AutomergeError) in
                try DocumentJSON.put(members, in: .root, &edit)
            }
            return document
        }
        try write(document.save(), invocation)
    }

    // MARK: Files

    static func name(_ file: String) -> String { file == "-" ? "standard input" : file }

    private static func bytes(_ file: String) throws -> [UInt8] {
        do {
            return try Files.read(file, most: 1 << 30)
        } catch {
            throw CommandFailure.failed("\(error)")
        }
    }

    private static func read(_ file: String) throws -> Document {
        let bytes = try bytes(file)
        return try refusing(file) { () throws(AutomergeError) in
            try Document(loading: bytes, actor: ActorID(SystemRandom.bytes(16)))
        }
    }

    private static func refusing<Result>(
        _ file: String, _ body: () throws(AutomergeError) -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch {
            throw CommandFailure.failed("\(name(file)): \(error)")
        }
    }

    private static func hash(_ text: String, in document: Document) throws -> ChangeHash {
        guard let hash = Hex.decode(text).flatMap({ ChangeHash($0) }), document.contains(hash) else {
            throw CommandFailure.failed(
                "the document has no change '\(text)'", hint: "bothy document show FILE --history")
        }
        return hash
    }

    private static func write(_ bytes: [UInt8], _ invocation: Invocation) throws {
        guard let file = invocation.value("file"), file != "-" else {
            Terminal.write(1, bytes: bytes)
            return
        }
        do {
            try Files.replace(file, with: bytes)
        } catch {
            throw CommandFailure.failed("\(error)")
        }
    }
}
