import Notation
import Testing

@Suite struct YAMLTests {
    @Test func readsNestedValuesWithTheirPlaces() throws {
        let root = try #require(try YAMLReader.read("a:\n  - 1\n  - text: 'yes'\n    flag: yes\nb: 0x10\n"))
        let items = try #require(root["a"]?.items)
        #expect(items[0].integer == 1)
        #expect(items[1]["text"]?.boolean == nil)
        #expect(items[1]["text"]?.text == "yes")
        #expect(items[1]["flag"]?.boolean == true)
        #expect(root["b"]?.integer == 16)
        #expect(root["b"]?.start.line == 5)
        #expect(root["b"]?.start.column == 4)
    }

    @Test func anEmptyDocumentIsNothing() throws {
        #expect(try YAMLReader.read("") == nil)
        #expect(try YAMLReader.read("# only a comment\n") == nil)
    }

    @Test func jsonIsReadToo() throws {
        let root = try #require(try YAMLReader.read("{\"name\": \"x\\u00e9\", \"list\": [1, 2.5]}"))
        #expect(root["name"]?.text == "xé")
        #expect(root["list"]?.items?[1].double == 2.5)
    }

    @Test(arguments: [
        ("a: 1\na: 2", "twice"), ("a: &x 1\nb: *x", "aliases"), ("a: [1", "line"),
        ("a: 1\n---\nb: 2", "second document"),
        ("? [1]\n: 2", "key must be text"), ("a: \"x", "line"),
    ])
    func refuses(_ text: String, _ part: String) {
        let error = #expect(throws: NotationError.self) { try YAMLReader.read(text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func depthIsBounded() {
        #expect(throws: NotationError.self) { try YAMLReader.read(String(repeating: "[", count: 10_000)) }
    }

    @Test func suggestsTheNearestWord() {
        #expect(Nearest.match(to: "stroe", among: ["store", "sensors"]) == "store")
        #expect(Nearest.match(to: "zebra", among: ["store", "sensors"]) == nil)
    }
}
