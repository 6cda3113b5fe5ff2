import Decoders
import Measurements
import Notation
import Testing

@testable import Links

/// What only a kernel with Bluetooth can prove. Run by `Tests/rig/test`.
extension BluetoothRig {
    @Suite(.serialized) struct Sensors {
        let heart = BluetoothAddress(0xF0F1_F2F3_F4F5, .random)
        let room = BluetoothAddress(0xF0F1_F2F3_F4FA, .random)

        func adopted(_ address: BluetoothAddress, _ decoder: String) -> BluetoothSettings.Adopted {
            BluetoothSettings.Adopted(address: address, decoder: decoder)
        }

        @Test func whoIsInTheAirIsListed() throws {
            let rig = try RigLink()
            try rig.wait(10, "all seven peers") { rig.link.scan().count >= 7 }
            let found = try rig.on { rig.link.scan() }
            let device = try #require(found.first { $0.address == heart })
            #expect(device.name == "Heart" && device.signal == -67 && device.family == "heartrate")
            #expect(device.command == "bothy sensor add f0:f1:f2:f3:f4:f5 --decoder heartrate")
            try rig.stop()
        }

        /// An advertisement with the frame of a vector; nil where it is too long for one of 31 bytes.
        func advertisement(_ vector: Vector) -> String? {
            var elements: [UInt8] = [2, 1, 6]
            if !vector.context.name.isEmpty {
                elements += [UInt8(vector.context.name.utf8.count + 1), 9] + Array(vector.context.name.utf8)
            }
            switch vector.context.source {
            case .manufacturer(let company):
                elements +=
                    [UInt8(vector.bytes.count + 3), 0xFF, UInt8(company & 255), UInt8(company >> 8)] + vector.bytes
            case .serviceData(let uuid):
                guard let short = uuid.short else { return nil }
                elements += [UInt8(vector.bytes.count + 3), 0x16, UInt8(short & 255), UInt8(short >> 8)] + vector.bytes
            default: return nil
            }
            return elements.count <= 31 ? Hex.encode(elements) : nil
        }

        @Test func everyBeaconFamilyIsDiscoveredAndDecoded() throws {
            var number: UInt64 = 0xC0DE_C0DE_0000
            var adopt: [BluetoothSettings.Adopted] = []
            var beacons: [(address: BluetoothAddress, family: String, data: String, wanted: Int)] = []
            for description in Rig.library.descriptions {
                for vector in description.vectors {
                    guard case .values(let values) = vector.expected, !values.isEmpty, let data = advertisement(vector)
                    else { continue }
                    number += 1
                    let address = BluetoothAddress(
                        vector.context.address == 0 ? number : vector.context.address, .random)
                    guard !beacons.contains(where: { $0.address == address }) else { continue }
                    beacons.append((address, description.name, data, values.reduce(0) { $0 + $1.value.count }))
                    adopt.append(.init(address: address, key: vector.context.key.isEmpty ? nil : vector.context.key))
                }
            }
            #expect(Set(beacons.map(\.family)).count >= 9, "\(Set(beacons.map(\.family)))")
            let rig = try RigLink(adopt: adopt)
            for (place, beacon) in beacons.enumerated() {
                try rig.air.tell("beacon b\(place) \(beacon.address) random 500 \(beacon.data)")
            }
            try rig.wait(20, "a sensor for each of \(beacons.count) beacons") {
                rig.owner.declared.count == beacons.count
            }
            for beacon in beacons {
                let id = beacon.address.description.lowercased()
                let sensor = try #require(try rig.on { rig.owner.declared.first { $0.id == id } })
                #expect(sensor.decoder.hasPrefix(beacon.family + "/"), "\(id)")
                let read = try rig.on {
                    rig.owner.values.filter { rig.owner.declared[$0.sensor].id == id && $0.attribute != "rssi" }.count
                }
                #expect(read >= beacon.wanted && read % beacon.wanted == 0, "\(beacon.family) \(id): \(read)")
            }
            let seen = try rig.on { rig.link.scan() }
            for family in Set(beacons.map(\.family)) { #expect(seen.contains { $0.family == family }, "\(family)") }
            #expect(try rig.on { rig.owner.faults }.isEmpty)
            for place in beacons.indices { try rig.air.tell("silence b\(place)") }
            try rig.stop()
        }

        @Test func aBeaconWithAnotherKeyIsCountedAndNeverDecoded() throws {
            let address = BluetoothAddress(0x5448_E68F_80A5, .random)
            let rig = try RigLink(adopt: [.init(address: address, key: [UInt8](repeating: 7, count: 16))])
            try rig.air.tell("beacon e \(address) random 300 0201061216d2fc41a47266c95f730011223378237214")
            try rig.wait(10, "refusals") { (rig.owner.faults["wrong_key"] ?? 0) >= 3 }
            #expect(try rig.on { rig.owner.values }.isEmpty)
            let key = try #require(Hex.decode("231d39c1d7cc1ab1aee224cd096db932"))
            #expect(try rig.on { rig.link.setKey(key, of: address) } == nil)
            try rig.wait(10, "a value") { rig.owner.values(of: "temperature") == [.integer(2506)] }
            try rig.air.tell("silence e")
            try rig.stop()
        }

        @Test func heartRateStreamsAndComesBackAfterADrop() throws {
            let rig = try RigLink(adopt: [adopted(heart, "heartrate")])
            try rig.wait(20, "five heart rates") { rig.owner.values(of: "heartrate").count >= 5 }
            #expect(try rig.on { rig.owner.values(of: "rr").count } >= 5)
            try rig.air.tell("drop Heart")
            try rig.wait(10, "a word about the drop") {
                rig.owner.states.contains { $0.text.contains("dropped the link") }
            }
            let before = try rig.on { rig.owner.values(of: "heartrate").count }
            try rig.wait(20, "heart rates again") { rig.owner.values(of: "heartrate").count > before + 3 }
            #expect(try rig.on { rig.owner.states.last?.healthy } == true)
            try rig.stop()
        }

        @Test func severalSensorsAreConnectedAndEachIsReadAsItsDescriptionSays() throws {
            let strap = BluetoothAddress(0xF0F1_F2F3_F4FB, .random)
            let rig = try RigLink(adopt: [
                adopted(heart, "heartrate"), adopted(room, "environment"), adopted(strap, "polar"),
            ])
            try rig.wait(30, "an ECG, a temperature and a heart rate") {
                rig.owner.values(of: "ecg").count > 130 && rig.owner.values(of: "temperature").count > 2
                    && rig.owner.values(of: "heartrate").count > 2
            }
            #expect(try rig.on { rig.owner.values(of: "humidity") }.first == .integer(4321))
            #expect(try rig.on { rig.owner.values(of: "pressure") }.first == .integer(1_013_250))
            #expect(Set(try rig.on { rig.owner.values(of: "battery") }) == [.integer(87), .integer(55), .integer(91)])
            let ecg: [Int64] = try rig.on { rig.owner.values(of: "ecg") }.map { value -> Int64 in
                guard case .integer(let number) = value else { return 0 }
                return number
            }
            for (before, after) in zip(ecg, ecg.dropFirst()) {
                #expect(after == before + 1 || after == -1000, "no sample is lost")
            }
            try rig.wait(20, "a variability") { !rig.owner.values(of: "hrv").isEmpty }
            #expect(try rig.on { rig.owner.faults }.isEmpty)
            try rig.stop()
        }

        @Test func takingAnotherSensorAwayLeavesTheRestRight() throws {
            let second = BluetoothAddress(0xF0F1_F2F3_F4F6, .random)
            let rig = try RigLink(adopt: [adopted(second, "heartrate"), adopted(heart, "heartrate")])
            try rig.wait(30, "both") {
                Set(rig.owner.values.filter { $0.attribute == "heartrate" }.map(\.sensor)).count == 2
            }
            try rig.on { rig.link.update(adopted: [adopted(heart, "heartrate")]) }
            let kept = try #require(
                try rig.on { rig.owner.declared.firstIndex { $0.id == heart.description.lowercased() } })
            try rig.on { rig.owner.values = [] }
            try rig.wait(30, "heart rates of the one that stays") {
                rig.owner.values.filter { $0.sensor == kept && $0.attribute == "heartrate" }.count > 3
            }
            #expect(try rig.on { rig.owner.values.allSatisfy { $0.sensor == kept } })
            try rig.stop()
        }

        @Test func theAdapterVanishesAndReturns() throws {
            let rig = try RigLink(adopt: [adopted(heart, "heartrate")])
            try rig.wait(20, "a heart rate") { !rig.owner.values(of: "heartrate").isEmpty }
            try rig.air.tell("unplug")
            try rig.wait(10, "no adapter") { rig.link.adapterList.isEmpty }
            try rig.air.tell("plug")
            try rig.wait(10, "the adapter listening again") { rig.link.adapterList.contains { $0.isListening } }
            let before = try rig.on { rig.owner.values(of: "heartrate").count }
            try rig.wait(30, "heart rates again") { rig.owner.values(of: "heartrate").count > before + 3 }
            try rig.stop()
        }
    }
}
