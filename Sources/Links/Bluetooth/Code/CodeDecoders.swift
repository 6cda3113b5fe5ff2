import Measurements

/// What cannot be said in a description: Polar's frames, and what is computed from a heart's beats. Keeps the state of each
/// sensor's session.
final class CodeDecoders {
    /// Numbers that no description of a library has.
    private enum Source {
        static let polar = -2
        static let variability = -3
    }

    static let variability = AttributeDeclaration(
        name: "hrv", kind: .double, components: ["rmssd", "sdnn"], unit: "ms")

    private let scanner: Scanner
    private var polar: [Int: PolarDecoder] = [:]
    private var hearts: [Int: HeartRateVariability] = [:]
    private var readings = Readings()

    init(scanner: Scanner) { self.scanner = scanner }

    /// A new session begins: clocks and factors are those of the last one.
    func forget(_ sensor: Int) {
        polar[sensor] = nil
        hearts[sensor] = nil
    }

    /// True where the value was decoded here, and no description need look at it.
    func take(_ sensor: Int, _ characteristic: AttUUID, _ bytes: [UInt8], now: Int64) -> Bool {
        switch characteristic {
        case PolarDecoder.Characteristic.control:
            polar[sensor, default: PolarDecoder()].control(bytes)
            return true
        case PolarDecoder.Characteristic.data:
            readings.removeAll()
            do throws(PolarFrame.Wrong) {
                try polar[sensor, default: PolarDecoder()].decode(bytes, now: now, into: &readings)
            } catch {
                scanner.fault("malformed_frames", error.description, sensor: sensor)
                return true
            }
            scanner.deliver(
                readings, sensor: sensor, source: Source.polar, decoder: PolarDecoder.label,
                attributes: PolarDecoder.attributes)
            return true
        default: return false
        }
    }

    /// Intervals between beats that a description read.
    func beats(_ sensor: Int, _ intervals: [Double], now: Int64) {
        for interval in intervals {
            guard let found = hearts[sensor, default: HeartRateVariability()].take(interval, now: now) else { continue }
            readings.removeAll()
            readings.append(attribute: 0, time: now, .double(found.rmssd))
            readings.append(attribute: 0, time: now, .double(found.sdnn))
            scanner.deliver(
                readings, sensor: sensor, source: Source.variability, decoder: scanner.sensors[sensor].decoder,
                attributes: [CodeDecoders.variability])
        }
    }
}
