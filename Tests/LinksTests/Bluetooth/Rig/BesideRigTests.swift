import Foundation
import Measurements
import Testing

@testable import Links

/// In shared mode, beside a real bluetoothd that is paired and connected with one of the peers. Run by `BESIDE=1 Tests/rig/test`,
/// which also looks afterwards whether bluetoothd still has its keys.
@Suite(.serialized, .enabled(if: Rig.bluetoothctl != nil)) struct BluetoothBesideRig {
    let heart = BluetoothAddress(0xF0F1_F2F3_F4F5, .random)

    func control(_ words: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: try #require(Rig.bluetoothctl))
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
    }

    @Test func hearsConnectsAndLeavesBluetoothdAlone() throws {
        let tag = BluetoothAddress(0xCBB8_334C_884F, .random)
        let room = BluetoothAddress(0xF0F1_F2F3_F4FA, .random)
        try control("connect", "\(heart)")
        let rig = try RigLink(adopt: [
            .init(address: tag), .init(address: heart, decoder: "heartrate"),
            .init(address: room, decoder: "environment"),
        ])
        #expect(try rig.on { rig.link.adapterList.map(\.mode) } == ["shared"])
        try rig.air.tell(
            "beacon r \(tag) random 300 0201061bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f")
        try rig.wait(20, "a beacon and another sensor's session") {
            rig.owner.values(of: "acceleration").count == 3 && rig.owner.values(of: "humidity").contains(.integer(4321))
        }
        try rig.wait(20, "a word about who has the device") {
            rig.owner.states.contains { $0.text == "in use by bluetoothd" }
        }
        // Pairing is bluetoothd's business here.
        let refused = try rig.pair("F0:F1:F2:F3:F4:F7") { _ in nil }
        #expect(refused?.contains("bluetoothctl") == true)
        // Once it lets go, its bond serves us: the protected value is read without pairing.
        try control("disconnect", "\(heart)")
        try rig.wait(60, "heart rates") { rig.owner.values(of: "heartrate").count > 3 }
        #expect(try rig.on { rig.link.counters.first { $0.name == "connections" }?.value ?? 0 } >= 2)
        try rig.stop()
    }
}
