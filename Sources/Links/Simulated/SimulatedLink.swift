import Measurements
import System

/// Sensors that are computed. To the rest of the house a link like any other.
public final class SimulatedLink: Link {
    /// How often the sensors speak. What fell due since the last time is delivered together, as a radio would.
    private static let tickMs: Int64 = 50
    /// What a sensor may deliver at once: after a long sleep of the box the rest is skipped, as a real sensor's would be.
    private static let mostSamplesAtOnce: Int64 = 100_000

    private struct Running {
        let sensor: Scenario.Sensor
        let handle: SensorHandle
        let waveforms: [Waveform]
        let noise: Noise
        var next: [Int64]
        var silent = false
    }

    public let name = "simulated"
    private let scenario: Scenario
    private let seed: UInt64
    private let speed: Double
    private let loop: Loop
    private var running: [Running] = []
    private var readings = Readings()
    private var timer: TimerToken?
    private var begun: BootTime = 0
    private weak var owner: (any LinkOwner)?
    private var delivered: UInt64 = 0
    private var dropped: UInt64 = 0

    public init(scenario: Scenario, seed: UInt64, speed: Double, loop: Loop) {
        self.scenario = scenario
        self.seed = seed
        self.speed = speed
        self.loop = loop
    }

    public var counters: [(name: String, value: UInt64)] {
        [("samples", delivered), ("dropped_on_purpose", dropped)]
    }

    public func start(owner: any LinkOwner) throws {
        self.owner = owner
        begun = SystemClock.bootTime
        for sensor in scenario.sensors {
            let waveforms = sensor.attributes.map { Waveform($0, seed: seed, sensor: sensor.id) }
            let declaration = SensorDeclaration(
                id: sensor.id, name: sensor.name, kind: sensor.kind, origin: name, decoder: "simulated",
                attributes: waveforms.map { scaled($0.declaration) })
            guard let handle = owner.declare(declaration, from: self) else { continue }
            running.append(
                Running(
                    sensor: sensor, handle: handle, waveforms: waveforms,
                    noise: Noise(seed: seed, name: "\(sensor.id)#faults"),
                    next: [Int64](repeating: 0, count: waveforms.count)))
            owner.state("simulated", healthy: true, sensor: handle)
        }
        timer = loop.repeating(everyMs: SimulatedLink.tickMs) { [weak self] in self?.tick(now: SystemClock.bootTime) }
        tick(now: begun)
    }

    public func stop() {
        if let timer { loop.cancel(timer) }
        timer = nil
        running = []
        owner = nil
    }

    /// Delivers what fell due up to `now`.
    func tick(now: BootTime) {
        for index in running.indices {
            readings.removeAll()
            produce(&running[index], elapsed: Double(now - begun) / 1e9 * speed)
            if !readings.entries.isEmpty {
                delivered += UInt64(readings.entries.count)
                owner?.deliver(readings, from: running[index].handle)
            }
        }
    }

    private func scaled(_ declaration: AttributeDeclaration) -> AttributeDeclaration {
        var declaration = declaration
        declaration.nominalRate *= speed
        return declaration
    }

    /// `elapsed` in seconds of the scenario's own time.
    private func produce(_ sensor: inout Running, elapsed: Double) {
        let faults = sensor.sensor.faults
        if within(elapsed, every: faults.dropOutEvery, lasting: faults.dropOutFor) {
            if !sensor.silent { owner?.state("silent on purpose", healthy: false, sensor: sensor.handle) }
            sensor.silent = true
        } else if sensor.silent {
            sensor.silent = false
            owner?.state("simulated", healthy: true, sensor: sensor.handle)
        }
        for (index, attribute) in sensor.sensor.attributes.enumerated() {
            let until = attribute.duration > 0 ? min(elapsed, attribute.duration) : elapsed
            let due = Int64(until * attribute.rate) + 1
            let from = max(sensor.next[index], due - SimulatedLink.mostSamplesAtOnce)
            guard from < due else { continue }
            sensor.next[index] = due
            if sensor.silent {
                dropped += UInt64(due - from)
            } else {
                append(from..<due, of: index, sensor: sensor, rate: attribute.rate)
            }
        }
    }

    private func append(_ range: Range<Int64>, of index: Int, sensor: Running, rate: Double) {
        let faults = sensor.sensor.faults
        let waveform = sensor.waveforms[index]
        for sample in range {
            let seconds = Double(sample) / rate
            var time = begun + Int64(seconds / speed * 1e9)
            if faults.jitterMs > 0 { time += Int64(faults.jitterMs * 1e6 * sensor.noise.signed(sample)) }
            if within(seconds, every: faults.clockJumpEvery, lasting: 1) { time += Int64(faults.clockJumpMs * 1e6) }
            let spike = faults.spikeEvery > 0 && sample > 0 && sample % max(1, Int64(faults.spikeEvery * rate)) == 0
            let stuck = within(seconds, every: faults.stuckEvery, lasting: faults.stuckFor)
            let shown = stuck ? Int64((seconds / faults.stuckEvery).rounded(.down) * faults.stuckEvery * rate) : sample
            waveform.append(shown, attribute: UInt16(index), time: time, spike: spike, to: &readings)
        }
    }

    /// True in the last `length` seconds of every period, so that a scenario begins well.
    private func within(_ seconds: Double, every period: Double, lasting length: Double) -> Bool {
        guard period > 0, length > 0 else { return false }
        return seconds.truncatingRemainder(dividingBy: period) >= period - length
    }
}
