import Foundation
import Measurements
import System
import Testing

@testable import Links

/// Random numbers that come again: the seed is printed with a failure and may be given as BOTHY_SEED.
struct Seeded: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init() {
        seed = ProcessInfo.processInfo.environment["BOTHY_SEED"].flatMap { UInt64($0) } ?? SystemRandom.uint64()
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

/// Notes what a link tells its owner.
final class RecordingOwner: LinkOwner {
    var declared: [SensorDeclaration] = []
    var values: [(sensor: Int, attribute: String, value: Value)] = []
    var faults: [String: Int] = [:]
    var states: [(text: String, healthy: Bool)] = []
    var failure: (any Error)?
    var onDeliver: () -> Void = {}

    func declare(_ sensor: SensorDeclaration, from link: any Link) -> SensorHandle? {
        if let known = declared.firstIndex(where: { $0.id == sensor.id }) {
            declared[known] = sensor
            return SensorHandle(index: known)
        }
        declared.append(sensor)
        return SensorHandle(index: declared.count - 1)
    }

    func deliver(_ readings: Readings, from sensor: SensorHandle) {
        for entry in readings.entries {
            values.append((sensor.index, declared[sensor.index].attributes[Int(entry.attribute)].name, entry.value))
        }
        onDeliver()
    }

    func fault(_ kind: StaticString, detail: @autoclosure () -> String, sensor: SensorHandle) {
        faults["\(kind)", default: 0] += 1
    }

    func clockAnchor(unixTime: Int64, at bootTime: BootTime, errorNs: Int64, sensor: SensorHandle) {}
    func state(_ text: String, healthy: Bool, sensor: SensorHandle) { states.append((text, healthy)) }
    func linkFailed(_ link: any Link, _ error: any Error) { failure = error }

    func values(of attribute: String) -> [Value] { values.filter { $0.attribute == attribute }.map(\.value) }
}

let second: Int64 = 1_000_000_000
