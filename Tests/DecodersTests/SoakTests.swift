import Decoders
import Foundation
import Measurements
import Notation
import Testing

/// Many frames with faults put in on purpose: every one is counted as what it is, and no value is wrong.
@Suite struct SoakTests {
    static let isLong = ProcessInfo.processInfo.environment["BOTHY_LONG"] != nil
    static let frames = isLong ? 300_000 : 6_000

    /// One protocol: the frame of a number, and what comes of it.
    struct Kind {
        var name: String
        var make: () throws -> StreamDecoder
        var frame: (Int) -> [UInt8]
        var values: (Int) -> [Value]
        /// Where a bit may be flipped so that the frame stays a frame: the checksum alone can tell.
        var body: Range<Int>
        var mayFlip: (UInt8) -> Bool = { _ in true }
    }

    static func kinds() throws -> [Kind] {
        let library = try shippedDecoders()
        let dust = try #require(library["sds011"])
        let packets = try description(
            """
            {"decoder": "packets", "version": 1, "attributes": [{"name": "n"}],
             "serial": {"framing": {"kind": "cobs", "checksum": {"algorithm": "crc16-ccitt", "at": -2, "type": "u16be"}}},
             "frames": [{"fields": [{"attribute": "n", "type": "u32be"}]}]}
            """)
        return [
            Kind(
                name: "NMEA", make: { StreamDecoder(.nmea([])) },
                frame: { number in
                    let body = "GPHDT,\(number % 360).\(number / 360 % 1000 + 1000),T"
                    return Array("$\(body)*\(Hex.encode([body.utf8.reduce(UInt8(0)) { $0 ^ $1 }]))\r\n".utf8)
                },
                values: {
                    [.integer(Int64(Double($0 % 360) * 1000 + ((Double($0 / 360 % 1000) + 1000) / 10).rounded()))]
                },
                body: 7..<10, mayFlip: { (48...57).contains($0) }),
            Kind(
                name: "SDS011", make: { StreamDecoder(.described(dust)) },
                frame: { number in
                    let (low, high) = (UInt8(number & 0xff), UInt8(number >> 8 & 0x1f))
                    let data = [low, high, low, high, 1, 2]
                    return [0xaa, 0xc0] + data + [data.reduce(0, &+), 0xab]
                },
                values: { [.integer(Int64($0 & 0x1fff)), .integer(Int64($0 & 0x1fff))] }, body: 2..<8,
                mayFlip: { $0 != 0xaa && $0 != 0xab }),
            Kind(
                name: "COBS with CRC", make: { StreamDecoder(.described(packets)) },
                frame: { number in
                    var bytes = [UInt8(1), UInt8(number >> 16 & 0xff), UInt8(number >> 8 & 0xff), UInt8(number & 0xff)]
                    let crc = CRC.ccitt.of(bytes)
                    bytes += [UInt8(crc >> 8), UInt8(crc & 0xff)]
                    return cobs(bytes)
                }, values: { [.integer(Int64(1 << 24 | $0 & 0xff_ffff))] }, body: 1..<2),
        ]
    }

    static func cobs(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for run in bytes.split(separator: 0, omittingEmptySubsequences: false) { out += [UInt8(run.count + 1)] + run }
        return out + [0]
    }

    @Test func everyFaultIsCountedExactly() throws {
        for kind in try Self.kinds() {
            var random = Seeded(21)
            var decoder = try kind.make()
            var readings = Readings()
            var expected: [Value] = []
            var found: [Value] = []
            var (flipped, junk) = (0, 0)
            var stream: [UInt8] = kind.name.hasPrefix("COBS") ? [0] : []
            for number in 0..<Self.frames {
                var frame = kind.frame(number)
                switch Int.random(in: 0..<20, using: &random) {
                case 0:
                    let place = Int.random(in: kind.body, using: &random)
                    frame[place] ^= 1
                    if kind.mayFlip(frame[place]) {
                        flipped += 1
                    } else {
                        frame[place] ^= 1; expected += kind.values(number)
                    }
                case 1 where kind.name != "COBS with CRC":
                    let count = Int.random(in: 1...9, using: &random)
                    junk += count
                    stream += [UInt8](repeating: 0x55, count: count)
                    expected += kind.values(number)
                default: expected += kind.values(number)
                }
                stream += frame
                if stream.count > 3_000 || number == Self.frames - 1 {
                    stream.withUnsafeBytes { decoder.feed($0, at: 1, into: &readings) }
                    found += readings.entries.map(\.value)
                    readings.removeAll()
                    stream.removeAll(keepingCapacity: true)
                }
            }
            #expect(found == expected, "\(kind.name), seed \(random.seed)")
            #expect(decoder.count(.checksum) == UInt64(flipped), "\(kind.name), seed \(random.seed)")
            // What is searched again after a wrong checksum counts as noise: nine bytes a dust frame.
            let searched = kind.name == "SDS011" ? 10 * flipped : 0
            #expect(decoder.count(.noise) == UInt64(junk + searched), "\(kind.name), seed \(random.seed)")
            #expect(decoder.count(.torn) == 0 && decoder.count(.overlong) == 0, "\(kind.name)")
            print(
                "soak: \(kind.name): \(Self.frames) frames, \(flipped) flipped, \(junk) bytes of junk, all accounted for"
            )
        }
    }

    /// Random noise: bits flip anywhere, bytes vanish. What comes through and is not true is the residual rate: none behind
    /// a CRC of 16 bits; an XOR or sum of 8 lets pass what fits by chance, lines without a checksum what still reads.
    @Test func residualRateUnderRandomNoise() throws {
        let board = try description(
            """
            {"decoder": "board", "version": 1, "attributes": [{"name": "t", "scale": -1, "range": [15, 30]}],
             "serial": {"lines": {"form": "pattern", "pattern": "T=(?<t>\\\\d\\\\d\\\\.\\\\d);", "bind": {"t": "t"}}}}
            """)
        var kinds = try Self.kinds()
        kinds.append(
            Kind(
                name: "lines without a checksum", make: { StreamDecoder(.described(board)) },
                frame: { Array("T=\(20 + $0 % 3).\($0 % 10);\n".utf8) },
                values: { [.integer(Int64(200 + $0 % 3 * 10 + $0 % 10))] }, body: 0..<1))
        for kind in kinds {
            var random = Seeded(22)
            var decoder = try kind.make()
            #expect(decoder.isUnchecked == (kind.name == "lines without a checksum"))
            var (delivered, wrong) = (0, 0)
            for number in 0..<Self.frames {
                let frame = kind.frame(number)
                var damaged: [UInt8] = []
                for var byte in frame {
                    if Int.random(in: 0..<100, using: &random) == 0 {
                        byte ^= 1 << UInt8.random(in: 0...7, using: &random)
                    }
                    if Int.random(in: 0..<500, using: &random) != 0 { damaged.append(byte) }
                }
                let found = decode(damaged, &decoder).entries.map(\.value)
                delivered += found.isEmpty ? 0 : 1
                // A frame that ends late belongs to the number before.
                let near = [number - 1, number].flatMap { kind.values(max(0, $0)) }
                if found.contains(where: { !near.contains($0) }) { wrong += 1 }
            }
            let rate = Double(wrong) / Double(max(1, delivered))
            print(
                "residual: \(kind.name): \(wrong) wrong of \(delivered) delivered, 1 % of the bytes flipped, seed \(random.seed)"
            )
            #expect(delivered > Self.frames / 4)
            if kind.name == "COBS with CRC" { #expect(wrong <= 2 + Self.frames / 100_000, "seed \(random.seed)") }
            #expect(
                rate < (kind.name == "lines without a checksum" ? 0.05 : 0.003), "\(kind.name), seed \(random.seed)")
        }
    }
}
