import Decoders
import Measurements
import Notation
import Testing

@Suite struct NMEATests {
    private func read(_ text: String) -> (values: [String: [Value]], StreamDecoder) {
        var decoder = StreamDecoder(.nmea([]))
        let readings = decode(Array(text.utf8), &decoder)
        return (values(readings, decoder.attributes), decoder)
    }

    static let gga = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
    static let rmc = "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"

    /// The sentences that every description of the standard shows.
    @Test func theUsualExamples() {
        let (values, decoder) = read(Self.gga + Self.rmc)
        let position: [Value] = [.double(48 + 7.038 / 60), .double(11 + 31.0 / 60), .double(4.5)]
        #expect(values["position"] == position)
        #expect(values["altitude"] == [.integer(545_400)])
        #expect(values["satellites"] == [.integer(8)])
        #expect(values["fix_quality"] == [.integer(1)])
        #expect(values["course"] == [.integer(84_400)])
        #expect(values["speed"] == [.double(22.4 * 1852 / 3600)])
        #expect(decoder.frames == 2)
        #expect(decoder.faults.allSatisfy { $0 == 0 })
    }

    @Test func agreesWithPynmeagps() throws {
        let count = 600
        let lines = try Peer.run("serial_frames.py", ["nmea", "\(count)", "17"])
        #expect(lines.count == count)
        for line in lines {
            let bytes = try #require(Hex.decode(line["hex"]?.string ?? ""))
            var decoder = StreamDecoder(.nmea([]))
            let found = values(decode(bytes, &decoder), decoder.attributes)
            let kind = try #require(line["kind"]?.string)
            let fields = try #require(line["fields"])
            func theirs(_ name: String) -> Double { fields[name]?.double ?? .nan }
            func ours(_ name: String, _ part: Int = 0) -> Double {
                guard let list = found[name], part < list.count else { return .nan }
                return number(list[part], decoder.attributes.first { $0.name == name }!)
            }
            func same(_ name: String, _ field: String, part: Int = 0, factor: Double = 1, within: Double = 1e-9) {
                #expect(
                    abs(ours(name, part) - theirs(field) * factor) <= within,
                    "\(name): \(ours(name, part)), \(theirs(field) * factor) in \(String(decoding: bytes, as: UTF8.self))"
                )
            }
            #expect(decoder.frames == 1)
            switch kind {
            case "GGA":
                same("position", "lat", within: 1e-8)
                same("position", "lon", part: 1, within: 1e-8)
                same("altitude", "alt")
                same("satellites", "numSV")
                same("fix_quality", "quality")
                same("hdop", "HDOP")
                same("geoid_separation", "sep")
            case "RMC" where fields["status"]?.string == "A":
                same("position", "lat", within: 1e-8)
                same("position", "lon", part: 1, within: 1e-8)
                same("speed", "spd", factor: 1852.0 / 3600)
                same("course", "cog")
            case "RMC": #expect(found.isEmpty)
            case "VTG":
                same("course", "cogt")
                same("speed", "sogk", factor: 1 / 3.6)
            case "GSA":
                same("fix_mode", "navMode")
                if theirs("navMode") > 1 {
                    for (name, field) in [("pdop", "PDOP"), ("vdop", "VDOP")] { same(name, field) }
                }
            case "HDT": same("heading", "headingT")
            case "GLL":
                same("position", "lat", within: 1e-8)
                same("position", "lon", part: 1, within: 1e-8)
            default: #expect(found.isEmpty)
            }
        }
    }

    private func number(_ value: Value, _ declaration: AttributeDeclaration) -> Double {
        switch (value, declaration.kind) {
        case (.integer(let mantissa), .integer(let scale)): Decimal(mantissa: mantissa, exponent: Int(scale)).double
        case (.double(let number), _): number
        default: .nan
        }
    }

    /// Ten fixes, a date that can be: then the receiver's time is believed, with its error.
    @Test func tellsTheTime() {
        var decoder = StreamDecoder(.nmea([]))
        let fix = sentence("GPGGA,120000,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
        let time = sentence("GPRMC,120000.25,A,4807.038,N,01131.000,E,0,0,290226,,")
        _ = decode(Array((fix + time).utf8), &decoder)
        #expect(decoder.anchor == nil)
        for _ in 0..<10 { _ = decode(Array(fix.utf8), &decoder) }
        _ = decode(Array(sentence("GPRMC,120000.25,A,4807.038,N,01131.000,E,0,0,280226,,").utf8), &decoder)
        // 2026-02-28 12:00:00.25, and half a second for the line.
        #expect(decoder.anchor?.0.unixTime == 1_772_280_000_750_000_000)
        #expect(decoder.anchor?.0.errorNs == 600_000_000)
        // The 29th of February does not exist, 2006 is a receiver that lost count, V is not valid.
        for text in [
            "GPRMC,120000,A,4807.038,N,01131.000,E,0,0,290226,,", "GPRMC,120000,A,4807.038,N,01131.000,E,0,0,010106,,",
            "GPRMC,120000,V,4807.038,N,01131.000,E,0,0,280226,,", "GPRMC,235960,A,4807.038,N,01131.000,E,0,0,280226,,",
        ] {
            _ = decode(Array(sentence(text).utf8), &decoder)
            #expect(decoder.anchor == nil, "\(text)")
        }
    }

    private func sentence(_ body: String) -> String {
        let check = body.utf8.reduce(UInt8(0)) { $0 ^ $1 }
        return "$\(body)*\(Hex.encode([check]))\r\n"
    }

    /// The checksum is right, the content is not: nothing at all comes of it.
    @Test(arguments: [
        "GPGGA,123519,9107.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,123519,4867.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,123519,4807.038,X,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,253519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
        "GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,54x.4,M,46.9,M,,",
        "GPGGA,123519,4807.038,N,01131.000,E,,08,0.9,545.4,M,46.9,M,,",
        "GPRMC,123519,A,4807.038,N,01131.000,E,9022.4,084.4,230394,003.1,W",
        "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,484.4,230394,003.1,W",
        "GPRMC,123519,,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W", "GPGSA,A,7,1",
        "GPZDA,120000,31,2,2026,00,00",
    ])
    func malformed(_ body: String) {
        let (values, decoder) = read(sentence(body))
        #expect(values.isEmpty)
        #expect(decoder.count(.malformed) == 1, "\(decoder.faults)")
    }

    @Test func faultsAreCountedByKind() {
        var stream = String(Self.gga.dropLast(20)) + Self.gga + "noise" + Self.gga.replacing("545", with: "546")
        stream += "$GPXXX,1*\r\n$" + String(repeating: "x", count: 300) + "\r\n" + sentence("GPXTE,A,A,0.67,L,N")
        let (_, decoder) = read(stream)
        #expect(decoder.frames == 1)
        #expect(decoder.count(.torn) == 1)
        #expect(decoder.count(.checksum) == 1)
        #expect(decoder.count(.malformed) == 1)
        #expect(decoder.count(.overlong) == 1)
        #expect(decoder.count(.unused) == 1)
        // `noise`, and what was too much of the long sentence.
        #expect(decoder.count(.noise) == 5 + 43)
    }

    @Test func fieldsThatAreNotBuiltIn() throws {
        let wind = AttributeDeclaration(name: "wind_speed", kind: .integer(scale: -1), unit: "m/s", range: 0...100)
        var decoder = StreamDecoder(.nmea([.init(sentence: "MWV", field: 3, attribute: wind)]))
        let readings = decode(Array(sentence("WIMWV,214.8,R,10.3,M,A").utf8), &decoder)
        #expect(values(readings, decoder.attributes) == ["wind_speed": [.integer(103)]])
    }
}
