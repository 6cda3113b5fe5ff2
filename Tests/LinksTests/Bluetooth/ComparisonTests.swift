import Decoders
import Foundation
import Measurements
import Testing

@testable import Links

/// Frames of every family that foreign decoders share with us, drawn anew each time: what they read and what we read must
/// be the same. Tests/peers/ble_frames.py draws and asks.
@Suite struct BluetoothComparisonTests {
    struct Frame: Decodable {
        struct Reading: Decodable {
            var values: [String: Cell]
            var digits: Int
        }
        var family: String
        var company: UInt16?
        var service: String?
        var name: String?
        var address: String
        var key: String?
        var hex: String
        var read: [String: Reading]
    }

    enum Cell: Decodable {
        case number(Double)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .number(flag ? 1 : 0)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    /// Differences that were looked into, and why ours is right.
    static func isExplained(_ frame: Frame, _ peer: String, _ attribute: String) -> Bool {
        switch (frame.family, peer, attribute) {
        // An encrypted frame has no voltage; bleparser makes one up from the percentage.
        case ("atc", "bleparser", "voltage") where frame.key != nil: true
        // ruuvitag-ble rounds format 6 to whole lux; the format's steps are finer in the dark.
        case ("ruuvitag", "ruuvitag-ble", "light") where frame.hex.count == 40: true
        // xiaomi-ble cuts the humidity of this one model to whole percent, because the device measures no finer.
        case ("xiaomi", "xiaomi-ble", "humidity") where frame.key != nil: true
        // TheengsDecoder leaves the humidity's digits in a temperature below zero: -22.4534 for -22.4 °C and 53.4 %.
        case ("govee", "TheengsDecoder", "temperature") where frame.name != "Govee_H5074_5FF4": true
        default: false
        }
    }

    @Test func foreignDecodersReadTheSame() throws {
        var random = Seeded()
        let seed = random.seed
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers")
        let process = Process()
        process.executableURL = folder.appending(path: "python")
        process.arguments = [folder.appending(path: "ble_frames.py").path(), "\(seed % 1_000_000)", "25"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let lines = try #require(try output.fileHandleForReading.readToEnd(), "run Tests/peers/setup")
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "run Tests/peers/setup")
        var compared: [String: Int] = [:]
        for line in lines.split(separator: 10) {
            let frame = try JSONDecoder().decode(Frame.self, from: Data(line))
            let ours = try read(frame)
            for (peer, reading) in frame.read {
                for (attribute, cell) in reading.values where !Self.isExplained(frame, peer, attribute) {
                    compared["\(frame.family) \(peer)", default: 0] += 1
                    let same =
                        switch (cell, ours[attribute]) {
                        case (.number(let theirs), .number(let number)):
                            abs(theirs - number) <= 0.51 * pow(10, -Double(reading.digits)) + abs(number) * 1e-6
                        case (.text(let theirs), .text(let text)): theirs == text
                        default: false
                        }
                    #expect(
                        same,
                        "seed \(seed): \(peer) reads \(attribute) \(cell) in \(frame.hex) of \(frame.family), we \(ours)"
                    )
                }
            }
        }
        let peers = Set(compared.keys)
        for expected in [
            "bthome bthome-ble", "bthome bleparser", "bthome TheengsDecoder", "ruuvitag ruuvitag-ble",
            "ruuvitag bleparser",
            "ruuvitag TheengsDecoder", "xiaomi xiaomi-ble", "xiaomi bleparser", "atc bleparser", "atc TheengsDecoder",
            "govee govee-ble", "govee bleparser", "govee TheengsDecoder", "inkbird inkbird-ble",
            "inkbird TheengsDecoder",
            "qingping qingping-ble", "qingping bleparser", "switchbot PySwitchbot", "ibeacon TheengsDecoder",
        ] { #expect(peers.contains(expected), "\(expected) read nothing") }
        _ = random.next()
    }

    private func read(_ frame: Frame) throws -> [String: Cell] {
        var bytes: [UInt8] = []
        var digits = Substring(frame.hex)
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        let source: FrameSource =
            if let company = frame.company {
                .manufacturer(company)
            } else {
                .serviceData(try #require(frame.service.flatMap { BluetoothUUID($0) }))
            }
        let key = frame.key.map { text in
            stride(from: 0, to: 32, by: 2).map { UInt8(text.dropFirst($0).prefix(2), radix: 16)! }
        }
        let context = FrameContext(
            time: 0, source: source, name: frame.name ?? "", address: try #require(UInt64(frame.address, radix: 16)),
            key: key ?? [])
        var readings = Readings()
        guard case .decoded(let decoder, _, _) = Rig.library.decode(bytes, context, into: &readings) else { return [:] }
        let description = Rig.library.descriptions[decoder]
        #expect(description.name == frame.family)
        var found: [String: Cell] = [:]
        for entry in readings.entries {
            let attribute = description.attributes[Int(entry.attribute)]
            switch (entry.value, attribute.kind) {
            case (.integer(let mantissa), .integer(let scale)):
                found[attribute.name] = .number(Double(mantissa) * pow(10, Double(scale)))
            case (.double(let value), _): found[attribute.name] = .number(value)
            case (.boolean(let flag), _): found[attribute.name] = .number(flag ? 1 : 0)
            case (.text(let text), _): found[attribute.name] = .text(text)
            default: break
            }
        }
        return found
    }
}
