import Glibc
import Measurements

/// What a simulated attribute is worth at each index: a pure function, so that a restart goes on where it was.
struct Waveform: Sendable {
    let declaration: AttributeDeclaration
    private let shape: Shape
    private let noise: Noise
    private let rate: Double
    private let power: Double

    private enum Shape: Sendable {
        case ecg(beatsPerSecond: Double)
        case respiration(breathsPerSecond: Double)
        case wander(least: Double, greatest: Double, spanSeconds: Double)
        case hrv
        case motion
        case track(latitude: Double, longitude: Double, mode: String)
        case battery
        case button
        case direction
    }

    init(_ attribute: Scenario.Attribute, seed: UInt64, sensor: String) {
        noise = Noise(seed: seed, name: "\(sensor)/\(attribute.id)")
        rate = attribute.rate
        let (shape, kind, components, unit) = Waveform.form(attribute)
        self.shape = shape
        declaration = AttributeDeclaration(
            name: attribute.id, type: attribute.type, kind: kind, components: components,
            unit: attribute.unit ?? unit, nominalRate: attribute.rate)
        if case .integer(let scale) = kind { power = pow(10, -Double(scale)) } else { power = 1 }
    }

    private static func form(_ a: Scenario.Attribute) -> (Shape, ValueKind, [String], String) {
        func wander(_ least: Double, _ greatest: Double, span: Double = 120) -> Shape {
            .wander(least: a.least ?? least, greatest: a.greatest ?? greatest, spanSeconds: span)
        }
        let xyz = ["x", "y", "z"]
        switch a.type {
        case "ecg": return (.ecg(beatsPerSecond: a.heartRate / 60), .integer(scale: -3), [], "mV")
        case "respiration":
            return (.respiration(breathsPerSecond: a.breathsPerMinute / 60), .integer(scale: -2), [], "%")
        case "heartrate", "hr":
            return (wander(a.heartRate - 8, a.heartRate + 12, span: 40), .integer(scale: 0), [], "bpm")
        case "hrv": return (.hrv, .integer(scale: -1), ["rmssd", "sdnn"], "ms")
        case "imu":
            let parts = xyz.map { "accelerometer.\($0)" } + xyz.map { "gyroscope.\($0)" }
            return (.motion, .integer(scale: -3), parts, "m/s² rad/s")
        case "accelerometer", "gravity": return (.motion, .integer(scale: -3), xyz, "m/s²")
        case "gyroscope": return (.motion, .integer(scale: -3), xyz, "rad/s")
        case "geolocation":
            return (
                .track(latitude: a.latitude, longitude: a.longitude, mode: a.track), .integer(scale: -7),
                ["latitude", "longitude", "accuracy"], "° m"
            )
        case "battery": return (.battery, .integer(scale: 0), [], "%")
        case "button": return (.button, .integer(scale: 0), ["button", "pressed"], "")
        case "heading", "orientation": return (.direction, .integer(scale: -1), [], "°")
        case "temperature": return (wander(18, 24, span: 1_800), .integer(scale: -2), [], "°C")
        case "humidity": return (wander(40, 60, span: 2_400), .integer(scale: -1), [], "%")
        case "pressure": return (wander(985, 1_025, span: 7_200), .integer(scale: -2), [], "hPa")
        case "spo2": return (wander(95, 99), .integer(scale: 0), [], "%")
        case "light": return (wander(50, 800, span: 900), .integer(scale: 0), [], "lx")
        case "speed": return (wander(0, 3), .integer(scale: -2), [], "m/s")
        case "altitude": return (wander(a.altitude - 5, a.altitude + 5, span: 600), .integer(scale: -1), [], "m")
        default: return (wander(0, 100), .integer(scale: -2), [], "")
        }
    }

    /// Appends the sample of `index` with the boot time given; `spike` makes it absurd.
    func append(_ index: Int64, attribute: UInt16, time: BootTime, spike: Bool, to readings: inout Readings) {
        func add(_ value: Double) {
            let value = spike ? value * 10 + 50 : value
            readings.append(attribute: attribute, time: time, .integer(Int64((value * power).rounded())))
        }
        let seconds = Double(index) / rate
        switch shape {
        case .ecg(let beats):
            add(ecg(phase: (seconds * beats).truncatingRemainder(dividingBy: 1)) + 0.025 * noise.signed(index))
        case .respiration(let breaths): add(75 + 25 * sin(2 * .pi * breaths * seconds) + 0.3 * noise.signed(index))
        case .wander(let least, let greatest, let span):
            let middle = (least + greatest) / 2
            let slow = noise.drift(index, span: max(1, Int64(span * rate)))
            add(min(greatest, max(least, middle + (greatest - middle) * (0.95 * slow + 0.02 * noise.signed(index)))))
        case .hrv:
            let level = 42 + 12 * noise.drift(index, span: max(1, Int64(60 * rate)))
            add(level)
            add(level * 1.3 + 2 * noise.signed(index))
        case .motion:
            for part in 0..<declaration.width {
                let wave = sin(2 * .pi * (0.7 + 0.3 * Double(part)) * seconds)
                add((part == 2 ? 9.81 : 0) + 0.6 * wave + 0.05 * noise.signed(index, salt: UInt64(part)))
            }
        case .track(let latitude, let longitude, let mode):
            let place = position(seconds, mode: mode)
            add(latitude + place.north / 111_320)
            add(longitude + place.east / (111_320 * max(0.01, cos(latitude * .pi / 180))))
            add(4 + 2 * noise.unit(index))
        case .battery: add(max(5, 100 - (seconds / 600).truncatingRemainder(dividingBy: 95).rounded(.down)))
        case .button:
            add(Double(1 + Int64(noise.unit(index / 2) * 3)))
            add(index % 2 == 0 ? 1 : 0)
        case .direction: add((seconds * 2).truncatingRemainder(dividingBy: 360))
        }
    }

    /// Half-sine lobes over the beat's phase.
    private func ecg(phase: Double) -> Double {
        func lobe(_ height: Double, _ from: Double, _ to: Double) -> Double {
            height * sin(.pi * (phase - from) / (to - from))
        }
        switch phase {
        case ..<0.1: return lobe(0.15, 0, 0.1)
        case 0.15..<0.18: return lobe(-0.1, 0.15, 0.18)
        case 0.18..<0.22: return lobe(1, 0.18, 0.22)
        case 0.22..<0.26: return lobe(-0.25, 0.22, 0.26)
        case 0.26..<0.35: return 0.02
        case 0.35..<0.5: return lobe(0.3, 0.35, 0.5)
        default: return 0
        }
    }

    /// Metres from the base: a circle of 200 m, a wandering walk, or nothing.
    private func position(_ seconds: Double, mode: String) -> (north: Double, east: Double) {
        switch mode {
        case "still", "static": return (0, 0)
        case "circle":
            let angle = 2 * .pi * seconds / 300
            return (200 * sin(angle), 200 * cos(angle))
        default:
            let step = Int64(seconds * 10)
            return (300 * noise.drift(step, span: 3_000, salt: 1), 300 * noise.drift(step, span: 3_000, salt: 2))
        }
    }
}
