import Decoders
import Measurements
import Notation
import Testing

@Suite struct FramerTests {
    private func dust() throws -> StreamDecoder {
        StreamDecoder(.described(try #require(try shippedDecoders()["sds011"])))
    }
    static let measurement = Hex.decode("aac0d4043a0aa1601dab")!

    @Test func findsFramesInNoise() throws {
        var decoder = try dust()
        let torn = Array(Self.measurement.prefix(6))
        let readings = decode([1, 2, 0xaa] + Self.measurement + torn + Self.measurement + Self.measurement, &decoder)
        #expect(decoder.frames == 3)
        #expect(values(readings, decoder.attributes)["pm10"] == [.integer(2618), .integer(2618), .integer(2618)])
        #expect(decoder.count(.noise) == 3 + 6)
    }

    @Test func aWrongChecksumIsCountedAndNeverAValue() throws {
        var changed = Self.measurement
        changed[3] ^= 0x10
        var decoder = try dust()
        #expect(decode(changed + Self.measurement, &decoder).entries.count == 2)
        #expect(decoder.count(.checksum) == 1)
        #expect(decoder.frames == 1)
    }

    /// However the bytes are cut, the same frames and the same counts come out.
    @Test func piecesOfAnySize() throws {
        var random = Seeded()
        let sml = try sample("sml.txt").split(separator: "\n").flatMap { Hex.decode($0)! }
        let cases: [(SerialProtocol, [UInt8])] = [
            (.nmea([]), Array((NMEATests.gga + "x$" + NMEATests.rmc + NMEATests.gga).utf8)),
            (
                .described(try #require(try shippedDecoders()["sds011"])),
                [7] + Self.measurement + [0xaa] + Self.measurement
            ),
            (.sml, [1, 0x1b] + sml + [0x1b, 2, 3]),
            (
                .dsmr(takesUnchecked: false),
                Array("x\n/a\r\n!0000\r\n/b\r\n/c\r\n\r\n1-0:1.7.0(1*kW)\r\n!7E3B\r\n".utf8)
            ),
        ]
        for (kind, stream) in cases {
            var whole = StreamDecoder(kind)
            let expected = decode(stream, &whole).entries
            for _ in 0..<200 {
                var decoder = StreamDecoder(kind)
                var readings = Readings()
                var at = 0
                while at < stream.count {
                    let count = min(stream.count - at, Int.random(in: 1...9, using: &random))
                    stream[at..<at + count].withUnsafeBytes { decoder.feed($0, at: 1, into: &readings) }
                    at += count
                }
                #expect(readings.entries == expected, "seed \(random.seed)")
                #expect(decoder.faults == whole.faults && decoder.frames == whole.frames, "seed \(random.seed)")
            }
        }
    }

    @Test func cobsAgreesWithItsPythonLibrary() throws {
        let lines = try Peer.run("serial_frames.py", ["cobs", "400", "5"])
        #expect(lines.count == 400)
        var framer = COBSFramer()
        _ = framer.frames([0])
        for line in lines {
            let found = framer.frames(try #require(Hex.decode(line["hex"]?.string ?? "")))
            #expect(found.frames == [try #require(Hex.decode(line["data"]?.string ?? ""))])
            #expect(found.faults.isEmpty)
        }
    }

    @Test func cobsFaults() {
        var framer = COBSFramer(most: 8)
        // What stands before the first zero is dropped; a run beyond the end is malformed.
        #expect(framer.frames([1, 2, 0, 3, 1, 0, 2, 9, 0]).frames == [[9]])
        #expect(framer.frames([5, 1, 0]).faults == [.malformed: 1])
        #expect(framer.frames([UInt8](repeating: 1, count: 20) + [0, 2, 7, 0]).frames == [[7]])
    }

    /// RFC 1055's own rules.
    @Test func slip() {
        var framer = SLIPFramer(most: 8)
        #expect(
            framer.frames([9, 9, 0xc0, 1, 0xdb, 0xdc, 0xdb, 0xdd, 0xc0, 0xc0, 2, 0xc0]).frames == [
                [1, 0xc0, 0xdb], [2],
            ])
        #expect(framer.frames([1, 0xdb, 1, 2, 0xc0, 3, 0xc0]).faults == [.malformed: 1])
        #expect(framer.frames([1, 0xdb, 0xc0]).faults == [.torn: 1])
        #expect(framer.frames([UInt8](repeating: 1, count: 20) + [0xc0, 7, 0xc0]).frames == [[7]])
    }

    /// The catalogue's check values: each algorithm over "123456789".
    @Test(
        arguments: [
            (CRC.modbus, 0x4b37), (.arc, 0xbb3d), (.x25, 0x906e), (.kermit, 0x2189), (.ccitt, 0x29b1),
            (.xmodem, 0x31c3),
            (.crc8, 0xf4), (.maxim, 0xa1), (.sensirion, 0xf7), (.crc32, 0xcbf4_3926),
        ] as [(CRC, UInt32)])
    func checkValues(_ crc: CRC, _ expected: UInt32) { #expect(crc.of(Array("123456789".utf8)) == expected) }

    /// Any bytes at all: no crash, bounded memory, and after enough silence nothing pending.
    @Test func anyBytes() throws {
        var random = Seeded(3)
        let sml = try sample("sml.txt").split(separator: "\n").flatMap { Hex.decode($0)! }
        let seeds: [[UInt8]] = [
            Array(NMEATests.gga.utf8), Self.measurement, sml, Array(try sample("dsmr5.txt").utf8),
            Array(#"{"env":{"t":21.5,"h":40}}"#.utf8) + [10], [0, 3, 1, 2, 0], [0xc0, 1, 0xdb, 0xdc, 0xc0],
        ]
        let board = try description(
            """
            {"decoder": "board", "version": 1, "attributes": \(LineTests.attributes), "serial": {"lines": \(LineTests.json)}}
            """)
        for round in 0..<400 {
            var stream: [UInt8] = []
            for _ in 0..<8 { stream += seeds.randomElement(using: &random)! }
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                stream[Int.random(in: 0..<stream.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var kinds: [SerialProtocol] = [.nmea([]), .sml, .dsmr(takesUnchecked: true), .described(board)]
            kinds += try shippedDecoders().descriptions.filter { $0.serial != nil && $0.serial?.modbus == nil }.map {
                .described($0)
            }
            for kind in kinds where round % 4 == 0 || round < 20 {
                var decoder = StreamDecoder(kind)
                _ = decode(stream, &decoder)
                #expect(decoder.pending <= 8_200, "seed \(random.seed)")
                decoder.silence()
                #expect(decoder.pending == 0, "seed \(random.seed)")
            }
            var (slip, cobs) = (SLIPFramer(), COBSFramer())
            _ = slip.frames(stream)
            _ = cobs.frames(stream)
        }
    }
}
