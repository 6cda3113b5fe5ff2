import Decoders
import Hashing
import Notation
import System

/// The frames that all are given.
struct SerialFrames {
    var nmea: [[UInt8]] = []
    var modbus: [[UInt8]] = []
    var sml: [[UInt8]] = []

    init(samples: String) throws {
        for second in 0..<60 {
            let clock = "1200\(second < 10 ? "0" : "")\(second)"
            for body in [
                "GNGGA,\(clock).00,4807.03812,N,01131.00012,E,1,12,0.92,545.4,M,46.9,M,,",
                "GNGSA,A,3,05,13,15,18,20,23,24,29,,,,,1.73,0.92,1.46",
                "GPGSV,3,1,11,05,42,292,38,13,36,235,31,15,73,156,41,18,19,320,29",
                "GNRMC,\(clock).00,A,4807.03812,N,01131.00012,E,0.4,84.4,201126,,,A",
                "GNVTG,84.4,T,,M,0.4,N,0.741,K,A", "GNGLL,4807.03812,N,01131.00012,E,\(clock).00,A,A",
            ] {
                let check = body.utf8.reduce(UInt8(0)) { $0 ^ $1 }
                nmea.append(Array("$\(body)*\(Hex.encode([check]))\r\n".utf8))
            }
            let data = [1, 3, 8, 0x41, UInt8(second), 0, 0, 0x42, 0, UInt8(second), 0]
            let crc = CRC.modbus.of(data)
            modbus.append(data + [UInt8(crc & 0xff), UInt8(crc >> 8)])
        }
        let text = String(decoding: try System.Files.read(samples), as: UTF8.self)
        sml = text.split(separator: "\n").compactMap { Hex.decode($0) }
    }

    /// What it all is, for the tiny run.
    var digest: String { String(CRC.crc32.of((nmea + modbus + sml).flatMap { $0 }), radix: 16) }
}
