import Measurements

/// Makes readings out of Polar's measurement frames: what no description can say, because the samples of a frame are spread
/// over time and may be packed as differences. One for each connected sensor.
struct PolarDecoder {
    static let label = "polar/1"

    enum Characteristic {
        // fb005c81 and fb005c82-02e7-f387-1cad-8acd2d8df0c8
        static let control = uuid(0x81)
        static let data = uuid(0x82)

        private static func uuid(_ last: UInt8) -> AttUUID {
            AttUUID([
                0xC8, 0xF0, 0x8D, 0x2D, 0xCD, 0x8A, 0xAD, 0x1C, 0x87, 0xF3, 0xE7, 0x02, last, 0x5C, 0x00, 0xFB,
            ])
        }
    }

    private enum Place {
        static let ecg: UInt16 = 0
        static let acceleration: UInt16 = 1
        static let ppg: UInt16 = 2
        static let heartRate: UInt16 = 3
        static let interval: UInt16 = 4
        static let intervalError: UInt16 = 5
        static let gyroscope: UInt16 = 6
        static let magnetometer: UInt16 = 7
    }

    static let attributes: [AttributeDeclaration] = [
        AttributeDeclaration(name: "ecg", kind: .integer(scale: -3), unit: "mV", nominalRate: 130),
        AttributeDeclaration(
            name: "accelerometer", kind: .integer(scale: -3), components: ["x", "y", "z"], unit: "g", nominalRate: 200),
        AttributeDeclaration(
            name: "ppg", kind: .integer(scale: 0), components: ["ppg0", "ppg1", "ppg2", "ambient"], nominalRate: 55),
        AttributeDeclaration(name: "heartrate", kind: .integer(scale: 0), unit: "bpm", range: 1...300),
        AttributeDeclaration(name: "ppi", kind: .integer(scale: 0), unit: "ms", range: 1...10_000),
        AttributeDeclaration(name: "ppi_error", kind: .integer(scale: 0), unit: "ms"),
        AttributeDeclaration(
            name: "gyroscope", kind: .double, components: ["x", "y", "z"], unit: "°/s", nominalRate: 52),
        AttributeDeclaration(
            name: "magnetometer", kind: .double, components: ["x", "y", "z"], unit: "G", nominalRate: 20),
    ]

    /// A stream's way from the sensor's clock to ours.
    private struct Timing {
        /// What to add to the sensor's time: the least delay seen, which creeps up in case the clocks drift apart.
        var offset: Int64
        var lastFrame: UInt64
        var interval: Int64
        var lastSample: Int64 = .min
    }

    /// How fast the sensor's clock may fall behind ours: 200 ppm.
    private static let drift: Int64 = 5_000

    private var timings: [PolarFrame.Kind: Timing] = [:]
    /// Units a count, as the sensor said when the stream began.
    private var factors: [PolarFrame.Kind: Double] = [:]
    private(set) var malformed: UInt64 = 0

    /// The answer to a start command tells what a count of the gyroscope or the magnetometer is worth.
    mutating func control(_ bytes: [UInt8]) {
        guard bytes.count > 5, bytes[0] == 0xF0, bytes[1] == 2, bytes[3] == 0,
            let kind = PolarFrame.Kind(rawValue: bytes[2])
        else { return }
        var at = 5
        while at + 2 <= bytes.count {
            let (setting, count) = (bytes[at], Int(bytes[at + 1]))
            let size = setting == 5 ? 4 : setting == 4 ? 1 : 2
            at += 2
            guard at + size * count <= bytes.count else { return }
            if setting == 5, count > 0 {
                let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
                let factor = Double(Float(bitPattern: bits))
                if factor.isFinite, factor != 0 { factors[kind] = factor }
            }
            at += size * count
        }
    }

    /// The samples of a frame that came at `now`; throws where it is none.
    mutating func decode(_ bytes: [UInt8], now: Int64, into readings: inout Readings) throws(PolarFrame.Wrong) {
        let frame: PolarFrame
        do throws(PolarFrame.Wrong) { frame = try PolarFrame(bytes) } catch {
            malformed += 1
            throw error
        }
        guard frame.count > 0 else { return }
        let (first, step) = place(frame, now)
        for sample in 0..<frame.count {
            append(frame, sample, at: first + Int64(sample) * step, &readings)
        }
    }

    /// The first sample's time in our clock, and the time between samples.
    private mutating func place(_ frame: PolarFrame, _ now: Int64) -> (Int64, Int64) {
        let sensed = Int64(bitPattern: frame.time)
        let count = Int64(frame.count)
        var timing =
            timings[frame.kind]
            ?? Timing(offset: now &- sensed, lastFrame: frame.time, interval: PolarDecoder.usual(frame.kind))
        let elapsed = sensed &- Int64(bitPattern: timing.lastFrame)
        if elapsed > 0, elapsed < 10_000_000_000 {
            timing.interval = elapsed / count
            timing.offset = min(timing.offset &+ elapsed / PolarDecoder.drift, now &- sensed)
        } else {
            // The first frame, or the sensor's clock jumped.
            timing.offset = now &- sensed
        }
        timing.lastFrame = frame.time
        let last = sensed &+ timing.offset
        let first = max(last - (count - 1) * timing.interval, timing.lastSample == .min ? .min : timing.lastSample + 1)
        let step = count > 1 ? max(1, (last - first) / (count - 1)) : timing.interval
        timing.lastSample = first + (count - 1) * step
        timings[frame.kind] = timing
        return (first, step)
    }

    private static func usual(_ kind: PolarFrame.Kind) -> Int64 {
        switch kind {
        case .ecg: 1_000_000_000 / 130
        case .acceleration: 1_000_000_000 / 200
        case .ppg: 1_000_000_000 / 55
        case .peakInterval: 1_000_000_000
        case .gyroscope: 1_000_000_000 / 52
        case .magnetometer: 1_000_000_000 / 20
        }
    }

    private func append(_ frame: PolarFrame, _ sample: Int, at time: Int64, _ readings: inout Readings) {
        let start = sample * frame.width
        let parts = frame.values[start..<start + frame.width]
        func integers(_ place: UInt16) {
            for part in parts { readings.append(attribute: place, time: time, .integer(Int64(part))) }
        }
        func scaled(_ place: UInt16) {
            let factor = factors[frame.kind] ?? 1
            for part in parts { readings.append(attribute: place, time: time, .double(Double(part) * factor)) }
        }
        switch frame.kind {
        case .ecg: integers(Place.ecg)
        // Form 0 of the packed frames counts in units that the sensor tells, in g.
        case .acceleration where frame.form == 0x80:
            let factor = (factors[.acceleration] ?? 0.001) * 1000
            for part in parts {
                let milli = Int64((Double(part) * factor).rounded())
                readings.append(attribute: Place.acceleration, time: time, .integer(milli))
            }
        case .acceleration: integers(Place.acceleration)
        case .ppg: integers(Place.ppg)
        case .peakInterval:
            let (rate, interval, error) = (parts[start], parts[start + 1], parts[start + 2])
            if rate > 0 { readings.append(attribute: Place.heartRate, time: time, .integer(Int64(rate))) }
            if interval > 0 { readings.append(attribute: Place.interval, time: time, .integer(Int64(interval))) }
            readings.append(attribute: Place.intervalError, time: time, .integer(Int64(error)))
        case .gyroscope: scaled(Place.gyroscope)
        case .magnetometer: scaled(Place.magnetometer)
        }
    }
}
