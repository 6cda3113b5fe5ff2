import Foundation
import Measurements
import Testing

@testable import Links

extension BluetoothRig {
    /// Time itself, and many strangers.
    @Suite(.serialized) struct Endurance {
        func counter(_ rig: RigLink, _ name: String) throws -> UInt64 {
            try rig.on { rig.link.adapterList.first?.counters.first { $0.name == name }?.value ?? 0 }
        }

        /// Ninety seconds as they pass on the wall. The same in virtual time: AdapterMachineTests.
        @Test(.enabled(if: Rig.isLong)) func aWedgedRadioIsNoticedAndBroughtBack() throws {
            let rig = try RigLink()
            try rig.wait(10, "reports") { rig.link.scan().count >= 7 }
            Thread.sleep(forTimeInterval: 5)
            try rig.air.tell("mute")
            try rig.wait(110, "a first step") { try counter(rig, "scan_restarted") == 1 }
            #expect(try counter(rig, "power_cycled") == 0)
            try rig.wait(60, "a power cycle that helps") { try counter(rig, "recoveries") == 1 }
            #expect(try counter(rig, "power_cycled") == 1)
            #expect(try counter(rig, "hardware_reset") == 0)
            try rig.wait(5, "reports again") { rig.link.adapterList.first?.summary == "listening" }
            try rig.stop()
        }

        func reports(_ air: Air) throws -> Int {
            let state = try JSONSerialization.jsonObject(with: Data(try air.tell("state").utf8)) as? [String: Any]
            return try #require((state?["ok"] as? [String: Any])?["reports"] as? Int)
        }

        func residentKiB() throws -> Int {
            let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            return Int(fields[1])! * 4
        }

        @Test func aThousandStrangersASecondCostNoMemoryAndNoCount() throws {
            let tag = BluetoothAddress(0xCBB8_334C_884F, .random)
            let rig = try RigLink(adopt: [.init(address: tag)])
            try rig.air.tell("flood 1000")
            // Until the table is full.
            try rig.wait(30, "a full table") { rig.link.counters.first { $0.name == "devices_evicted" }!.value > 500 }
            let before = try residentKiB()
            let start = try (
                sent: reports(rig.air), heard: rig.on { rig.link.counters.first { $0.name == "frames" }!.value }
            )
            for number in 0..<(Rig.isLong ? 300 : 10) {
                let sequence = String(format: "%04x", number)
                try rig.air.tell(
                    "beacon r \(tag) random 100 0201061bff99040512fc5394c37c0004fffc040cac3642\(sequence)cbb8334c884f")
                Thread.sleep(forTimeInterval: 1)
            }
            try rig.air.tell("silence r")
            try rig.air.tell("flood 0")
            Thread.sleep(forTimeInterval: 1)
            let sent = try reports(rig.air) - start.sent
            let heard = try rig.on { rig.link.counters.first { $0.name == "frames" }!.value } - start.heard
            // Peers advertise on while the two are read.
            #expect(abs(sent - Int(heard)) < 100 && sent > 5000, "\(sent) sent, \(heard) heard")
            #expect(try rig.on { rig.owner.values(of: "sequence").count } == (Rig.isLong ? 300 : 10))
            let grown = try residentKiB() - before
            #expect(grown < 4096, "memory grew by \(grown) KiB")
            try rig.stop()
        }
    }
}
