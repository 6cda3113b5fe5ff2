import Decoders
import Foundation
import Glibc
import Links
import Measurements
import System
import Testing

@Suite(.serialized) struct SerialLinkTests {
    static let gga = Array("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n".utf8)

    private func settings(_ path: String, _ kind: SerialPortSettings.Kind = .nmea, decoder: String? = nil)
        -> SerialPortSettings
    {
        SerialPortSettings(port: path, kind: kind, sensors: [.init(id: "probe", decoder: decoder)])
    }

    @Test func aReceiverOnAPort() throws {
        let pair = Pair()
        let running = try Running(settings(pair.path), library: DecoderLibrary())
        defer { running.stop() }
        #expect(running.witness.until { $0.ids == ["probe"] })
        for _ in 0..<3 { pair.write(Self.gga) }
        #expect(running.witness.until { $0.values["probe"]?["satellites"]?.count == 3 })
        let seen = running.witness.seen.withLock { $0 }
        #expect(seen.values["probe"]?["altitude"] == [.integer(545_400), .integer(545_400), .integer(545_400)])
        #expect(seen.declarations["probe"]?.decoder == "nmea/1")
        #expect(seen.declarations["probe"]?.origin == "serial:\(pair.path)")
        // Only what it has shown is declared.
        #expect(seen.declarations["probe"]?.attributes.contains { $0.name == "speed" } == false)
        #expect(seen.states["probe"] == ["receiving"])
        pair.unplug()
    }

    @Test func pyserialWritesDust() throws {
        let cable = try Cable()
        defer { cable.cut() }
        let running = try Running(settings(cable.here, .described, decoder: "sds011"), library: serialLibrary())
        defer { running.stop() }
        let device = try Device(["write", cable.there, "9600"])
        defer { device.stop() }
        let frame: [UInt8] = [0xaa, 0xc0, 0xd4, 0x04, 0x3a, 0x0a, 0xa1, 0x60, 0x1d, 0xab]
        var wrong = frame
        wrong[3] ^= 1
        device.write(frame + [1, 2] + wrong + frame)
        #expect(running.witness.until { $0.values["probe"]?["pm10"]?.count == 2 })
        #expect(running.witness.seen.withLock { $0.faults["probe"]?["checksum_errors"] } == 1)
        #expect(running.counters()["checksum_errors"] == 1)
        #expect(running.counters()["frames"] == 2)
    }

    /// The same file opened twice would give each reader half of the bytes.
    @Test func aPortInUseIsNotOpened() throws {
        let pair = Pair()
        let first = try SerialPort(pair.path, LineSettings())
        do {
            _ = try SerialPort(pair.path, LineSettings())
            Issue.record("opened twice")
        } catch {
            guard case .inUse = error else {
                Issue.record("\(error)")
                return
            }
            #expect("\(error)".contains("is in use"))
        }
        _ = first.descriptor
        let running = try Running(settings(pair.path), library: DecoderLibrary())
        defer { running.stop() }
        #expect(running.witness.until { $0.states["probe"]?.first?.contains("is in use") == true })
        pair.unplug()
    }

    @Test func refusalsNameTheReason() {
        #expect(throws: PortFailure.missing("/dev/serial/by-id/none")) {
            try SerialPort("/dev/serial/by-id/none", LineSettings())
        }
        #expect(throws: PortFailure.self) { try SerialPort("/dev/null", LineSettings()) }
        let pair = Pair()
        // A pseudo-terminal has no modem lines: asked for, that is an error; not asked for, it is none.
        #expect(throws: PortFailure.self) { try SerialPort(pair.path, LineSettings(dtr: true)) }
        #expect(throws: Never.self) { try SerialPort(pair.path, LineSettings(baud: 250_000, parity: .even)) }
    }

    /// Unplugged in the middle of a frame, plugged in again under the same name: torn is counted, values go on.
    @Test func unpluggedAndPluggedInAgain() throws {
        let link = FileManager.default.temporaryDirectory.appendingPathComponent("bothy-port-\(UUID().uuidString)").path
        defer { unlink(link) }
        let first = Pair()
        symlink(first.path, link)
        let running = try Running(settings(link), library: DecoderLibrary())
        defer { running.stop() }
        first.write(Self.gga + Self.gga.prefix(30))
        #expect(running.witness.until { $0.values["probe"]?["satellites"]?.count == 1 })
        let second = Pair()
        unlink(link)
        first.unplug()
        #expect(running.witness.until { $0.states["probe"]?.last?.contains("is not there") == true })
        symlink(second.path, link)
        second.write(Self.gga)
        #expect(running.witness.until { _ in running.counters()["opened"] == 2 })
        // The rest of the frame that was torn is not the beginning of the next.
        second.write(Self.gga.suffix(20) + Self.gga)
        #expect(running.witness.until { ($0.values["probe"]?["satellites"]?.count ?? 0) >= 2 })
        let counters = running.counters()
        #expect(counters["torn_frames"] == 1)
        #expect(counters["lost"] == 1)
        #expect(running.witness.seen.withLock { $0.failures } == 0)
        second.unplug()
    }

    /// One port floods; the others' frames all arrive and the flood is all accounted for.
    @Test func aFloodDisturbsNobody() throws {
        let (loud, quiet) = (Pair(), Pair())
        let running = try Running(settings(loud.path), library: DecoderLibrary())
        let other = try Running(settings(quiet.path), library: DecoderLibrary())
        defer {
            running.stop()
            other.stop()
        }
        let noise = [UInt8](repeating: 0x55, count: 64 << 10)
        for round in 0..<16 {
            loud.write(noise)
            if round % 4 == 0 { quiet.write(Self.gga) }
        }
        #expect(other.witness.until { $0.values["probe"]?["satellites"]?.count == 4 })
        #expect(running.witness.until { _ in running.counters()["bytes"] == UInt64(16 * noise.count) })
        #expect(running.counters()["noise_bytes"] == UInt64(16 * noise.count))
        loud.unplug()
        quiet.unplug()
    }

    @Test func settingsThatCannotBe() throws {
        let library = try serialLibrary()
        func problem(_ settings: SerialPortSettings) -> String {
            do {
                _ = try SerialLink(settings, library: library, loop: try Loop(name: "none"))
                return "none"
            } catch { return "\(error)" }
        }
        #expect(problem(settings("/dev/x", .described, decoder: "nothing")).contains("no decoder 'nothing'"))
        #expect(problem(settings("/dev/x", .described, decoder: "heartrate")).contains("not for serial ports"))
        #expect(problem(settings("/dev/x", .modbus, decoder: "sds011")).contains("no Modbus device"))
        #expect(problem(settings("ttyUSB0")).contains("a port is a path"))
        #expect(problem(SerialPortSettings(port: "/dev/x", kind: .nmea, sensors: [])).contains("no sensor"))
    }
}
