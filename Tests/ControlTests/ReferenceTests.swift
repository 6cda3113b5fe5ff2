import Foundation
import Notation
import Testing

@testable import Control

@Suite("What is said of the API is what is served")
struct ReferenceTests {
    static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func theReferenceIsWrittenFromTheTable() throws {
        let file = Self.top.appendingPathComponent("docs/api.md")
        let wanted = Reference.markdown(Routes.all)
        if ProcessInfo.processInfo.environment["BOTHY_WRITE_DOCS"] != nil {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try wanted.write(to: file, atomically: true, encoding: .utf8)
        }
        let found = try? String(contentsOf: file, encoding: .utf8)
        #expect(found == wanted, "docs/api.md is not what the routes say: run this test with BOTHY_WRITE_DOCS=1")
    }

    @Test func everyRouteIsDescribed() throws {
        var seen: Set<String> = []
        for route in Routes.all {
            #expect(seen.insert(route.name).inserted, "\(route.name) is there twice")
            #expect(route.summary.hasSuffix("."))
            let names = route.path.split(separator: "/").filter { $0.first == "{" }.map {
                String($0.dropFirst().dropLast())
            }
            #expect(names == route.parameters.filter { $0.place == .path }.map(\.name))
            #expect(route.scope != nil || ["/healthz", "/v1/session"].contains(route.path) || route.isPage)
        }
    }

    @Test func openAPIIsServed() throws {
        let house = try House()
        let answer = try #require(house.local().get("/v1/openapi.json", ["Accept-Encoding": "gzip"]))
        #expect(answer.headers["content-encoding"] == "gzip")
        let plain = try #require(house.local().get("/v1/openapi.json"))
        #expect(answer.body.count < plain.body.count / 3)
        let document = try JSONReader.read(plain.body)
        #expect(document["openapi"]?.string == "3.1.0")
        let tag = try #require(plain.headers["etag"])
        let again = try #require(house.local().get("/v1/openapi.json", ["If-None-Match": tag]))
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
    }
}
