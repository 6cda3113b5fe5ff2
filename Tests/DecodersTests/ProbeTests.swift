import Decoders
import Foundation
import Measurements
import Notation
import Testing

/// A line as it is between two chips: bits in time, read at whatever speed the listener has chosen.
struct Wire {
    /// Changes of level: (time in seconds, level).
    private var edges: [(time: Double, high: Bool)] = [(-1, true)]

    mutating func send(_ bytes: [UInt8], at start: Double, baud: Int, sevenEven: Bool = false) -> Double {
        let bit = 1 / Double(baud)
        var time = start
        for byte in bytes {
            var value = byte
            // Seven bits and parity look like eight bits to who does not know.
            if sevenEven {
                value = byte & 0x7f
                if value.nonzeroBitCount & 1 == 1 { value |= 0x80 }
            }
            var bits = [false]
            for index in 0..<8 { bits.append(value >> UInt8(index) & 1 == 1) }
            bits.append(true)
            for (index, level) in bits.enumerated() where edges.last!.high != level {
                edges.append((time + Double(index) * bit, level))
            }
            time += 10 * bit
        }
        return time
    }

    private func level(_ time: Double, from index: inout Int) -> Bool {
        while index + 1 < edges.count, edges[index + 1].time <= time { index += 1 }
        return edges[index].high
    }

    /// What a receiver at `baud` makes of it between two times; a wrong stop bit reads as 0, as the port is set.
    func read(from start: inout Double, to end: Double, baud: Int, sevenEven: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        let bit = 1 / Double(baud)
        var time = start
        defer { start = max(time, end) }
        var (at, high) = (0, edges.count)
        while at < high {
            let middle = (at + high) / 2
            if edges[middle].time < time { at = middle + 1 } else { high = middle }
        }
        while let falling = nextFall(after: time, &at), falling < end {
            var cursor = at
            var value: UInt8 = 0
            for index in 0..<8 where level(falling + (1.5 + Double(index)) * bit, from: &cursor) {
                value |= 1 << UInt8(index)
            }
            let stop = level(falling + 9.5 * bit, from: &cursor)
            var byte = stop ? value : 0
            if sevenEven { byte = value.nonzeroBitCount & 1 == 0 && stop ? value & 0x7f : 0 }
            bytes.append(byte)
            time = falling + 9.5 * bit
        }
        return bytes
    }

    private func nextFall(after time: Double, _ index: inout Int) -> Double? {
        while index < edges.count, edges[index].time < time || edges[index].high { index += 1 }
        return index < edges.count ? edges[index].time : nil
    }
}

@Suite struct ProbeTests {
    struct Talker {
        var name: String
        var kind: PortProbe.Finding.Kind
        var period: Double
        var sevenEven = false
        var message: (Int) -> [UInt8]
    }

    static func talkers() throws -> [Talker] {
        func sentence(_ body: String) -> [UInt8] {
            Array("$\(body)*\(Hex.encode([body.utf8.reduce(UInt8(0)) { $0 ^ $1 }]))\r\n".utf8)
        }
        let sml = try sample("sml.txt").split(separator: "\n").map { Hex.decode($0)! }
        let text = try sample("dsmr5.txt").replacing("\n", with: "\r\n")
        let body = Array(text[...text.firstIndex(of: "!")!].utf8)
        let crc = String(CRC.arc.of(body), radix: 16, uppercase: true)
        let telegram = body + Array((String(repeating: "0", count: 4 - crc.count) + crc + "\r\n").utf8)
        return [
            Talker(name: "nmea", kind: .nmea, period: 1) { second in
                sentence("GPGGA,1235\(10 + second % 50),4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
                    + sentence("GPRMC,1235\(10 + second % 50),A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W")
            },
            Talker(name: "sds011", kind: .description("sds011"), period: 1) { _ in FramerTests.measurement },
            Talker(name: "sml", kind: .sml, period: 1) { second in sml[second % 3] },
            Talker(name: "dsmr", kind: .dsmr, period: 1) { _ in telegram },
            Talker(name: "dsmr, seven bits", kind: .dsmr, period: 1, sevenEven: true) { _ in telegram },
            Talker(name: "json", kind: .json, period: 0.5) { n in
                Array("{\"t\":2\(n % 10).5,\"h\":40,\"ok\":true}\n".utf8)
            },
            Talker(name: "csv", kind: .csv, period: 0.5) { n in Array("2\(n % 10).5,40.1,\(1000 + n)\r\n".utf8) },
            Talker(name: "keyvalue", kind: .keyValue, period: 0.5) { n in Array("T=2\(n % 10).5 H=40.1 N=\(n)\n".utf8)
            },
        ]
    }

    /// Runs a probe against a wire, in the wire's own time.
    static func probe(_ wire: Wire, _ library: DecoderLibrary, seconds: Int = 10)
        -> (finding: PortProbe.Finding?, after: Double)
    {
        var probe = PortProbe(library: library, now: 0, seconds: seconds)
        var (baud, sevenEven) = (9_600, false)
        // `heard` is where the receiver is on the wire: a byte may end after its time slice.
        var (now, heard, wake) = (0.0, 0.0, Double(seconds))
        var directives = probe.handle(.started, now: 0)
        while true {
            for directive in directives {
                switch directive {
                case .listen(let speed, let isSevenEven): (baud, sevenEven, heard) = (speed, isSevenEven, now)
                case .wake(let at): wake = Double(at) / 1e9
                case .finished(let finding): return (finding, now)
                }
            }
            // The port hands over what came in ten milliseconds at once.
            let until = min(wake, now + 0.01)
            let bytes = wire.read(from: &heard, to: until, baud: baud, sevenEven: sevenEven)
            now = max(until, now + 1e-6)
            let time = Int64(now * 1e9)
            directives = bytes.isEmpty ? [] : bytes.withUnsafeBytes { probe.handle(.received($0), now: time) }
            if bytes.isEmpty, now >= wake { directives = probe.handle(.woken, now: time + 1) }
        }
    }

    /// Protocols × speeds × noise, in virtual time: what is found is right, and nearly all is found.
    @Test func recognises() throws {
        var random = Seeded(11)
        let library = try shippedDecoders()
        var (all, right, wrong) = (0, 0, [String]())
        var missed: [String] = []
        for talker in try Self.talkers() {
            for baud in [4_800, 9_600, 19_200, 38_400, 57_600, 115_200] {
                // A telegram of 900 bytes takes two seconds at 4,800.
                if talker.message(0).count * 10 > Int(Double(baud) * talker.period) { continue }
                for noise in [0, 0.001, 0.005] {
                    var wire = Wire()
                    var time = Double.random(in: -1..<0, using: &random)
                    for second in 0..<24 {
                        var message = talker.message(second)
                        for index in message.indices where Double.random(in: 0..<1, using: &random) < noise {
                            message[index] ^= 1 << UInt8.random(in: 0...6, using: &random)
                        }
                        let end = wire.send(message, at: time, baud: baud, sevenEven: talker.sevenEven)
                        time = max(end, time + talker.period)
                    }
                    all += 1
                    let (finding, _) = Self.probe(wire, library)
                    let label = "\(talker.name) at \(baud), noise \(noise)"
                    if let finding, finding.kind == talker.kind, finding.baud == baud,
                        finding.sevenEven == talker.sevenEven
                    {
                        right += 1
                    } else if let finding {
                        wrong.append("\(label): \(finding)")
                    } else {
                        missed.append(label)
                    }
                }
            }
        }
        #expect(wrong.isEmpty, "seed \(random.seed): \(wrong)")
        #expect(Double(right) >= 0.95 * Double(all), "seed \(random.seed): \(right) of \(all), missed \(missed)")
        print("probe: \(right) of \(all) recognised within 10 s, \(wrong.count) wrongly")
    }

    /// Noise, silence, text in prose, foreign binary: nothing is recognised.
    @Test func isNotFooled() throws {
        var random = Seeded(12)
        let library = try shippedDecoders()
        let prose = "The quick brown fox jumps over 13 lazy dogs\r\nand so on: boot ok\r\nversion 1.2 of 2026\r\n"
        for round in 0..<40 {
            var wire = Wire()
            var time = 0.0
            let baud = PortProbe.speeds.randomElement(using: &random)!
            while time < 10 {
                var bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                if round % 3 == 1 { bytes = Array(prose.utf8) }
                if round % 3 == 2 { bytes = (0..<40).map { _ in UInt8.random(in: 32...126, using: &random) } + [10] }
                time = wire.send(bytes, at: time + Double.random(in: 0...0.4, using: &random), baud: baud)
            }
            #expect(Self.probe(wire, library).finding == nil, "seed \(random.seed), round \(round)")
        }
        #expect(Self.probe(Wire(), library).finding == nil)
    }

    @Test func proposesADescriptionThatWorks() throws {
        var wire = Wire()
        for second in 0..<10 {
            _ = wire.send(
                Array("{\"env\":{\"temp\":2\(second).5},\"on\":true}\n".utf8), at: Double(second), baud: 9_600)
        }
        let finding = try #require(Self.probe(wire, DecoderLibrary()).finding)
        let text = try #require(finding.proposal)
        var decoder = StreamDecoder(.described(try description(text)))
        let found = values(
            decode(Array("x\n{\"env\":{\"temp\":20.5},\"on\":true}\n".utf8), &decoder), decoder.attributes)
        #expect(found == ["env_temp": [.double(20.5)], "on": [.boolean(true)]])
    }

    @Test func modbusOnlyByAsking() {
        var probe = ModbusProbe()
        var now: Int64 = 0
        var directives = probe.start(now: now)
        var found: [ModbusProbe.Attempt]?
        var line = (baud: 0, isEven: false)
        while found == nil {
            var next: [ModbusProbe.Directive] = []
            var answered = false
            for directive in directives {
                switch directive {
                case .listen(let baud, let isEven): line = (baud, isEven)
                case .send(let request):
                    // Units 2 and 5 at 19,200 with even parity; 5 has no such register.
                    guard line == (19_200, true), request[0] == 2 || request[0] == 5 else { continue }
                    var answer: [UInt8] = request[0] == 2 ? [2, 3, 2, 0, 7] : [5, 0x83, 2]
                    let crc = CRC.modbus.of(answer)
                    answer += [UInt8(crc & 0xff), UInt8(crc >> 8)]
                    answered = true
                    next = (request + answer).withUnsafeBytes { probe.receive($0, now: now) }
                case .wake(let at):
                    if answered { continue }
                    now = at
                    next = probe.wake(now: now)
                case .finished(let attempts): found = attempts
                }
            }
            directives = next
        }
        #expect(found?.map(\.unit) == [2, 5])
        #expect(found?.allSatisfy { $0.baud == 19_200 && $0.isEven } == true)
        #expect(now < 10_000_000_000)
    }
}
