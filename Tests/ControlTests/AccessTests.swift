import Glibc
import Notation
import Testing

@testable import Control

@Suite("Nobody gets in who does not belong")
struct AccessTests {
    /// A link as `bothy page` gets it.
    func link(_ house: House, scope: String = "admin") throws -> String {
        let answer = try #require(
            house.local().ask("POST", "/v1/access/links", ["X-Bothy": "1"], body: #"{"scope":"\#(scope)"}"#))
        #expect(answer.status == 201)
        return try #require(try JSONReader.read(answer.body)["secret"]?.string)
    }

    func signIn(_ house: House, scope: String = "admin") throws -> String {
        let answer = try #require(
            house.remote().ask(
                "POST", "/v1/session", ["Host": house.host, "X-Bothy": "1"],
                body: #"{"link":"\#(try link(house, scope: scope))"}"#))
        #expect(answer.status == 201)
        let cookie = try #require(answer.headers["set-cookie"])
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"))
        return String(cookie.prefix { $0 != ";" })
    }

    @Test func aLinkBecomesASessionOnce() throws {
        let house = try House()
        let secret = try link(house)
        #expect(secret.count == 32, "128 bits")
        let headers = ["Host": house.host, "X-Bothy": "1"]
        let body = #"{"link":"\#(secret)"}"#
        let first = try #require(house.remote().ask("POST", "/v1/session", headers, body: body))
        #expect(first.status == 201)
        let cookie = String(try #require(first.headers["set-cookie"]).prefix { $0 != ";" })
        #expect(house.remote().get("/v1/status", ["Host": house.host, "Cookie": cookie])?.status == 200)
        let second = try #require(house.remote().ask("POST", "/v1/session", headers, body: body))
        #expect(second.status == 401)
        #expect(second.text.contains("link_spent"))
        #expect(house.remote().get("/v1/status", ["Host": house.host, "Cookie": "bothy=\(secret)"])?.status == 401)
    }

    @Test func linksAndSessionsEndInTime() throws {
        var access = Access()
        let secret = Secret()
        access.addLink(secret, scope: .view, now: 0)
        #expect(throws: Problem.self) {
            try access.redeem(secret.text, as: Secret(), id: "s", from: "", agent: "", now: Access.linkLifetime + 1)
        }
        access.addLink(secret, scope: .view, now: 0)
        let cookie = Secret()
        _ = try access.redeem(secret.text, as: cookie, id: "s", from: "", agent: "", now: 1)
        let (hour, limit) = (3600 * Access.seconds, Access.idleLifetime)
        #expect(access.session(cookie: cookie.text, now: limit - hour)?.scope == .view)
        #expect(access.session(cookie: cookie.text, now: 2 * limit - 2 * hour) != nil, "use keeps it")
        #expect(access.session(cookie: cookie.text, now: 3 * limit) == nil)
    }

    @Test func tablesAreBounded() throws {
        var access = Access()
        var last = Secret()
        for index in 0..<100 {
            last = Secret()
            access.addLink(last, scope: .view, now: Int64(index))
        }
        #expect(access.links.count == Access.mostLinks)
        #expect(access.links[last.hash] != nil)
        for index in 0..<100 {
            let link = Secret()
            access.addLink(link, scope: .view, now: 1000)
            _ = try access.redeem(
                link.text, as: Secret(), id: "s\(index)", from: "", agent: "", now: 1000 + Int64(index))
        }
        #expect(access.sessions.count == Access.mostSessions)
        #expect(!access.sessions.values.contains { $0.id == "s0" })
        var limiter = RateLimiter(burst: 2, perSecond: 1)
        for index in 0..<5000 { _ = limiter.allows("\(index)", now: 0) }
        #expect(limiter.keys <= RateLimiter.capacity)
    }

    @Test func tokensHaveScopesAndAnEnd() throws {
        let house = try House()
        let admin = try signIn(house)
        let headers = ["Host": house.host, "X-Bothy": "1", "Cookie": admin]
        let made = try #require(
            house.remote().ask(
                "POST", "/v1/access/tokens", headers, body: #"{"name":"guest","scope":"view","seconds":3600}"#))
        #expect(made.status == 201)
        let value = try JSONReader.read(made.body)
        let (token, id) = (try #require(value["token"]?.string), try #require(value["id"]?.string))
        let bearer = ["Host": house.host, "Authorization": "Bearer \(token)", "X-Bothy": "1"]
        #expect(house.remote().get("/v1/status", bearer)?.status == 200)
        #expect(house.remote().get("/v1/access", bearer)?.status == 403)
        #expect(house.remote().ask("PATCH", "/v1/sensors/barn", bearer, body: #"{"name":"x"}"#)?.status == 403)
        let kept = house.backend.onLoop { $0.kept ?? [] }
        #expect(!String(decoding: kept, as: UTF8.self).contains(token.dropFirst(6)), "only its hash is kept")
        var restored = Access()
        KeptAccess.restore(kept, boot: "this", into: &restored)
        #expect(restored.tokens.values.map(\.id) == [id])
        #expect(restored.sessions.count == 1)
        restored = Access()
        KeptAccess.restore(kept, boot: "another", into: &restored)
        #expect(restored.sessions.isEmpty && restored.tokens.count == 1)
        #expect(house.remote().ask("DELETE", "/v1/access/\(id)", headers)?.status == 204)
        #expect(house.remote().get("/v1/status", bearer)?.status == 401)
        #expect(house.remote().ask("DELETE", "/v1/access/\(id)", headers)?.status == 404)
    }

    @Test func aTokenIsNotBelievedByAClockThatIsBehind() throws {
        var access = Access()
        let secret = Secret()
        try access.addToken(
            .init(id: "t", name: "", scope: .view, hash: secret.hash, made: 1_000_000, until: 1_003_600))
        #expect(access.token(secret.text, unixTime: 1_000_100) != nil)
        #expect(access.token(secret.text, unixTime: 1_003_600) == nil)
        #expect(access.token(secret.text, unixTime: 86_400) == nil)
    }

    @Test func whoGuessesIsSoonNotListenedTo() throws {
        let house = try House()
        var statuses: [Int] = []
        for index in 0..<30 {
            let answer = house.remote().get(
                "/v1/status", ["Host": house.host, "Authorization": "Bearer bothy_\(index)"])
            statuses.append(answer?.status ?? 0)
        }
        #expect(statuses.first == 401)
        #expect(statuses.suffix(10).allSatisfy { $0 == 429 })
    }

    @Test func otherSitesCannotWrite() throws {
        let house = try House()
        let cookie = try signIn(house)
        let own = "http://\(house.host)"
        func rename(_ headers: [String: String]) -> Int? {
            house.remote().ask(
                "PATCH", "/v1/sensors/barn", headers.merging(["Host": house.host, "Cookie": cookie]) { $1 },
                body: #"{"name":"Barn"}"#)?.status
        }
        #expect(rename(["X-Bothy": "1", "Origin": own, "Sec-Fetch-Site": "same-origin"]) == 200)
        #expect(rename(["Origin": own]) == 403, "without the header")
        #expect(rename(["X-Bothy": "1", "Origin": "http://evil.example"]) == 403)
        #expect(rename(["X-Bothy": "1", "Origin": "null"]) == 403)
        #expect(rename(["X-Bothy": "1", "Sec-Fetch-Site": "cross-site"]) == 403)
        #expect(rename(["X-Bothy": "1", "Sec-Fetch-Site": "same-site"]) == 403)
        #expect(rename(["X-Bothy": "1", "Content-Type": "text/plain"]) == 415)
        #expect(rename(["X-Bothy": "1", "Content-Type": "application/x-www-form-urlencoded"]) == 415)
    }

    @Test func otherSitesCannotListen() throws {
        let house = try House()
        let cookie = try signIn(house, scope: "view")
        let own = "http://\(house.host)"
        func open(_ headers: [String: String]) -> Int? {
            WebSocketClient(
                house.remote(), "/v1/live", host: house.host,
                headers: headers.merging(["Cookie": cookie]) { own, _ in own })?
                .handshake.status
        }
        #expect(open(["Origin": own]) == 101)
        #expect(open(["Origin": "http://evil.example"]) == 403)
        #expect(open(["Origin": own, "Host": "evil.example"]) == 421)
        #expect(open(["Origin": own, "Cookie": "bothy=0"]) == 401)
        let events = house.remote().get(
            "/v1/live", ["Host": house.host, "Cookie": cookie, "Origin": "http://evil.example"])
        #expect(events?.status == 403)
    }

    @Test func aRevokedSessionIsCutOff() throws {
        let house = try House()
        let (admin, guest) = (try signIn(house), try signIn(house, scope: "view"))
        let socket = try #require(
            WebSocketClient(house.remote(), "/v1/live", host: house.host, headers: ["Cookie": guest]))
        #expect(socket.receive() != nil)
        let me = try #require(house.remote().get("/v1/session", ["Host": house.host, "Cookie": guest]))
        let id = try #require(try JSONReader.read(me.body)["id"]?.string)
        let answer = house.remote().ask(
            "DELETE", "/v1/access/\(id)", ["Host": house.host, "X-Bothy": "1", "Cookie": admin])
        #expect(answer?.status == 204)
        while socket.receive() != nil {}
        #expect(house.remote().get("/v1/status", ["Host": house.host, "Cookie": guest])?.status == 401)
    }

    @Test func theSocketIsForItsOwnerAndGroup() throws {
        let house = try House()
        var info = stat()
        #expect(stat(house.socket, &info) == 0)
        #expect(info.st_mode & 0o777 == 0o600)
    }
}
