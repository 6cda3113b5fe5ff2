import Foundation
import Testing

@testable import Control

/// Clients that mean harm or know no better. After each the server still answers, and holds nothing of theirs.
@Suite("Bad clients do no harm", .serialized)
struct HostileTests {
    static let seed = Vectors.seed

    func answers(_ house: House) -> Bool { house.local().get("/v1/status")?.status == 200 }

    @Test func malformedRequests() throws {
        let house = try House { $0.strangers = (burst: 1e9, perSecond: 1e9) }
        let requests = [
            "", "\r\n", "GET\r\n\r\n", "GET / \r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "FOO / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /\u{0} HTTP/1.1\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
            "GET /%ff%fe HTTP/1.1\r\nHost: \(house.host)\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
            "GET //////../../../etc/passwd HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
            "GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
            "GET http://evil.example/ HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\nHost: \(house.host)\n\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nHost: \(house.host)\r\nUpgrade: h2c\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \(house.host)\r\n : \r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}",
            "POST /v1/session HTTP/1.1\r\nHost: \(house.host)\r\nContent-Length: -5\r\n\r\nhello",
            "POST /v1/session HTTP/1.1\r\nHost: \(house.host)\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST /v1/session HTTP/1.1\r\nHost: \(house.host)\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "POST /v1/session HTTP/1.1\r\nHost: \(house.host)\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "POST /v1/session HTTP/1.1\r\nHost: \(house.host)\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n",
            "GET /v1/status HTTP/1.1\r\nHost: \(house.host)\r\nContent-Length: 10\r\n\r\n0123456789",
        ]
        for request in requests {
            let client = house.remote()
            client.send(request)
            client.halfClose()
            let answer = String(decoding: client.readAll(), as: UTF8.self)
            // One answer at most: a second would be to what was smuggled behind the first.
            let count = answer.components(separatedBy: "HTTP/1.1 ").count - 1
            #expect(count <= 1, "\(request.debugDescription) → \(answer)")
            #expect(!answer.contains("root:"), "\(request.debugDescription)")
            #expect(!answer.contains("HTTP/1.1 5"), "\(request.debugDescription) → \(answer.prefix(200))")
        }
        #expect(answers(house))
    }

    @Test func randomAndTornRequests() throws {
        let house = try House { $0.strangers = (burst: 1e9, perSecond: 1e9) }
        var random = Vectors.Seeded(state: Self.seed | 1)
        let head =
            "POST /v1/session?a=b%20c HTTP/1.1\r\nHost: \(house.host)\r\nX-Bothy: 1\r\nContent-Type: application/json\r\n"
            + "Origin: http://\(house.host)\r\nCookie: bothy=1234\r\nContent-Length: 15\r\n\r\n"
        let good = Array((head + #"{"link":"abcd"}"#).utf8)
        for _ in 0..<400 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            let client = house.remote()
            client.send(Array(bytes[..<Int.random(in: 0...bytes.count, using: &random)]))
            // Some go politely, some just go.
            if Bool.random(using: &random) {
                client.halfClose()
                #expect(!String(decoding: client.readAll(), as: UTF8.self).contains("HTTP/1.1 5"), "seed \(Self.seed)")
            }
        }
        #expect(answers(house))
    }

    @Test func whatIsTooLargeIsRefused() throws {
        let house = try House()
        let long = String(repeating: "x", count: 20_000)
        for request in [
            "GET /\(long) HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \(house.host)\r\nX-Long: \(long)\r\n\r\n",
            "GET /?\(long) HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
            "GET /?" + (0..<500).map { "a\($0)=1&" }.joined() + " HTTP/1.1\r\nHost: \(house.host)\r\n\r\n",
        ] {
            let client = house.remote()
            client.send(request)
            client.halfClose()
            let answer = String(decoding: client.readAll().prefix(64), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.0 4"), "\(answer)")
        }
        let body = house.local().ask("POST", "/v1/config/check", [:], body: String(repeating: "x", count: 300_000))
        #expect(body?.status == 413)
        let deep = String(repeating: "[", count: 100_000)
        #expect(house.local().ask("POST", "/v1/config/check", [:], body: deep)?.status == 400)
        #expect(answers(house))
    }

    @Test func slowClientsAreCutOffAndCostOthersNothing() throws {
        let house = try House {
            $0.headSeconds = 2
            $0.bodySeconds = 2
        }
        let (head, body) = (house.remote(), house.remote())
        head.send("GET /v1/status HTTP/1.1\r\nHost: ")
        body.send(
            "POST /v1/session HTTP/1.1\r\nHost: \(house.host)\r\nX-Bothy: 1\r\nContent-Type: application/json\r\n"
                + "Content-Length: 1000\r\n\r\n")
        // A byte now and then must not keep either open.
        for _ in 0..<12 {
            head.send("x")
            body.send(" ")
            #expect(answers(house))
            Thread.sleep(forTimeInterval: 0.3)
        }
        #expect(!String(decoding: head.readAll(), as: UTF8.self).contains("200 OK"))
        #expect(!String(decoding: body.readAll(), as: UTF8.self).contains("200 OK"))
    }

    @Test func tooManyConnectionsOfOneAddressLeaveRoomForOthers() throws {
        let house = try House {
            $0.mostConnections = 40
            $0.mostConnectionsAnAddress = 20
        }
        let flood = (0..<60).map { _ in house.remote() }
        Thread.sleep(forTimeInterval: 0.2)
        #expect(answers(house), "the Unix socket is not locked out")
        withExtendedLifetime(flood) {}
    }

    @Test func abruptEndsInTheMiddleOfAnAnswer() throws {
        let house = try House()
        house.backend.onLoop { $0.backdate(stream: 1, count: 200_000) }
        for _ in 0..<20 {
            let client = house.local()
            client.send("GET /v1/sensors/strap/ecg/samples?format=csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = client.read(1000)
        }
        for _ in 0..<20 {
            let client = house.local()
            client.send("GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = client.read(100)
        }
        #expect(answers(house))
        // The server notices those that left within a moment.
        var left = 1
        for _ in 0..<100 where left > 0 {
            left = house.backend.onLoop { $0.viewers.count }
            Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(left == 0)
    }

    @Test func hostileWebSockets() throws {
        let house = try House()
        var random = Vectors.Seeded(state: Self.seed &+ 99 | 1)
        for turn in 0..<60 {
            guard let socket = WebSocketClient(house.local(), "/v1/live", host: "localhost") else {
                Issue.record("no handshake")
                return
            }
            switch turn % 6 {
            case 0: socket.client.send((0..<200).map { _ in UInt8.random(in: 0...255, using: &random) })
            case 1: socket.client.send([0x81, 0xff] + [UInt8](repeating: 0xff, count: 8))
            case 2: socket.client.send([0x81, 5] + Array("hello".utf8))
            case 3: for _ in 0..<100 { socket.send(#"{"type":"focus","sensor":"x"}"#) }
            case 4: socket.send("{{{{")
            default: socket.client.send([0x88, 0x80, 0, 0, 0, 0])
            }
        }
        #expect(answers(house))
        for path in ["/v1/status", "/", "/v1/nothing", "/v1/access/links"] {
            let socket = WebSocketClient(house.local(), path, host: "localhost")
            #expect(socket?.handshake.status != 101, "\(path)")
        }
    }

    @Test func subscribersAreBounded() throws {
        let house = try House { $0.mostSubscribers = 3 }
        let open = (0..<3).map { _ in WebSocketClient(house.local(), "/v1/live", host: "localhost") }
        #expect(open.allSatisfy { $0?.handshake.status == 101 })
        #expect(WebSocketClient(house.local(), "/v1/live", host: "localhost")?.handshake.status == 503)
        #expect(house.local().get("/v1/live")?.status == 503)
    }
}
