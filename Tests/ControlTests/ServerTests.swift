import Notation
import Testing

@testable import Control

@Suite struct ServerTests {
    @Test func theUnixSocketNeedsNoSession() throws {
        let house = try House()
        let answer = try #require(house.local().get("/v1/status"))
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "application/json")
        #expect(try JSONReader.read(answer.body)["asked"] == 1)
    }

    @Test func manyRequestsShareOneConnectionAlsoWhenSentAtOnce() throws {
        let house = try House()
        let client = house.local()
        for _ in 0..<50 { #expect(client.get("/v1/status")?.status == 200) }
        client.send(String(repeating: "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 50))
        for _ in 0..<50 { #expect(client.answer()?.status == 200) }
    }

    @Test func overTCPEverythingNeedsASessionOnLoopbackToo() throws {
        let house = try House()
        let answer = try #require(house.remote().get("/v1/status", ["Host": house.host]))
        #expect(answer.status == 401)
        #expect(answer.headers["content-type"] == "application/problem+json")
        #expect(answer.text.contains(#""code":"no_session""#))
    }

    @Test func whoCallsUsByAnotherNameIsNotAnswered() throws {
        let house = try House()
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost:\(house.port), evil.example"] {
            #expect(house.remote().get("/v1/status", ["Host": host])?.status == 421, "\(host)")
        }
    }

    @Test func pathsAndMethodsThatDoNotExist() throws {
        let house = try House()
        let client = house.local()
        #expect(client.get("/v1/nothing")?.status == 404)
        #expect(client.get("/v1/../etc/passwd")?.status == 404)
        let answer = try #require(client.ask("DELETE", "/v1/status"))
        #expect(answer.status == 405)
        #expect(client.ask("HEAD", "/v1/status")?.status == 200)
        #expect(client.get("/v1/status")?.status == 200)
    }
}
