import Decoders
import Foundation
import Glibc
import Links
import Measurements
import System
import Testing

/// A USB serial device that is plugged in and unplugged, in the rig's kernel (`Tests/rig/test-serial`).
final class Gadget {
    private static let folder = "/sys/kernel/config/usb_gadget"
    private let path: String
    /// The device's own end of the line.
    private(set) var device: Int32 = -1

    init(serial: String, product: String = "Meter") throws {
        path = "\(Gadget.folder)/\(serial)"
        for part in ["", "/strings/0x409", "/configs/c.1", "/functions/acm.usb0"] { mkdir(path + part, 0o755) }
        try Gadget.write("0x1d6b", path + "/idVendor")
        try Gadget.write("0x0104", path + "/idProduct")
        try Gadget.write(serial, path + "/strings/0x409/serialnumber")
        try Gadget.write("Barn", path + "/strings/0x409/manufacturer")
        try Gadget.write(product, path + "/strings/0x409/product")
        symlink(path + "/functions/acm.usb0", path + "/configs/c.1/acm.usb0")
    }

    func plug() throws {
        try Gadget.write("dummy_udc.0", path + "/UDC")
        let line = String(
            decoding: FileManager.default.contents(atPath: path + "/functions/acm.usb0/port_num") ?? Data("0".utf8),
            as: UTF8.self)
        let name = "/dev/ttyGS" + line.trimmingCharacters(in: .whitespacesAndNewlines)
        for _ in 0..<500 where device < 0 {
            device = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
            if device < 0 { usleep(10_000) }
        }
        var raw = termios()
        tcgetattr(device, &raw)
        cfmakeraw(&raw)
        tcsetattr(device, TCSANOW, &raw)
    }

    func unplug() throws {
        try Gadget.write("\n", path + "/UDC")
        close(device)
        device = -1
    }

    func send(_ bytes: [UInt8]) { _ = Glibc.write(device, bytes, bytes.count) }

    private static func write(_ text: String, _ file: String) throws {
        try text.write(toFile: file, atomically: false, encoding: .utf8)
    }
}

private let isInRig = ProcessInfo.processInfo.environment["BOTHY_RIG"] == "serial"

@Suite(.serialized, .enabled(if: isInRig)) struct SerialRigTests {
    static let byID = "/dev/serial/by-id/usb-Barn_Meter_SN1-if00"

    private func sentence(_ degrees: Int) -> [UInt8] {
        let body = "GPHDT,\(degrees).0,T"
        return Array("$\(body)*".utf8) + hex(body.utf8.reduce(0) { $0 ^ $1 }) + [13, 10]
    }

    private func hex(_ byte: UInt8) -> [UInt8] {
        Array((byte < 16 ? "0" : "").utf8) + Array(String(byte, radix: 16).utf8)
    }

    private func until(_ holds: () -> Bool) -> Bool {
        for _ in 0..<3_000 {
            if holds() { return true }
            usleep(10_000)
        }
        return false
    }

    /// Sends until the link has it: what is sent before the port is open again is lost, as with any device.
    private func deliver(_ degrees: Int, _ gadget: Gadget, _ running: Running) -> Bool {
        until {
            gadget.send(sentence(degrees))
            usleep(50_000)
            return running.witness.seen.withLock {
                $0.values["compass"]?["heading"]?.contains(.integer(Int64(degrees) * 1000)) == true
            }
        }
    }

    /// Unplugged, another device under the same number, plugged in again under another number: the link reads its own
    /// device only, and finds it again.
    @Test func renumberingNeverOpensTheWrongDevice() throws {
        let (mine, other) = (try Gadget(serial: "SN1"), try Gadget(serial: "SN2"))
        let settings = SerialPortSettings(port: Self.byID, kind: .nmea, sensors: [.init(id: "compass")])
        let running = try Running(settings, library: DecoderLibrary())
        defer { running.stop() }
        // Nothing is there yet: said, and tried again.
        #expect(running.witness.until { $0.states["compass"]?.last?.contains("is not there") == true })
        try mine.plug()
        #expect(deliver(11, mine, running))
        let info = try #require(PortList.read().first { $0.byID == Self.byID })
        #expect(info.device == "/dev/ttyACM0" && info.serial == "SN1" && info.product == "Meter")
        #expect(info.stableName == Self.byID && info.usbID == "1d6b:0104" && info.isAllowed)
        #expect(throws: PortFailure.self) { try SerialPort("/dev/ttyACM0", LineSettings()) }

        try mine.unplug()
        #expect(running.witness.until { $0.states["compass"]?.last?.contains("is not there") == true })
        try other.plug()
        #expect(until { PortList.read().contains { $0.device == "/dev/ttyACM0" && $0.serial == "SN2" } })
        // The same number, another device: held open by somebody else, so that the number stays taken.
        let holder = try SerialPort("/dev/ttyACM0", LineSettings())
        for _ in 0..<10 {
            other.send(sentence(99))
            usleep(50_000)
        }
        #expect(running.counters()["opened"] == 1)
        try other.unplug()
        try mine.plug()
        #expect(until { PortList.read().contains { $0.byID == Self.byID && $0.device == "/dev/ttyACM1" } })
        #expect(deliver(22, mine, running))
        _ = holder.descriptor
        let seen = running.witness.seen.withLock { $0 }
        #expect(Set(seen.values["compass"]?["heading"] ?? []) == [.integer(11_000), .integer(22_000)])
        #expect(running.counters()["opened"] == 2)
        #expect(running.counters()["lost"] == 1)
        try mine.unplug()
    }

    /// Pulled out in the middle of a frame, many times: torn frames are counted, values are only true ones, descriptors flat.
    @Test func pulledOutInTheMiddleOfAFrame() throws {
        let gadget = try Gadget(serial: "SN1")
        let settings = SerialPortSettings(port: Self.byID, kind: .nmea, sensors: [.init(id: "compass")])
        let running = try Running(settings, library: DecoderLibrary())
        defer { running.stop() }
        var descriptors = 0
        for round in 1...5 {
            try gadget.plug()
            #expect(deliver(round, gadget, running))
            gadget.send(Array(sentence(77).prefix(8)))
            usleep(200_000)
            try gadget.unplug()
            #expect(until { running.counters()["lost"] == UInt64(round) })
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            if round == 1 { descriptors = open }
            #expect(open <= descriptors)
        }
        let values = running.witness.seen.withLock { Set($0.values["compass"]?["heading"] ?? []) }
        #expect(values == Set((1...5).map { .integer(Int64($0) * 1000) }))
        #expect(running.counters()["torn_frames"] == 5)
    }

    @Test func probingAUSBDevice() throws {
        let gadget = try Gadget(serial: "SN1")
        try gadget.plug()
        #expect(until { PortList.read().contains { $0.byID == Self.byID } })
        let done = Locked(false)
        let device = gadget.device
        let line = sentence(33)
        Foundation.Thread.detachNewThread {
            while !done.withLock({ $0 }) {
                _ = Glibc.write(device, line, line.count)
                usleep(300_000)
            }
        }
        let finding = try PortProber.listen(Self.byID, library: DecoderLibrary(), seconds: 10)
        done.withLock { $0 = true }
        #expect(finding?.kind == .nmea)
        usleep(400_000)
        try gadget.unplug()
    }
}
