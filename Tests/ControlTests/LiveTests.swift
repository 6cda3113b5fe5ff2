import Foundation
import Measurements
import Notation
import Testing

@testable import Control

@Suite("Live streams have no gap and no double")
struct LiveTests {
    /// Reads samples of a stream until `count` are there; fails at the first number that is out of order.
    func follow(_ socket: WebSocketClient, stream: Int64, from begin: Int64? = nil, count: Int) throws -> Int64 {
        var next = begin
        var seen = 0
        while seen < count {
            let message = try #require(socket.receiveJSON())
            #expect(message["type"]?.string != "dropped")
            for part in message["streams"]?.array ?? []
            where part["stream"]?.integer == stream && message["type"]?.string == "samples" {
                let (first, values) = (try #require(part["first"]?.integer), try #require(part["v"]?.array))
                if let next { #expect(first == next, "the seam") }
                #expect(part["t"]?.array?.count == values.count)
                next = first + Int64(values.count)
                seen += values.count
            }
        }
        return try #require(next)
    }

    func cursor(_ stream: Int64, _ next: Int64) -> String {
        LiveCursor(run: RunID(high: 7, low: 11), next: [StreamNumber(stream): SampleNumber(next)]).text
    }

    @Test func goesOnWhereItEnded() throws {
        let house = try House()
        let first = try #require(WebSocketClient(house.local(), "/v1/live?sensors=strap", host: "localhost"))
        #expect(first.handshake.status == 101)
        let hello = try #require(first.receiveJSON())
        #expect(hello["type"]?.string == "streams")
        #expect(hello["streams"]?.array?.compactMap { $0["attribute"]?.string } == ["ecg", "rate"])
        let next = try follow(first, stream: 1, count: 60)
        let second = try #require(
            WebSocketClient(house.local(), "/v1/live?sensors=strap&after=\(cursor(1, next))", host: "localhost"))
        _ = try follow(second, stream: 1, from: next, count: 60)
    }

    @Test func whatTheRingForgotComesFromTheStore() throws {
        let house = try House()
        // Faster than the ring is long: what is before must come from the store.
        house.backend.onLoop { $0.backdate(stream: 1, count: 6000) }
        let socket = try #require(
            WebSocketClient(house.local(), "/v1/live?sensors=strap&after=\(cursor(1, 0))", host: "localhost"))
        let next = try follow(socket, stream: 1, from: 0, count: 6100)
        #expect(next >= 6100)
    }

    @Test func framesSayTheSameAsJSON() throws {
        let house = try House()
        let socket = try #require(
            WebSocketClient(
                house.local(), "/v1/live?sensors=strap&history=5000", host: "localhost", subprotocol: "bothy.frames.v1")
        )
        #expect(socket.handshake.headers["sec-websocket-protocol"] == "bothy.frames.v1")
        var next: SampleNumber?
        var seen = 0
        while seen < 50 {
            let message = try #require(socket.receive())
            guard message.binary else { continue }
            var reader = ByteReader(Array(message.bytes.dropFirst()))
            #expect(message.bytes[0] == 1)
            while reader.remaining > 0 {
                let stream = try reader.varint("stream")
                let first = try reader.varint("first")
                let samples = try Packing.unpack(try reader.block("packed", most: 65536), mostSamples: 4096)
                guard stream == 1 else { continue }
                if let next { #expect(first == next) }
                next = first + SampleNumber(samples.count)
                seen += samples.count
                #expect(samples.kind == .integer(scale: -3))
            }
        }
    }

    @Test func eventStreamsCarryACursor() throws {
        let house = try House()
        let client = house.local()
        client.send("GET /v1/live?sensors=strap HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        var events: [String] = []
        var id: String?
        while events.filter({ $0 == "samples" }).count < 3 {
            let line = try #require(client.readLine())
            if line.hasPrefix("event: ") { events.append(String(line.dropFirst(7))) }
            if line.hasPrefix("id: ") { id = String(line.dropFirst(4)) }
        }
        #expect(events.first == "streams")
        let cursor = try #require(id.flatMap { LiveCursor($0) })
        #expect(cursor.next[1] ?? 0 > 0)
        // A browser that comes back says where it was.
        let again = house.local()
        again.send("GET /v1/live?sensors=strap HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \(cursor.text)\r\n\r\n")
        while let line = again.readLine() {
            guard line.hasPrefix("data: "), let value = try? JSONReader.read(String(line.dropFirst(6))),
                value["type"]?.string == "samples",
                let part = value["streams"]?.array?.first(where: { $0["stream"]?.integer == 1 })
            else { continue }
            #expect(part["first"]?.integer == Int64(cursor.next[1] ?? 0))
            return
        }
        Issue.record("nothing came")
    }

    @Test func pausesSelectsAndCountsAsAViewer() throws {
        let house = try House()
        let socket = try #require(WebSocketClient(house.local(), "/v1/live", host: "localhost"))
        let hello = try #require(socket.receiveJSON())
        #expect(hello["streams"]?.array?.count == 4)
        socket.send(#"{"type":"select","sensors":["barn"],"every":true}"#)
        while let message = socket.receiveJSON() {
            guard message["type"]?.string == "streams" else { continue }
            if message["streams"]?.array?.count == 1 { break }
        }
        _ = try follow(socket, stream: 3, count: 10)
        #expect(house.backend.onLoop { $0.viewers.values.first?.sensors } == ["barn"])
        socket.send(#"{"type":"focus","sensor":"barn"}"#)
        _ = try follow(socket, stream: 3, count: 10)
        #expect(house.backend.onLoop { $0.viewers.values.first?.focused } == "barn")
        socket.send(#"{"type":"pause"}"#)
        while house.backend.onLoop({ $0.viewers.count }) > 0 {}
    }

    @Test func aStalledReaderIsToldWhatItMissedAndCostsOthersNothing() throws {
        let house = try House()
        house.backend.onLoop { $0.forgetful = true }
        let stalled = try #require(WebSocketClient(house.local(), "/v1/live?every=true", host: "localhost"))
        let other = try #require(WebSocketClient(house.local(), "/v1/live?sensors=strap", host: "localhost"))
        // Enough that no socket buffer holds it, in steps the rings can follow.
        for _ in 0..<400 {
            house.backend.onLoop { $0.backdate(stream: 4, count: 700) }
            Thread.sleep(forTimeInterval: 0.004)
        }
        _ = try follow(other, stream: 1, count: 100)
        var (told, next) = (Int64(0), Int64?.none)
        while told == 0 {
            let message = try #require(stalled.receiveJSON())
            if message["type"]?.string == "dropped", message["stream"]?.integer == 4 {
                told += message["count"]?.integer ?? 0
                if next != nil { #expect(message["from"]?.integer == next) }
                next = message["to"]?.integer
            }
            for part in message["streams"]?.array ?? [] where part["stream"]?.integer == 4 && part["v"] != nil {
                let first = try #require(part["first"]?.integer)
                if let next { #expect(first == next) }
                next = first + Int64(part["v"]?.array?.count ?? 0)
            }
        }
        #expect(told > 0)
    }

    @Test func tiersFallWithPressureAndRecover() throws {
        let request = Request(method: .get, path: "", peer: .local(process: 0, user: 0))
        let subscriber = Subscriber(
            exchange: Exchange(id: 1, connection: OpaquePointer(bitPattern: 8)!, request: request), form: .json,
            selection: .init())
        let second: Int64 = 1_000_000_000
        var now = 100 * second
        for expected in [1, 2, 3, 3] {
            subscriber.judge(pressed: true, now: now)
            subscriber.judge(pressed: true, now: now + 1)
            #expect(subscriber.tier == expected)
            now += 2 * second
        }
        var changes: [Int64] = []
        for _ in 0..<40 {
            let before = subscriber.tier
            subscriber.judge(pressed: false, now: now)
            if subscriber.tier != before { changes.append(now / second) }
            now += second
        }
        #expect(subscriber.tier == 0)
        #expect(zip(changes, changes.dropFirst()).allSatisfy { $1 - $0 == 8 }, "one tier every 8 s: \(changes)")
    }
}
