import Automerge
import Foundation
import Notation
import Testing

@testable import bothy

/// `bothy document`, as it is typed.
@Suite struct DocumentToolTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("documents-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Runs a command whose output goes to a file.
    func run(_ words: String...) throws {
        guard case .run(let invocation) = try Parser.parse(["document"] + words, among: Commands.all) else {
            Issue.record("only help came of it")
            return
        }
        try invocation.command.run(invocation)
    }

    func content(_ name: String) throws -> JSON {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
        return try DocumentJSON.content(of: try Document(loading: bytes, actor: ActorID([1])))
    }

    let json = """
        {"a":1,"list":[true,null,"text",[2.5]],"nested":{"deep":{"say":"grüß 🏔"}}}
        """

    @Test func whatIsMadeOfJSONShowsAsThatJSON() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(json.utf8).write(to: URL(fileURLWithPath: path("a.json")))
        try run("new", path("a.json"), "-o", path("a.automerge"))
        #expect(JSONWriter.compact(try content("a.automerge")) == Array(json.utf8))
    }

    @Test func mergedDocumentsHaveBoth() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["one", "two"] {
            try Data("{\"\(name)\":1}".utf8).write(to: URL(fileURLWithPath: path(name)))
            try run("new", path(name), "-o", path("\(name).automerge"))
        }
        try run("merge", path("one.automerge"), path("two.automerge"), "-o", path("both.automerge"))
        #expect(try content("both.automerge") == ["one": 1, "two": 1])
        try run("diff", path("one.automerge"), path("both.automerge"))
    }

    @Test func aFileThatIsRefusedSaysWhy() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("no document".utf8).write(to: URL(fileURLWithPath: path("bad")))
        do {
            try run("show", path("bad"))
            Issue.record("it was shown")
        } catch let failure as CommandFailure {
            #expect(failure.status == .failed)
            #expect(failure.message == "\(path("bad")): no Automerge chunk begins here (at byte 0)")
        }
    }

    @Test func patchesSayWhereAndWhat() throws {
        var document = Document(actor: ActorID([1]))
        try document.change { edit throws(AutomergeError) in
            try DocumentJSON.put([.init("text", "hut"), .init("list", [1])], in: .root, &edit)
        }
        let heads = document.heads
        let text = try #require(document["text"]?.object)
        try document.change { edit throws(AutomergeError) in
            try edit.splice(text, at: 0, inserting: "a ")
            try edit.put(.int(7), in: object(edit.document["list"]), at: 0)
        }
        let patches = try document.patches(from: heads).map { try DocumentJSON.patch($0) }
        #expect(
            patches == [
                ["path": ["text", 0], "action": "insert", "text": "a ", "author": "01"],
                ["path": ["list", 0], "action": "put", "value": 7, "author": "01"],
            ])
    }

    private func object(_ value: Value?) -> ObjectID { value?.object ?? .root }
}
