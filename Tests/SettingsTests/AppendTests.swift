import Notation
import Settings
import Testing

@Suite struct AppendTests {
    let sensor = ["address: \"A\"", "name: \"Sauna\""]

    func items(_ text: String) throws -> [String?] {
        try #require(try YAMLReader.read(text)?["bluetooth"]?["sensors"]?.items).map { $0["address"]?.text }
    }

    @Test(arguments: [
        "", "name: Barn\n", "name: Barn # here\nbluetooth:\n  mode: auto\nstore:\n  cap: 2 GiB\n",
        "bluetooth:\n  sensors: []\n  mode: auto\n", "bluetooth:\n  sensors:\n  mode: auto\n",
    ]) func makesANestedList(_ before: String) throws {
        let once = try SettingsEditor.append(sensor, to: "bluetooth.sensors", in: before)
        let twice = try SettingsEditor.append(["address: B"], to: "bluetooth.sensors", in: once)
        #expect(try items(twice) == ["A", "B"], "\(twice)")
        for line in before.split(separator: "\n") where !line.contains("sensors") { #expect(twice.contains(line)) }
    }

    @Test func keepsCommentsAndWhatFollows() throws {
        let before = """
            bluetooth:
              sensors:
                # the first
                - address: X
                  name: One  # and only
              mode: auto
            """
        let after = try SettingsEditor.append(sensor, to: "bluetooth.sensors", in: before)
        #expect(try items(after) == ["X", "A"])
        #expect(after.contains("# and only") && after.contains("  mode: auto"))
    }
}
