import Foundation
import Settings
import Testing

@Suite struct SettingsTests {
    func read(_ text: String) throws -> SettingsTree {
        try SettingsReader.read(Array(text.utf8), file: "bothy.yaml", schema: Schema.settings)
    }

    @Test func anEmptyFileIsComplete() throws {
        let tree = try read("")
        #expect(tree["store"]["cap"].whole == 2 << 30)
        #expect(tree["store"]["cap"].origin == .fallback)
        #expect(tree["store"]["max_age"].text == "none")
        #expect(tree["name"].isAbsent)
    }

    @Test func valuesKnowTheirLine() throws {
        let tree = try read("# a box\nstore:\n  cap: 512 MiB\nintake:\n  quotas: {imu: 400}\n")
        #expect(tree["store"]["cap"].whole == 512 << 20)
        #expect(tree["store"]["cap"].origin == .file("bothy.yaml", line: 3))
        #expect(tree["intake"]["quotas"].entries.first?.value.whole == 400)
        #expect(tree.leaves().contains { $0.path == "intake.quotas.imu" })
    }

    @Test(arguments: [
        ("stroe:\n  cap: 1 GiB", "bothy.yaml:1:1: stroe: no such setting; did you mean 'store'?"),
        ("store:\n  cap: 1 parsec", "bothy.yaml:2:8: store.cap: a size such as 2 GiB"),
        ("store:\n  cap: 1 KiB", "from 16 MiB to 16 TiB"), ("store: 5", "a mapping (key: value) was expected, not '5'"),
        ("log: {level: loud}", "log.level: one of error, warning"), ("simulated: {seed: '1'}", "a whole number"),
        ("store: [", "bothy.yaml:"), ("control: {hosts: {a: 1}}", "a list"),
    ])
    func saysWhereAndWhat(_ text: String, _ part: String) {
        let error = #expect(throws: SettingsError.self) { try read(text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func allProblemsAtOnce() {
        let error = #expect(throws: SettingsError.self) { try read("role: king\nlog: {level: loud}\nx: 1\n") }
        #expect(error?.problems.count == 3)
    }

    @Test func quantitiesReadAsTheyAreWritten() {
        for count: Int64 in [1, 1 << 10, 3 << 20, 5 << 30, 7 << 40, 1_000] {
            #expect(Quantity.bytes(of: Quantity.bytes(count)) == count)
        }
        for milliseconds: Int64 in [1, 999, 1_000, 90_000, 3_600_000, 86_400_000] {
            #expect(Quantity.milliseconds(of: Quantity.duration(milliseconds)) == milliseconds)
        }
        #expect(Quantity.milliseconds(of: "10") == nil)
        #expect(Quantity.bytes(of: "1.5 GB") == 1_500_000_000)
    }
}

@Suite struct SettingsEditorTests {
    let text = """
        # my barn
        name: barn   # shown on the page
        store:
          cap: 1 GiB # small card

        # the end
        """

    @Test func replacesAValueAndKeepsTheRest() throws {
        let edited = try SettingsEditor.set(["store", "cap"], to: "4 GiB", in: text)
        #expect(edited == text.replacingOccurrence(of: "1 GiB", with: "4 GiB"))
    }

    @Test func addsToAMapping() throws {
        let edited = try SettingsEditor.set(["store", "policy"], to: "refuse", in: text)
        #expect(edited.contains("  cap: 1 GiB # small card\n  policy: refuse\n"))
        #expect(edited.contains("# the end"))
    }

    @Test func addsWhatIsMissingAltogether() throws {
        let edited = try SettingsEditor.set(["log", "level"], to: "debug", in: text)
        #expect(edited.hasSuffix("# the end\nlog:\n  level: debug\n"))
        #expect(try SettingsEditor.set(["log", "level"], to: "debug", in: "") == "log:\n  level: debug\n")
    }

    @Test func appendsToAList() throws {
        let first = try SettingsEditor.append(["id: gps", "baud: 9600"], to: "serial", in: text)
        #expect(first.hasSuffix("serial:\n  - id: gps\n    baud: 9600\n"))
        let second = try SettingsEditor.append(["id: meter"], to: "serial", in: first)
        #expect(second.hasSuffix("    baud: 9600\n  - id: meter\n"))
        #expect(
            try SettingsEditor.append(["id: a"], to: "serial", in: "serial: []\nname: x\n")
                == "serial:\n  - id: a\nname: x\n")
    }
}

extension String {
    fileprivate func replacingOccurrence(of part: String, with other: String) -> String {
        guard let range = range(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }
}
