import Foundation
import Testing

/// The rules of the house that a compiler cannot check.
@Suite struct RulesOfTheHouse {
    static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func files(_ folder: String, _ suffix: String) -> [String] {
        let base = root.appendingPathComponent(folder)
        let found = FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String] ?? []
        return found.filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }.sorted()
    }

    /// `Package.swift` as the package manager understands it would take a build; its own lines are regular enough.
    static func arrows() throws -> [String: Set<String>] {
        var arrows: [String: Set<String>] = [:]
        let package = try text("Package.swift")
        for match in package.matches(of: /room\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/) {
            arrows[String(match.1)] = names(match.2.map(String.init) ?? "")
        }
        for match in package.matches(of: /executableTarget\(\s*name: "([\w-]+)",\s*dependencies: \[([^\]]*)\]/) {
            arrows[String(match.1)] = names(String(match.2))
        }
        return arrows
    }

    static func names(_ list: String) -> Set<String> {
        Set(list.matches(of: /\w+/).map { String($0.0) })
    }

    struct Room {
        var name: String
        var kind: String
        var arrows: Set<String>
    }

    static func rooms() throws -> [Room] {
        try text("ARCHITECTURE.md").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count >= 6, ["pure", "edge", "middle", "front", "bench"].contains(cells[2]) else { return nil }
            return Room(name: cells[1], kind: cells[2], arrows: names(cells[3]))
        }
    }

    @Test func theArrowsAreTheOnesDrawn() throws {
        let drawn = try Self.rooms()
        for (room, arrows) in try Self.arrows() {
            guard let page = drawn.first(where: { $0.name == room }) else {
                Issue.record("ARCHITECTURE.md does not know the room \(room)")
                continue
            }
            #expect(arrows == page.arrows, "the arrows of \(room) differ from ARCHITECTURE.md")
        }
    }

    @Test func everyFolderIsARoom() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path)
        let rooms = Set(try Self.arrows().keys)
        #expect(Set(folders) == rooms.union(["Doors"]))
    }

    @Test func pureRoomsLeadOnlyToPureRoomsAndDoors() throws {
        let drawn = try Self.rooms()
        let pure = Set(drawn.filter { $0.kind == "pure" }.map(\.name))
        for room in drawn where room.kind == "pure" {
            for arrow in room.arrows {
                #expect(pure.contains(arrow) || arrow.hasPrefix("C"), "\(room.name) → \(arrow)")
            }
        }
    }

    @Test func pureRoomsReadNoClockAndDrawNoNumberAndTouchNothing() throws {
        let banned = [
            #"\bimport (Glibc|System|Foundation|Dispatch)\b"#, #"\bclock_gettime\b"#, #"\.random\("#,
            #"\bSystemRandomNumberGenerator\b"#, #"\bgetrandom\b"#, #"\brandombytes"#, #"\bfopen\b"#, #"\bprint\("#,
            #"\bContinuousClock\b"#,
        ]
        for room in try Self.rooms() where room.kind == "pure" {
            for file in Self.files("Sources/\(room.name)", ".swift") {
                let text = try Self.code(file)
                for pattern in banned {
                    let found = try Self.matches(pattern, in: text)
                    #expect(found.isEmpty, "\(file) uses what a pure room may not")
                }
            }
        }
    }

    @Test func noFoundationAndNoTasks() throws {
        let banned = [
            #"\bimport Foundation"#, #"\bTask\s*[{(.]"#, #"\bawait\b"#, #"\btry!"#, #"\bas!"#, #"\bfatalError\("#,
        ]
        for file in Self.files("Sources", ".swift") where !file.hasPrefix("Sources/bothy-bench") {
            let text = try Self.code(file)
            for pattern in banned {
                let found = try Self.matches(pattern, in: text)
                #expect(found.isEmpty, "\(file) uses what nobody may")
            }
        }
    }

    @Test func filesAndFunctionsAreShort() throws {
        for file in Self.files("Sources", ".swift") + Self.files("Tests", ".swift") {
            let lines = try Self.text(file).split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 400, "\(file) has \(lines.count) lines")
            try Self.checkFunctions(file, lines.map(String.init))
        }
    }

    static func checkFunctions(_ file: String, _ lines: [String]) throws {
        let opening = try NSRegularExpression(
            pattern:
                #"^ *(@\w+(\([^)]*\))? )*((public|package|private|fileprivate|static|mutating|override|final) )*(func |init[(?<])"#
        )
        var start: (line: Int, indent: Int)?
        for (number, line) in lines.enumerated() {
            if opening.firstMatch(in: line, range: NSRange(line.startIndex..., in: line)) != nil {
                start = (number, line.prefix { $0 == " " }.count)
            } else if let begun = start, line.hasPrefix(String(repeating: " ", count: begun.indent) + "}") {
                #expect(
                    number - begun.line <= 60, "\(file):\(begun.line + 1): a function of \(number - begun.line) lines")
                start = nil
            }
        }
    }

    @Test func uncheckedSaysBecause() throws {
        for file in Self.files("Sources", ".swift") {
            for (number, line) in try Self.text(file).split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated()
            where line.contains("@unchecked Sendable") && !line.contains("//") {
                #expect(line.contains("because"), "\(file):\(number + 1) does not say because of what")
            }
        }
    }

    @Test func everyRoomAndDoorIsUsed() throws {
        let package = try Self.text("Package.swift")
        let all = try Self.arrows()
        let reached = Set(all.values.flatMap { $0 })
        for match in package.matches(of: /door\("(\w+)"/) where match.1 != "name" {
            #expect(reached.contains(String(match.1)), "nobody goes through the door \(match.1)")
        }
        for room in all.keys where !["bothy", "bothy-bench", "bothy-radio"].contains(room) {
            let tested = package.contains("tests(\"\(room)\"")
            #expect(tested, "nobody tests \(room)")
        }
    }

    /// The ranges of a pattern; Foundation's expressions, since Swift's own take seconds in debug builds.
    static func matches(_ pattern: String, in text: String) throws -> [NSTextCheckingResult] {
        try NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
            .matches(in: text, range: NSRange(text.startIndex..., in: text))
    }

    /// A file without its comments and the texts in it.
    static func code(_ file: String) throws -> String {
        let words = try NSRegularExpression(pattern: #""(\\.|[^"\\\n])*"|//.*$"#, options: .anchorsMatchLines)
        let text = try text(file)
        return words.stringByReplacingMatches(
            in: text, range: NSRange(text.startIndex..., in: text), withTemplate: "")
    }
}
