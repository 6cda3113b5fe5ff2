import Measurements
import Testing

@testable import Links

/// The ways to pair, against a real kernel's SMP and Bumble's.
extension BluetoothRig {
    @Suite(.serialized) struct Pairing {
        let heart = BluetoothAddress(0xF0F1_F2F3_F4F5, .random)
        let secret = AttUUID([
            0xFB, 0x34, 0x9B, 0x5F, 0x80, 0x00, 0x00, 0x80, 0x00, 0x40, 0x00, 0x00, 0x01, 0x00, 0xD5, 0xB0,
        ])

        /// Whether the device's protected value can be read now.
        func readsSecret(_ rig: RigLink, _ sensor: Int = 0) throws {
            var seen: [UInt8]?
            try rig.on {
                rig.link.sessions?.code = { _, uuid, bytes in
                    if uuid == secret { seen = bytes }
                    return uuid == secret
                }
            }
            try rig.wait(20, "a connection") { rig.link.sessions?.isConnected(sensor) == true }
            try rig.wait(20, "the protected value") {
                if seen == nil { _ = rig.link.sessions?.ask(.read(secret), sensor: sensor) }
                return seen == Array("secret-42".utf8)
            }
        }

        @Test func justWorksThenEncryptedAndAcrossARestart() throws {
            let keeper = ForgetfulKeeper()
            let adopted = BluetoothSettings.Adopted(address: heart, decoder: "heartrate")
            var rig = try RigLink(adopt: [adopted], keeper: keeper)
            try rig.air.tell("events")
            #expect(try rig.pair("F0:F1:F2:F3:F4:F5") { _ in nil } == nil)
            #expect(keeper.bonds.count == 1)
            try readsSecret(rig)
            try rig.stop()
            // The daemon restarts: the kernel's table is loaded from what was stored, nobody pairs again.
            rig = try RigLink(adopt: [adopted], keeper: keeper)
            try readsSecret(rig)
            #expect(try rig.air.saw("Heart paired"))
            // The device loses its keys: said in plain words, not tried in vain all the time.
            try rig.air.tell("forget Heart")
            try rig.air.tell("drop Heart")
            try rig.wait(60, "a word about the lost key") {
                rig.owner.states.contains { $0.text.contains("no longer knows its key") }
            }
            // Unpair and pair anew, as the words say.
            var why: String? = "pending"
            try rig.on { rig.link.unpair(heart) { why = $0 } }
            try rig.wait(10, "unpaired") { why == nil }
            #expect(keeper.bonds.isEmpty)
            #expect(try rig.pair("F0:F1:F2:F3:F4:F5") { _ in nil } == nil)
            try rig.stop()
        }

        @Test func thePasskeyOnTheDeviceIsTyped() throws {
            let rig = try RigLink()
            try rig.wait(10, "the device") { rig.link.scan().contains { $0.name == "Shows" } }
            #expect(try rig.pair("F0:F1:F2:F3:F4:F7") { $0 == .passkey ? .passkey(123456) : nil } == nil)
            #expect(try rig.on { rig.link.paired.count } == 1)
            try rig.stop()
        }

        @Test func aPasskeyGivenBeforehandNeedsNobody() throws {
            let rig = try RigLink()
            try rig.wait(10, "the device") { rig.link.scan().contains { $0.name == "Shows" } }
            try rig.air.tell("forget Shows")
            #expect(try rig.pair("F0:F1:F2:F3:F4:F7", passkey: 123456) { _ in nil } == nil)
            try rig.stop()
        }

        @Test func aWrongPasskeyIsCalledWrong() throws {
            let rig = try RigLink()
            try rig.wait(10, "the device") { rig.link.scan().contains { $0.name == "Shows" } }
            try rig.air.tell("forget Shows")
            let why = try rig.pair("F0:F1:F2:F3:F4:F7", passkey: 1) { _ in nil }
            #expect(why?.contains("passkey") == true)
            try rig.stop()
        }

        @Test func theNumberIsTypedOnTheDevice() throws {
            let rig = try RigLink()
            try rig.wait(10, "the device") { rig.link.scan().contains { $0.name == "Types" } }
            let why = try rig.pair("F0:F1:F2:F3:F4:F8") { question in
                if case .show(let number) = question { _ = try? rig.air.tell("type Types \(number)") }
                return nil
            }
            #expect(why == nil)
            try rig.stop()
        }

        @Test func numbersAreComparedAndADifferenceRefused() throws {
            let rig = try RigLink()
            try rig.wait(10, "the device") { rig.link.scan().contains { $0.name == "Compares" } }
            var asked: UInt32?
            let refused = try rig.pair("F0:F1:F2:F3:F4:F9") { question in
                if case .compare(let number) = question { asked = number }
                return .no
            }
            #expect(refused == "cancelled" && asked != nil)
            let why = try rig.pair("F0:F1:F2:F3:F4:F9") { question in
                if case .compare = question { return .yes }
                return nil
            }
            #expect(why == nil)
            try rig.stop()
        }
    }
}
