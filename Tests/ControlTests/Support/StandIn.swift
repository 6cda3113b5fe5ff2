import Foundation
import Measurements
import Notation
import System

@testable import Control

/// A gateway of sorts: a few waves that run as fast as their rates say, all samples kept.
final class StandIn: Backend, @unchecked Sendable {  // because all but `loop` is touched on that loop only
    struct Wave {
        var stream: LiveStream
        var name: String
        var kind: String
        var all: Samples
        /// Of `all`, how many were not due by the clock.
        var made = 0
        var make: (Double) -> Value
    }

    let loop: Loop
    let run = RunID(high: 7, low: 11)
    var asked = 0
    var waves: [Wave] = []
    var names: [String: String] = [:]
    var disabled: Set<String> = []
    var viewers: [UInt64: (sensors: [String]?, focused: String?)] = [:]
    var kept: [UInt8]?
    /// Its store holds nothing.
    var forgetful = false
    var clockOffset: Int64 = SystemClock.unixTime - SystemClock.bootTime
    private var listener: (@Sendable (LiveNews) -> Void)?

    init() throws {
        loop = try Loop(name: "stand-in")
        add(
            "strap", "heartrate",
            AttributeDeclaration(name: "ecg", kind: .integer(scale: -3), unit: "mV", nominalRate: 130)
        ) {
            let beat = ($0 * 1.2).truncatingRemainder(dividingBy: 1)
            let spike = exp(-pow((beat - 0.3) * 45, 2)) * 1.2 - exp(-pow((beat - 0.34) * 60, 2)) * 0.3
            return .integer(Int64((spike + 0.12 * exp(-pow((beat - 0.55) * 12, 2)) + 0.02 * sin($0 * 40)) * 1000))
        }
        add(
            "strap", "heartrate",
            AttributeDeclaration(name: "rate", kind: .integer(scale: 0), unit: "bpm", nominalRate: 1)
        ) {
            .integer(Int64(72 + 6 * sin($0 / 9)))
        }
        add(
            "barn", "thermometer",
            AttributeDeclaration(name: "temperature", kind: .integer(scale: -2), unit: "°C", nominalRate: 10)
        ) {
            .integer(Int64(2150 + 90 * sin($0 / 20)))
        }
        add(
            "cart", "imu",
            AttributeDeclaration(
                name: "acceleration", type: "imu", kind: .double, components: ["x", "y", "z"], unit: "m/s²",
                nominalRate: 50)
        ) { .double(sin($0 * 3)) }
        loop.start()
        loop.post { self.loop.repeating(everyMs: 20) { self.tick() } }
    }

    private func add(
        _ sensor: String, _ kind: String, _ attribute: AttributeDeclaration, _ make: @escaping (Double) -> Value
    ) {
        let stream = LiveStream(number: StreamNumber(waves.count + 1), sensor: sensor, attribute: attribute, next: 0)
        waves.append(Wave(stream: stream, name: sensor, kind: kind, all: Samples(of: attribute), make: make))
        names[sensor] = sensor.capitalized
    }

    let began = SystemClock.bootTime

    private func tick() {
        var batches: [LiveBatch] = []
        for index in waves.indices where !disabled.contains(waves[index].stream.sensor) {
            let wave = waves[index]
            let rate = wave.stream.attribute.nominalRate
            let due = wave.made + Int(Double(loop.now - began) / 1e9 * rate)
            let count = due - wave.all.count
            guard count > 0 else { continue }
            var fresh = Samples(of: wave.stream.attribute)
            for number in wave.all.count..<due {
                let seconds = Double(number - wave.made) / rate
                fresh.times.append(began + Int64(seconds * 1e9))
                for part in 0..<fresh.width {
                    switch wave.make(seconds + Double(part)) {
                    case .integer(let value): fresh.integers.append(value)
                    case .double(let value): fresh.doubles.append(value)
                    default: break
                    }
                }
            }
            batches.append(
                LiveBatch(stream: wave.stream.number, first: SampleNumber(wave.all.count), samples: fresh))
            waves[index].all.append(fresh)
            waves[index].stream.next = SampleNumber(waves[index].all.count)
        }
        if !batches.isEmpty { listener?(.samples(batches)) }
    }

    func append(_ fresh: Samples, to index: Int) {
        let batch = LiveBatch(
            stream: waves[index].stream.number, first: SampleNumber(waves[index].all.count), samples: fresh)
        waves[index].all.append(fresh)
        waves[index].made += fresh.count
        waves[index].stream.next = batch.end
        listener?(.samples([batch]))
    }

    var clockNow: LiveClock { LiveClock(offset: clockOffset, error: 12_000_000, settled: true) }

    func tap(_ listener: (@Sendable (LiveNews) -> Void)?) {
        self.listener = listener
        listener?(.streams(run: run, clock: clockNow, waves.map(\.stream)))
    }

    func samples(_ question: SampleQuestion) throws(Problem) -> any SampleSource {
        guard
            let wave = waves.first(where: {
                $0.stream.sensor == question.sensor && $0.stream.attribute.name == question.attribute
            })
        else { throw Problem.notFound("such stream") }
        if forgetful { throw Problem.notFound("such sample") }
        return Slices(wave, question, offset: clockOffset)
    }

    func watch(viewer: UInt64, sensors: [String]?, focused: String?) { viewers[viewer] = (sensors, focused) }
    func unwatch(viewer: UInt64) { viewers[viewer] = nil }
    func keep(access: [UInt8]) { kept = access }
    func keptAccess() -> [UInt8]? { kept }
    var boot: String { "this" }

    func renameSensor(_ id: String, to name: String, by who: Principal) throws(Problem) { names[id] = name }
    func enableSensor(_ id: String, _ enabled: Bool, by who: Principal) throws(Problem) {
        if enabled { disabled.remove(id) } else { disabled.insert(id) }
    }
    func forgetSensor(_ id: String, by who: Principal) throws(Problem) {
        guard sensor(id) != nil else { throw Problem.notFound("sensor '\(id)'", field: "sensor") }
        waves.removeAll { $0.stream.sensor == id }
        listener?(.streams(run: run, clock: clockNow, waves.map(\.stream)))
    }
}

/// The samples of one wave in batches of 500.
private final class Slices: SampleSource {
    let attribute: AttributeDeclaration
    private let all: Samples
    private let offset: Int64
    private let question: SampleQuestion
    private var at: Int
    private var end: Int
    var cursor: String?

    init(_ wave: StandIn.Wave, _ question: SampleQuestion, offset: Int64) {
        attribute = wave.stream.attribute
        let all = wave.all
        self.all = all
        self.offset = offset
        self.question = question
        let from = question.from.map { time in all.times.firstIndex { $0 + offset >= time } ?? all.count } ?? 0
        let to = question.to.map { time in all.times.firstIndex { $0 + offset >= time } ?? all.count } ?? all.count
        at = question.numbers.map { Int($0.lowerBound) } ?? question.cursor.flatMap { Int($0) } ?? from
        end = min(all.count, question.numbers.map { Int($0.upperBound) } ?? to)
        if question.resolution == nil, let limit = question.limit, end - at > limit {
            end = at + limit
            cursor = String(end)
        }
        at = min(at, end)
    }

    func next() -> SampleBatch? {
        guard at < end else { return nil }
        if let resolution = question.resolution { return rows(resolution) }
        let upTo = min(at + 500, end)
        defer { at = upTo }
        return SampleBatch(
            first: SampleNumber(at), samples: all[at..<upTo], times: all.times[at..<upTo].map { $0 + offset })
    }

    private func rows(_ resolution: Int64) -> SampleBatch {
        var rows: [SampleBatch.Row] = []
        while at < end {
            let bucket = (all.times[at] + offset) / resolution
            let begin = at
            while at < end, (all.times[at] + offset) / resolution == bucket { at += 1 }
            let parts = (0..<all.width).map { part in
                let values = (begin..<at).map { index -> Double in
                    switch (all.value(index, component: part), all.kind) {
                    case (.integer(let value), .integer(let scale)): Double(value) * pow(10, Double(scale))
                    case (.double(let value), _): value
                    default: .nan
                    }
                }
                return (
                    least: values.min() ?? 0, mean: values.reduce(0, +) / Double(values.count), most: values.max() ?? 0
                )
            }
            rows.append(.init(time: bucket * resolution, count: at - begin, parts: parts))
        }
        return SampleBatch(first: 0, samples: Samples(of: attribute), times: [], rows: rows)
    }
}
