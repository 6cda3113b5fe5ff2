import Testing

@testable import Links

/// A device with a heart rate service, a protected one, and a database hash: answers as the specification says, in messages
/// as small as it likes.
struct LittleServer {
    var hash: [UInt8]? = [UInt8](repeating: 7, count: 16)
    var mtu = 23
    var security = 1
    var asked: [UInt8] = []
    var written: [UInt16: [UInt8]] = [:]
    let long = [UInt8](0..<60)

    /// (handle, type, value); 10 is the measurement, 13 a long value, 16 a protected one.
    var attributes: [(UInt16, UInt16, [UInt8])] {
        [
            (1, 0x2800, [0x0D, 0x18]), (9, 0x2803, [0x10, 10, 0, 0x37, 0x2A]), (10, 0x2A37, []), (11, 0x2902, [0, 0]),
            (12, 0x2803, [0x02, 13, 0, 0x38, 0x2A]), (13, 0x2A38, long),
            (14, 0x2800, [0x0F, 0x18]), (15, 0x2803, [0x22, 16, 0, 0x19, 0x2A]), (16, 0x2A19, [55]),
            (17, 0x2902, [0, 0]),
        ]
    }

    mutating func answer(_ request: [UInt8]) -> [UInt8]? {
        asked.append(request[0])
        let word = { (at: Int) in UInt16(request[at]) | UInt16(request[at + 1]) << 8 }
        func error(_ code: UInt8) -> [UInt8] { [1, request[0], request[1], request[2], code] }
        switch request[0] {
        case 0x02: return [3, UInt8(mtu), 0]
        case 0x08 where word(5) == 0x2B2A: return hash.map { [9, 18, 5, 0] + $0 } ?? error(0x0A)
        case 0x08, 0x10:
            // One at a time: the smallest answers that are allowed.
            guard let found = attributes.first(where: { $0.0 >= word(1) && $0.1 == word(5) }) else {
                return error(0x0A)
            }
            let handle: [UInt8] = [UInt8(found.0), 0]
            if request[0] == 0x08 { return [9, UInt8(2 + found.2.count)] + handle + found.2 }
            return [0x11, UInt8(4 + found.2.count)] + handle + [found.0 == 1 ? 13 : 17, 0] + found.2
        case 0x04:
            guard let found = attributes.first(where: { $0.0 >= word(1) && $0.0 <= word(3) }) else {
                return error(0x0A)
            }
            return [5, 1, UInt8(found.0), 0, UInt8(found.1 & 255), UInt8(found.1 >> 8)]
        case 0x0A, 0x0C:
            if word(1) == 16, security < 2 { return error(0x05) }
            let value = attributes.first { $0.0 == word(1) }!.2
            let part = value.dropFirst(request[0] == 0x0C ? Int(word(3)) : 0).prefix(mtu - 1)
            return [request[0] + 1] + part
        case 0x12:
            written[word(1)] = Array(request[3...])
            return [0x13]
        default: return nil
        }
    }
}

@Suite struct GattSessionTests {
    /// Runs a session against the server until neither says anything.
    struct Run {
        var session: GattSession
        var server: LittleServer
        var values: [(AttUUID, [UInt8])] = []
        var remembered: GattDatabase?
        var running = false
        var failure: SessionFailure?
        var raised: [Int] = []

        mutating func tell(_ event: GattSession.Event, now: Int64 = 0) {
            for directive in session.handle(event, now: now) {
                switch directive {
                case .send(let bytes): if let answer = server.answer(bytes) { receive(answer, now: now) }
                case .raiseSecurity(let level):
                    raised.append(level)
                    server.security = level
                    tell(.secured(level: level), now: now)
                case .remember(let database): remembered = database
                case .running: running = true
                case .value(let uuid, let bytes): values.append((uuid, bytes))
                case .fail(let why): failure = why
                case .log: break
                }
            }
        }

        mutating func receive(_ bytes: [UInt8], now: Int64 = 0) {
            bytes.withUnsafeBytes { raw in
                let copy = Array(raw)
                copy.withUnsafeBytes { tell(.received($0), now: now) }
            }
        }
    }

    let heart = SessionPlan(parts: [
        .init(
            services: [AttUUID(0x180D)], subscribe: [AttUUID(0x2A37)],
            read: [.init(characteristic: AttUUID(0x2A38), everySeconds: 60)], write: [])
    ])
    let battery = SessionPlan(parts: [.init(read: [.init(characteristic: AttUUID(0x2A19), everySeconds: 0)])])

    @Test func discoversSubscribesReadsAndRemembers() throws {
        var run = Run(session: GattSession(plan: heart), server: LittleServer())
        run.tell(.connected(security: 1))
        #expect(run.running && run.failure == nil)
        #expect(run.server.written == [11: [1, 0]])
        #expect(
            run.values.count == 1 && run.values[0] == (AttUUID(0x2A38), run.server.long),
            "long values are read in parts")
        let database = try #require(run.remembered)
        #expect(database.characteristics.map(\.value) == [10, 13, 16])
        #expect(database.characteristics.map(\.configuration) == [11, 0, 17])
        #expect(GattDatabase(stored: database.stored) == database)
        run.receive([0x1B, 10, 0, 0, 72])
        #expect(run.values.last! == (AttUUID(0x2A37), [0, 72]))
        run.tell(.timer, now: 61 * second)
        #expect(run.values.count == 3)
    }

    @Test func theSameHashSparesTheDiscovery() {
        var first = Run(session: GattSession(plan: heart), server: LittleServer())
        first.tell(.connected(security: 1))
        var again = Run(session: GattSession(plan: heart, remembered: first.remembered), server: LittleServer())
        again.tell(.connected(security: 1))
        #expect(again.running && !again.server.asked.contains(0x10) && !again.server.asked.contains(0x04))
        var changed = Run(session: GattSession(plan: heart, remembered: first.remembered), server: LittleServer())
        changed.server.hash = [UInt8](repeating: 8, count: 16)
        changed.tell(.connected(security: 1))
        #expect(changed.running && changed.server.asked.contains(0x10))
        #expect(changed.remembered?.hash == changed.server.hash)
    }

    @Test func withoutAHashItIsDiscoveredEachTime() {
        var run = Run(session: GattSession(plan: heart), server: LittleServer())
        run.server.hash = nil
        run.tell(.connected(security: 1))
        #expect(run.running && run.remembered == nil)
    }

    @Test func aProtectedValueIsReadOnAnEncryptedLinkWhereThereIsAKey() {
        var bonded = Run(session: GattSession(plan: battery, bondLevel: 2), server: LittleServer())
        bonded.tell(.connected(security: 1))
        #expect(bonded.raised == [2] && bonded.values.map(\.1) == [[55]] && bonded.running)
        var stranger = Run(session: GattSession(plan: battery), server: LittleServer())
        stranger.tell(.connected(security: 1))
        #expect(stranger.raised.isEmpty && stranger.failure == .needsPairing)
    }

    @Test func indicationsAreConfirmedAndQuestionsRefused() {
        var session = GattSession(plan: heart)
        _ = session.handle(.connected(security: 1), now: 0)
        func receive(_ bytes: [UInt8]) -> GattSession.Directive? {
            bytes.withUnsafeBytes { session.handle(.received($0), now: 0) }.first
        }
        #expect(receive([0x1D, 10, 0, 1]) == .send([0x1E]))
        #expect(receive([0x10, 1, 0, 255, 255, 0, 0x28]) == .send([1, 0x10, 1, 0, 0x0A]))
        #expect(receive([0x02, 100, 0]) == .send([3, 5, 2]))
        #expect(session.mtu == 100)
    }

    @Test func aSilentDeviceIsGivenUpAndAnEndlessListToo() {
        var session = GattSession(plan: heart)
        _ = session.handle(.connected(security: 1), now: 0)
        #expect(session.handle(.timer, now: 29 * second).isEmpty)
        #expect(session.handle(.timer, now: 31 * second) == [.fail(.noAnswer)])
        var discovery = GattDiscovery()
        let forward = discovery.take(.byGroup([(5, 5, [1, 2])]))
        let again = discovery.take(.byGroup([(5, 5, [1, 2])]))
        #expect(forward && !again, "an answer that does not go forward")
    }

    @Test func noiseEndsASessionButNeverTraps() {
        var random = Seeded()
        for _ in 0..<3000 {
            var session = GattSession(plan: heart)
            _ = session.handle(.connected(security: 1), now: 0)
            for _ in 0..<20 {
                var bytes = random.bytes(Int.random(in: 0...40, using: &random))
                if !bytes.isEmpty, Bool.random(using: &random) {
                    bytes[0] = [1, 3, 5, 9, 0x11, 0x0B, 0x13, 0x1B].randomElement(using: &random)!
                }
                _ = bytes.withUnsafeBytes { session.handle(.received($0), now: 0) }
            }
        }
    }
}
