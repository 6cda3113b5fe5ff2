import Decoders
import Measurements
import Notation
import Testing

/// The Modbus master in virtual time: what it sends, when, and what it never mistakes.
@Suite struct ModbusMasterTests {
    static let second: Int64 = 1_000_000_000

    /// Plays the other end: hands over the bytes and follows the directives until a request goes out or time passes.
    struct Bench {
        var master: ModbusMaster
        var now: Int64 = 0
        var wake: Int64?
        var sent: [(at: Int64, bytes: [UInt8])] = []
        var values: [Int: [Value]] = [:]
        var faults: [ModbusMaster.ModbusFault: Int] = [:]
        var answering: [Bool] = []

        init(_ units: [ModbusMaster.Unit], _ timing: ModbusMaster.Timing = .init()) {
            master = ModbusMaster(units: units, timing: timing, now: 0)
        }

        mutating func take(_ directives: [ModbusMaster.Directive], _ readings: Readings = Readings()) {
            for directive in directives {
                switch directive {
                case .send(let bytes): sent.append((now, bytes))
                case .wake(let at): wake = at
                case .readings(let unit): values[unit, default: []] += readings.entries.map(\.value)
                case .fault(let fault, _, _): faults[fault, default: 0] += 1
                case .answering(let answers, _): answering.append(answers)
                }
            }
        }

        /// Lets time pass until the next request, which comes within a minute.
        mutating func next() {
            let before = sent.count
            take(master.wake(now: now))
            while sent.count == before {
                guard let wake, wake - now < 61 * ModbusMasterTests.second else {
                    Issue.record("no request within a minute")
                    return
                }
                now = max(now + 1, wake)
                take(master.wake(now: now))
            }
        }

        mutating func answer(_ bytes: [UInt8], afterMs delay: Int64 = 10) {
            now += delay * 1_000_000
            var readings = Readings()
            let directives = bytes.withUnsafeBytes { master.receive($0, now: now, into: &readings) }
            take(directives, readings)
        }
    }

    static func framed(_ body: [UInt8]) -> [UInt8] {
        let crc = CRC.modbus.of(body)
        return body + [UInt8(crc & 0xff), UInt8(crc >> 8)]
    }

    static func unit(_ registers: String, address: UInt8 = 1) throws -> ModbusMaster.Unit {
        let text = """
            {"decoder": "m", "version": 1, "attributes": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
             "serial": {"modbus": {"every_ms": 1000, "registers": [\(registers)]}}}
            """
        return ModbusMaster.Unit(
            address: address, registers: try #require(try description(text).serial?.modbus).registers)
    }

    static let one = #"{"attribute": "a", "table": "holding", "address": 0, "type": "u16be"}"#

    /// Senseair's own example: the request for status and carbon dioxide, and the answer of 400 ppm.
    @Test func senseairsExample() throws {
        let description = try #require(try shippedDecoders()["senseair-s8"])
        let modbus = try #require(description.serial?.modbus)
        var bench = Bench([.init(address: modbus.unit, registers: modbus.registers)])
        #expect(bench.master.requests == 1)
        bench.next()
        #expect(Hex.encode(bench.sent[0].bytes) == "fe0400000004e5c6")
        bench.answer(try #require(Hex.decode("fe0408000000000000019016e6")))
        #expect(bench.values[0] == [.boolean(false), .boolean(false), .integer(400)])
        // One register alone, as its manual shows it too.
        #expect(CRC.modbus.of([0xfe, 0x04, 0x00, 0x03, 0x00, 0x01]) == 0xc5d5)
        #expect(CRC.modbus.of([0xfe, 0x04, 0x02, 0x01, 0x90]) == 0xd8ac)
    }

    @Test func everyWrongBitIsNoticed() throws {
        let answer = Self.framed([1, 3, 2, 0x12, 0x34])
        for bit in 0..<answer.count * 8 {
            var changed = answer
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            var bench = Bench([try Self.unit(Self.one)])
            bench.next()
            bench.answer(changed)
            #expect(bench.values.isEmpty, "bit \(bit)")
        }
    }

    @Test func findsTheAnswerBehindNoiseAndEcho() throws {
        var bench = Bench([try Self.unit(Self.one)])
        bench.next()
        bench.answer([0xff, 0x00] + bench.sent[0].bytes)
        bench.answer(Self.framed([1, 3, 2, 0x12, 0x34]))
        #expect(bench.values[0] == [.integer(0x1234)])
    }

    /// The first request's answer comes after its time: it is never taken for the second request's, which is alike.
    @Test func aLateAnswerIsNotTheNextRequests() throws {
        let unit = try Self.unit(
            Self.one + #", {"attribute": "b", "table": "holding", "address": 500, "type": "u16be"}"#)
        var timing = ModbusMaster.Timing()
        timing.retries = 0
        var bench = Bench([unit], timing)
        bench.next()
        #expect(bench.sent[0].bytes[3] == 0)
        // Time is up; then it comes, while the master keeps silent.
        bench.now = try #require(bench.wake)
        bench.take(bench.master.wake(now: bench.now))
        bench.answer(Self.framed([1, 3, 2, 0xaa, 0xaa]), afterMs: 300)
        #expect(bench.values.isEmpty)
        bench.next()
        #expect(bench.sent[1].at - bench.now < Self.second)
        bench.answer(Self.framed([1, 3, 2, 0x00, 0x07]))
        #expect(bench.values[0] == [.integer(7)])
    }

    @Test func silentUnitsAreAskedLessAndLess() throws {
        var timing = ModbusMaster.Timing()
        timing.retries = 1
        var bench = Bench([try Self.unit(Self.one)], timing)
        for _ in 0..<24 { bench.next() }
        // Twice each time, then 1, 2, 4 … 60 s.
        let pauses = zip(bench.sent, bench.sent.dropFirst()).map { ($1.at - $0.at) / Self.second }
        #expect(pauses.filter { $0 > 0 } == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60])
        #expect(bench.faults[.noAnswer] == 23)
        #expect(bench.answering == [false])
        bench.answer(Self.framed([1, 3, 2, 0, 9]))
        #expect(bench.answering == [false, true])
        #expect(bench.values[0] == [.integer(9)])
    }

    @Test func groupsWhatIsNear() throws {
        func requests(_ addresses: [Int]) throws -> Int {
            let registers = addresses.map {
                #"{"attribute": "a", "table": "input", "address": \#($0), "type": "u16be"}"#
            }
            return Bench([try Self.unit(registers.joined(separator: ","))]).master.requests
        }
        #expect(try requests([0, 1, 2]) == 1)
        #expect(try requests([0, 9]) == 1)
        #expect(try requests([0, 10]) == 2)
        #expect(try requests([Int](stride(from: 0, to: 248, by: 8))) == 2)
        #expect(try requests([65_535]) == 1)
    }

    @Test func aRefusedGroupIsAskedOneByOne() throws {
        var bench = Bench([
            try Self.unit(Self.one + #", {"attribute": "b", "table": "holding", "address": 3, "type": "u16be"}"#)
        ])
        bench.next()
        bench.answer(Self.framed([1, 0x83, 2]))
        #expect(bench.faults[.exception] == 1)
        for value: UInt8 in [5, 6] {
            bench.next()
            #expect(bench.sent.last?.bytes[5] == 1)
            bench.answer(Self.framed([1, 3, 2, 0, value]))
        }
        #expect(bench.values[0] == [.integer(5), .integer(6)])
    }

    @Test func anyBytesAtAll() throws {
        var random = Seeded(31)
        for _ in 0..<300 {
            var bench = Bench([try Self.unit(Self.one)])
            bench.next()
            for _ in 0..<40 {
                let noise = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                bench.answer(noise, afterMs: Int64.random(in: 0...300, using: &random))
                if bench.now >= bench.wake ?? 0 { bench.take(bench.master.wake(now: bench.now)) }
            }
            #expect(bench.values.isEmpty, "seed \(random.seed)")
        }
    }
}
