import ControlPage
import Foundation
import Notation
import Testing

@testable import Control

@Suite("The page", .serialized)
struct PageTests {
    static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// The daemon as this build made it, beside the tests.
    static var bothy: String {
        var folder = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        if !FileManager.default.fileExists(atPath: folder.appendingPathComponent("bothy").path) {
            folder = ReferenceTests.top.appendingPathComponent(".build/debug")
        }
        return folder.appendingPathComponent("bothy").path
    }

    /// Runs a script with the peers' Python; its output where it fails.
    static func run(_ script: String, _ arguments: [String]) throws -> String? {
        let process = Process()
        process.executableURL = ReferenceTests.top.appendingPathComponent("Tests/peers/python")
        process.arguments = [here.appendingPathComponent("Peers/\(script)").path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : String(decoding: output, as: UTF8.self)
    }

    @Test func everyFileOfThePageIsInTheBinary() throws {
        let folder = ReferenceTests.top.appendingPathComponent("Sources/Control/Page/site")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(PageFiles.all.map(\.name).sorted() == names)
        for file in PageFiles.all {
            #expect(try file.response.body == Array(Data(contentsOf: folder.appendingPathComponent(file.name))))
        }
    }

    @Test func nothingComesFromElsewhere() throws {
        for file in PageFiles.all where file.name != "icon.svg" {
            let text = String(decoding: file.response.body, as: UTF8.self).replacing(
                "http://www.w3.org/2000/svg", with: "")
            #expect(!text.contains("https://") && !text.contains("http://"), "\(file.name)")
            #expect(
                !text.contains(/(inner|outer)HTML \+?=[^=]|insertAdjacentHTML|document\.write/),
                "\(file.name) writes markup; text must stay text")
        }
        let house = try House()
        let page = try #require(house.remote().get("/", ["Host": house.host]))
        #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        let tag = try #require(page.headers["etag"])
        #expect(house.remote().get("/", ["Host": house.host, "If-None-Match": tag])?.status == 304)
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["BOTHY_LONG"] != nil))
    func worksInABrowserForEverybody() throws {
        let vectors = FileManager.default.temporaryDirectory.appendingPathComponent("bothy-vectors-\(getpid()).json")
        try Data(JSONWriter.compact(Vectors.all(500))).write(to: vectors)
        defer { try? FileManager.default.removeItem(at: vectors) }
        var arguments = [Self.bothy, vectors.path]
        if let folder = ProcessInfo.processInfo.environment["BOTHY_SCREENSHOTS"] { arguments.append(folder) }
        if let output = try Self.run("page.py", arguments) {
            Issue.record("seed \(Vectors.seed):\n\(output)")
        }
    }
}
