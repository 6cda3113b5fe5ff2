import Foundation
import Testing

@testable import bothy

/// The table of commands is the one place that says what a command takes; everything else is made from it.
@Suite struct CommandTableTests {
    static let top = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized

    @Test(arguments: [("docs/commands.md", "commands"), ("docs/configuration.md", "settings")])
    func theReferenceIsWrittenFromTheTable(_ path: String, _ what: String) throws {
        let file = Self.top.appendingPathComponent(path)
        let wanted = what == "commands" ? Reference.markdown(Commands.all) : SettingsReference.markdown()
        if ProcessInfo.processInfo.environment["BOTHY_WRITE_DOCS"] != nil {
            try wanted.write(to: file, atomically: true, encoding: .utf8)
        }
        let found = try? String(contentsOf: file, encoding: .utf8)
        #expect(found == wanted, "\(path) is not what the table says: run this test with BOTHY_WRITE_DOCS=1")
    }

    @Test func everyCommandIsWholeAndOnce() {
        var seen: Set<String> = []
        for command in Commands.all {
            #expect(seen.insert(command.name).inserted, "\(command.name) is there twice")
            #expect(!command.summary.isEmpty && !command.summary.hasSuffix("."), "\(command.name)")
            #expect(Help.page(command).contains("Usage: bothy \(command.name)"))
            let optional = command.positionals.firstIndex { $0.optional } ?? command.positionals.count
            let needed = command.positionals[optional...].filter { !$0.optional }
            #expect(needed.isEmpty, "\(command.name): a needed word after an optional one")
            for flag in command.flags {
                let hides = Parser.global.map(\.name).contains(flag.name)
                #expect(!hides, "\(command.name) --\(flag.name) hides a global flag")
            }
        }
        // A command that is also the beginning of another could not be told from it.
        for command in Commands.all {
            let longer = Commands.all.filter {
                $0.path.count > command.path.count && $0.path.starts(with: command.path)
            }
            #expect(longer.isEmpty, "\(command.name)")
        }
    }

    @Test(arguments: [
        (["sensor", "lst"], "did you mean 'sensor list'"), (["statsu"], "did you mean 'status'"),
        (["status", "--limt"], "did you mean --limits"), (["status", "--output"], "needs a value"),
        (["status", "--output", "xml"], "one of table, json"), (["sensor", "show"], "sensor is missing"),
        (["sensor", "show", "a", "b"], "one word too many"), (["status", "--quiet=yes"], "takes no value"),
        (["--socket", "x", "status"], "a command was expected before"),
        (["status", "--socket", "a", "--socket", "b"], "twice"),
        (["-x"], "a command was expected"),
    ])
    func wrongWordsGetASentence(_ words: [String], _ part: String) {
        do {
            let outcome = try Parser.parse(words, among: Commands.all)
            Issue.record("\(words) was understood as \(outcome)")
        } catch let failure as CommandFailure {
            #expect(failure.status == .usage)
            #expect(failure.message.contains(part), "\(failure.message)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func completionKnowsCommandsFlagsAndChoices() {
        func complete(_ words: [String]) -> [String] {
            Completion.candidates(words, among: Commands.all) { $0 == .sensors ? ["anna", "ben"] : [] }
        }
        #expect(complete(["sen"]) == ["sensor"])
        #expect(complete(["sensor", "re"]) == ["rename"])
        #expect(complete(["sensor", "show", "a"]) == ["anna"])
        #expect(complete(["status", "--lim"]) == ["--limits"])
        #expect(complete(["status", "--output", ""]) == ["table", "json"])
        #expect(complete(["export", "--file", ""]) == [":files"])
        #expect(complete(["sensor", "show", "anna", ""]) == [])
    }

    @Test func wordsAfterTwoDashesAreNoFlags() throws {
        guard
            case .run(let invocation) = try Parser.parse(
                ["sensor", "rename", "a", "--", "--quiet"], among: Commands.all)
        else { throw CancellationError() }
        #expect(invocation.positionals == ["a", "--quiet"])
        #expect(!invocation.quiet)
    }
}
