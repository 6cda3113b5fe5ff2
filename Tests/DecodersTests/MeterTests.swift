import Decoders
import Measurements
import Notation
import Testing

@Suite struct MeterTests {
    private func decimals(_ readings: Readings, _ attributes: [AttributeDeclaration]) -> [String: Double] {
        var found: [String: Double] = [:]
        for entry in readings.entries {
            guard case .integer(let mantissa) = entry.value,
                case .integer(let scale) = attributes[Int(entry.attribute)].kind
            else { continue }
            found[attributes[Int(entry.attribute)].name] = Decimal(mantissa: mantissa, exponent: Int(scale)).double
        }
        return found
    }

    /// Names of the standard's values as dsmr_parser gives them, ours, and the factor between the units.
    static let names: [(String, String, Double)] = [
        ("ELECTRICITY_USED_TARIFF_1", "energy_import_tariff_1", 1),
        ("ELECTRICITY_USED_TARIFF_2", "energy_import_tariff_2", 1),
        ("ELECTRICITY_DELIVERED_TARIFF_1", "energy_export_tariff_1", 1),
        ("ELECTRICITY_DELIVERED_TARIFF_2", "energy_export_tariff_2", 1),
        ("CURRENT_ELECTRICITY_USAGE", "power_import", 1000), ("CURRENT_ELECTRICITY_DELIVERY", "power_export", 1000),
        ("SHORT_POWER_FAILURE_COUNT", "power_failures", 1), ("LONG_POWER_FAILURE_COUNT", "long_power_failures", 1),
        ("INSTANTANEOUS_VOLTAGE_L1", "voltage_l1", 1), ("INSTANTANEOUS_VOLTAGE_L3", "voltage_l3", 1),
        ("INSTANTANEOUS_CURRENT_L2", "current_l2", 1),
        ("INSTANTANEOUS_ACTIVE_POWER_L1_POSITIVE", "power_import_l1", 1000),
        ("INSTANTANEOUS_ACTIVE_POWER_L3_NEGATIVE", "power_export_l3", 1000),
    ]

    private func telegram() throws -> (bytes: [UInt8], theirs: JSON) {
        let answer = try Peer.run("serial_frames.py", ["dsmr"], input: sample("dsmr5.txt"))
        return (try #require(Hex.decode(answer[0]["hex"]?.string ?? "")), answer[0]["values"] ?? .null)
    }

    @Test func agreesWithDSMRParser() throws {
        let (bytes, theirs) = try telegram()
        var decoder = StreamDecoder(.dsmr(takesUnchecked: false))
        let found = decimals(decode(bytes, &decoder), decoder.attributes)
        #expect(decoder.frames == 1)
        for (their, our, factor) in Self.names {
            let value = try #require(theirs[their]?["value"]?.double, "\(their)")
            #expect(abs((found[our] ?? .nan) - value * factor) < 1e-9, "\(our)")
        }
        #expect(found["gas"] == theirs["MBUS_1"]?["MBUS_METER_READING"]?["value"]?.double)
        #expect(found["tariff"] == 2)
    }

    @Test func everyFlippedBitOfATelegramIsNoticed() throws {
        let (bytes, _) = try telegram()
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            var decoder = StreamDecoder(.dsmr(takesUnchecked: false))
            let readings = decode(changed, &decoder)
            // A bit of the digits' case or of the last line's end changes nothing that counts.
            guard !readings.entries.isEmpty else { continue }
            #expect(bit / 8 >= bytes.count - 6, "bit \(bit)")
        }
    }

    @Test func agreesWithSmllib() throws {
        let lines = try sample("sml.txt").split(separator: "\n")
        let theirs = try Peer.run("serial_frames.py", ["sml"], input: sample("sml.txt"))
        #expect(lines.count == 3)
        let names = [
            "1.8.0": "energy_import", "1.8.1": "energy_import_tariff_1", "1.8.2": "energy_import_tariff_2",
            "2.8.0": "energy_export", "2.8.1": "energy_export_tariff_1", "16.7.0": "power", "1.7.0": "power_import",
            "36.7.0": "power_l1", "56.7.0": "power_l2", "76.7.0": "power_l3",
        ]
        var compared = 0
        for (line, values) in zip(lines, theirs) {
            var decoder = StreamDecoder(.sml)
            let found = decimals(decode(try #require(Hex.decode(line)), &decoder), decoder.attributes)
            #expect(decoder.frames == 1, "\(decoder.faults)")
            for member in values.object ?? [] {
                guard let name = names[member.key], let value = member.value["value"]?.double else { continue }
                let power = Int(member.value["scaler"]?.integer ?? 0)
                let exact = Decimal(
                    mantissa: Int64(value), exponent: power + (member.value["unit"]?.integer == 30 ? -3 : 0))
                // Energy is kept to a tenth of a watt-hour.
                #expect(abs((found[name] ?? .nan) - exact.double) <= 5.0000001e-5, "\(name)")
                compared += 1
            }
        }
        #expect(compared == 17)
    }

    @Test func everyFlippedBitOfAnSMLFrameIsNoticed() throws {
        let bytes = try #require(Hex.decode(sample("sml.txt").split(separator: "\n")[0]))
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            var decoder = StreamDecoder(.sml)
            #expect(decode(changed, &decoder).entries.isEmpty, "bit \(bit)")
        }
    }

    @Test func framesTornAndJoined() throws {
        let frames = try sample("sml.txt").split(separator: "\n").map { Hex.decode($0)! }
        var decoder = StreamDecoder(.sml)
        var stream = Array(frames[0].prefix(frames[0].count - 40))
        stream += frames[1]
        stream += [0x1b, 0x1b, 1, 2]
        stream += frames[2]
        _ = decode(stream, &decoder)
        #expect(decoder.frames == 2)
        // The first is cut within an object and its last byte is read into the second's beginning.
        #expect(decoder.count(.malformed) == 1)
        #expect(decoder.count(.noise) == 4)
        _ = decode(Array(frames[0].prefix(100)), &decoder)
        decoder.silence()
        #expect(decoder.count(.torn) == 1)
        #expect(decoder.pending == 0)
    }
}
