import Measurements
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
            try rig.wait(10, "all six peers") { rig.link.scan().count >= 6 }
            let found = try rig.on { rig.link.scan() }
            let device = try #require(found.first { $0.address == heart })
            #expect(device.name == "Heart" && device.signal == -67 && device.family == "heartrate")
            #expect(device.command == "bothy sensor add f0:f1:f2:f3:f4:f5 --decoder heartrate")
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
