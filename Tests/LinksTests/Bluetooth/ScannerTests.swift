import Decoders
import Measurements
import Notation
import System
import Testing

@testable import Links

/// The way from an advertisement to readings, without a radio.
@Suite struct BluetoothScannerTests {
    /// A link that is only named.
    final class NoLink: Link {
        let name = "ble"
        let counters: [(name: String, value: UInt64)] = []
        func start(owner: any LinkOwner) {}
        func stop() {}
    }

    final class Bench {
        let link = NoLink()
        let owner = RecordingOwner()
        let scanner: Scanner

        init(_ adopted: [BluetoothSettings.Adopted], capacity: Int = DeviceTable.most) {
            scanner = Scanner(link: link, library: Rig.library, capacity: capacity)
            scanner.adopt(adopted)
            scanner.owner = owner
        }

        func hear(_ address: BluetoothAddress, _ hex: String, now: Int64 = 0, signal: Int8 = -70) {
            hear(address, Hex.decode(hex)!, now: now, signal: signal)
        }

        func hear(_ address: BluetoothAddress, _ bytes: [UInt8], now: Int64 = 0, signal: Int8 = -70) {
            bytes.withUnsafeBytes {
                scanner.heard(MgmtReport(address: address, signal: signal, flags: 0, data: $0), adapter: 0, now: now)
            }
        }
    }

    let tag = BluetoothAddress(0xCBB8_334C_884F, .random)
    let ruuvi = "0201061bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f"

    @Test func anAdoptedSensorIsDeclaredAndItsRepeatsAreNot() {
        let bench = Bench([.init(address: tag, name: "Sauna")])
        for turn in 0..<5 { bench.hear(tag, ruuvi, now: Int64(turn) * second, signal: -60) }
        #expect(bench.owner.declared.map(\.name) == ["Sauna"])
        #expect(bench.owner.declared[0].decoder == "ruuvitag/1" && bench.owner.declared[0].id == "cb:b8:33:4c:88:4f")
        #expect(bench.owner.values(of: "temperature") == [.integer(24300)])
        #expect(bench.owner.values(of: "rssi") == [.integer(-60)])
        #expect(bench.scanner.counters.repeats == 4)
        bench.hear(tag, ruuvi.replacing("4200cd", with: "4200ce"), now: 6 * second)
        #expect(bench.owner.values(of: "temperature").count == 2)
    }

    @Test func anUnnumberedFrameIsNewAgainAfterAWhile() {
        let bench = Bench([.init(address: tag)])
        let plain = "02010607 16d2fc4002ca09".replacing(" ", with: "")
        for turn in 0..<25 { bench.hear(tag, plain, now: Int64(turn) * second) }
        #expect(bench.owner.values(of: "temperature").count == 3)
    }

    @Test func countersThatGoBackAreRefusedUntilTheKeyIsSetAnew() throws {
        let address = BluetoothAddress(0x5448_E68F_80A5, .random)
        let key = try #require(Hex.decode("231d39c1d7cc1ab1aee224cd096db932"))
        let bench = Bench([.init(address: address, key: key)])
        func frame(_ counter: UInt32, _ hundredths: UInt8) throws -> [UInt8] {
            let count = (0..<4).map { UInt8(truncatingIfNeeded: counter >> (8 * UInt32($0))) }
            let nonce: [UInt8] = [0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5, 0xD2, 0xFC, 0x41] + count
            let (sealed, mac) = try #require(AES.seal(key: key, nonce: nonce, [2, hundredths, 9], tag: 4))
            let service = [0x16, 0xD2, 0xFC, 0x41] + sealed + count + mac
            return [2, 1, 6, UInt8(service.count)] + service
        }
        bench.hear(address, try frame(10, 1))
        bench.hear(address, try frame(10, 1))
        bench.hear(address, try frame(9, 2))
        bench.hear(address, try frame(11, 3))
        #expect(bench.owner.values(of: "temperature") == [.integer(0x901), .integer(0x903)])
        #expect(bench.owner.faults == ["replayed_counters": 1])
        bench.scanner.sensors[0].forgetCounters()
        bench.hear(address, try frame(1, 4))
        #expect(bench.owner.values(of: "temperature").last == .integer(0x904))
    }

    @Test func theRightKeyOpensWhatTheWrongOneDidNot() throws {
        let address = BluetoothAddress(0x5448_E68F_80A5, .random)
        let bench = Bench([.init(address: address, key: [UInt8](repeating: 7, count: 16))])
        let frame = "0201061216d2fc41a47266c95f730011223378237214"
        for _ in 0..<3 { bench.hear(address, frame) }
        #expect(bench.owner.faults == ["wrong_key": 3] && bench.owner.values.isEmpty)
        bench.scanner.sensors[0].key = try #require(Hex.decode("231d39c1d7cc1ab1aee224cd096db932"))
        bench.hear(address, frame)
        #expect(bench.owner.values(of: "temperature") == [.integer(2506)])
    }

    @Test func aSentinelIsNoValue() {
        let bench = Bench([.init(address: tag)])
        bench.hear(tag, "0201061bff9904058000ffffffff800080008000ffffff00cdcbb8334c884f")
        #expect(bench.owner.values(of: "temperature").isEmpty && bench.owner.values(of: "sequence") == [.integer(205)])
    }

    @Test func aChangingAddressIsKnownByTheIdentityKey() throws {
        // Core specification, volume 3, part H, appendix D.7.
        let key: [UInt8] = [
            0xEC, 0x02, 0x34, 0xA3, 0x57, 0xC8, 0xAD, 0x05, 0x34, 0x10, 0x10, 0xA6, 0x0A, 0x39, 0x7D, 0x9B,
        ]
        let bench = Bench([.init(address: tag)])
        let changing = try #require(BluetoothAddress("70:81:94:0D:FB:AA", kind: .random))
        bench.hear(changing, ruuvi)
        #expect(bench.owner.values.isEmpty)
        bench.scanner.identify([
            Bond(
                address: tag, adapter: BluetoothAddress(1, .public),
                identityKey: IdentityKey(address: tag, value: key.reversed()))
        ])
        bench.hear(changing, ruuvi)
        #expect(bench.owner.declared.map(\.id) == ["cb:b8:33:4c:88:4f"])
    }

    @Test func theListSaysWhatItIsAndHowToAddIt() throws {
        let bench = Bench([])
        bench.hear(tag, ruuvi, signal: -50)
        bench.hear(BluetoothAddress(1, .public), "0201061216d2fc41a47266c95f730011223378237214", signal: -40)
        bench.hear(BluetoothAddress(2, .public), "020106", signal: -90)
        let list = bench.scanner.snapshot(now: second)
        #expect(list.map(\.signal) == [-40, -50, -90])
        #expect(list[1].values.first == "temperature 24.300 °C" && list[1].family == "ruuvitag")
        #expect(list[1].command == "bothy sensor add cb:b8:33:4c:88:4f --decoder ruuvitag")
        #expect(list[0].needsKey && list[0].command.hasSuffix("--key …") && list[2].command.isEmpty)
        #expect(bench.scanner.snapshot(now: 100 * second).isEmpty)
    }

    /// An hour at 1,000 a second would be 3.6 million; this is as much of it as a debug build does in seconds.
    @Test func amongManyStrangersNothingOfTheAdoptedIsLost() throws {
        var random = Seeded()
        let adopted = (0..<100).map { BluetoothAddress(0xC0FF_EE00_0000 + UInt64($0), .random) }
        let bench = Bench(adopted.map { .init(address: $0) }, capacity: 512)
        let strangers = 200_000
        var sent = 0
        var frame = try #require(Hex.decode(ruuvi))
        var noise: [UInt8] = [2, 1, 6, 5, 0xFF, 0xFF, 0xFF, 0, 0]
        for turn in 0..<strangers {
            noise[7] = UInt8(truncatingIfNeeded: turn)
            bench.hear(BluetoothAddress(random.next(), .random), noise, now: Int64(turn) * 1_000_000)
            guard turn % 20 == 0 else { continue }
            let which = turn / 20
            // Sequence number and, as air would have it, every frame three times.
            frame[23] = UInt8(truncatingIfNeeded: (which / 100) >> 8)
            frame[24] = UInt8(truncatingIfNeeded: which / 100)
            for _ in 0..<3 { bench.hear(adopted[which % 100], frame, now: Int64(turn) * 1_000_000) }
            sent += 1
        }
        #expect(bench.scanner.counters.delivered == UInt64(sent), "seed \(random.seed)")
        #expect(bench.owner.values(of: "temperature").count == sent)
        #expect(bench.scanner.counters.repeats == UInt64(2 * sent))
        #expect(bench.scanner.counters.reports == UInt64(strangers + 3 * sent))
        #expect(bench.scanner.table.count == 512 && bench.owner.declared.count == 100)
    }
}
