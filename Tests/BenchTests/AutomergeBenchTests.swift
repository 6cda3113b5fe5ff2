import Testing

@testable import bothy_bench

@Suite struct AutomergeBenchTests {
    @Test("The documents' bench runs every line, and comes to the same bytes each time")
    func automerge() throws {
        let first = try AutomergeBench.run(try Options(["--tiny"]))
        #expect(first.table.count == 64)
        #expect(try AutomergeBench.run(try Options(["--tiny"])).table == first.table)
        let seconds = first.raw["bothy"]?["seconds"]
        for line in AutomergeBench.lines { #expect(seconds?[line] != nil, "\(line) was not measured") }
    }
}
