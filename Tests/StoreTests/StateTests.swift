import Foundation
import Store
import Testing

@Suite struct StateTests {
    @Test func settingsSurviveAndGo() throws {
        let folder = try TemporaryFolder()
        do {
            let state = try State.open(at: folder.file("state.db"))
            #expect(state.condition == .sound)
            try state.set("name", text: "barn")
            try state.set("gone", [1])
            try state.set("gone", nil)
        }
        let state = try State.open(at: folder.file("state.db"))
        #expect(try state.text("name") == "barn")
        #expect(try state.setting("gone") == nil)
    }

    @Test func stepsAreTakenOnceAndInOrder() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("state.db")
        var bonds = MigrationSeries("bonds", [.init("bonds", "CREATE TABLE bond (address TEXT)")])
        try State.open(at: path, [bonds]).database.run("INSERT INTO bond VALUES ('a')")
        bonds.steps.append(.init("names of bonds", "ALTER TABLE bond ADD COLUMN name TEXT DEFAULT 'none'"))
        let state = try State.open(at: path, [bonds])
        let statement = try state.database.statement("SELECT name FROM bond")
        #expect(try statement.step())
        #expect(statement.text(0) == "none")
    }

    @Test func aStepThatFailsLeavesTheFileAsItWas() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("state.db")
        let good = MigrationSeries.Step("one", "CREATE TABLE one (a)")
        #expect(throws: StoreError.self) {
            try State.open(at: path, [MigrationSeries("x", [good, .init("two", "CREATE TABLE nonsense")])])
        }
        let state = try State.open(at: path, [MigrationSeries("x", [good])])
        try state.database.run("INSERT INTO one VALUES (1)")
    }

    @Test func aFileOfALaterVersionIsRefusedByName() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("state.db")
        let steps = [
            MigrationSeries.Step("rooms", "CREATE TABLE room (a)"),
            MigrationSeries.Step("roles of members", "CREATE TABLE role (a)"),
        ]
        _ = try State.open(at: path, [MigrationSeries("rooms", steps)])
        let error = #expect(throws: StoreError.self) {
            try State.open(at: path, [MigrationSeries("rooms", Array(steps.prefix(1)))])
        }
        #expect(error?.cause == .newer)
        #expect(error?.description.contains("roles of members") == true)
    }

    @Test func aDamagedFileIsReplacedByItsCopy() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("state.db")
        do {
            let state = try State.open(at: path)
            try state.set("name", text: "barn")
            try state.keepCopy()
            try state.set("name", text: "byre")
        }
        try Data(repeating: 0xee, count: 8192).write(to: URL(fileURLWithPath: path))
        let state = try State.open(at: path)
        #expect(state.condition == .restoredFromCopy(damaged: path + ".damaged"))
        #expect(try state.text("name") == "barn")
        #expect(FileManager.default.fileExists(atPath: path + ".damaged"))
    }

    @Test func aDamagedFileWithoutACopyIsBegunAnew() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("state.db")
        try Data(repeating: 0xee, count: 8192).write(to: URL(fileURLWithPath: path))
        let state = try State.open(at: path)
        #expect(state.condition == .startedEmpty(damaged: path + ".damaged"))
        try state.set("a", [1])
    }
}
