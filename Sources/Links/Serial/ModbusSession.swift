import Decoders
import Measurements

/// The units of one Modbus line, each a sensor.
final class ModbusSession: SerialSession {
    private let sensors: [SerialSensor]
    private var master: ModbusMaster
    private var readings = Readings()
    private var requests: UInt64 = 0
    private var values: UInt64 = 0
    private var faults = [UInt64](repeating: 0, count: ModbusMaster.ModbusFault.allCases.count)

    init(_ units: [(settings: SerialSensorSettings, description: Description)], port: SerialPortSettings, now: BootTime)
    {
        var timing = ModbusMaster.Timing()
        timing.answerMs = port.answerMs
        timing.retries = port.retries
        timing.baud = port.line.baud
        master = ModbusMaster(
            units: units.map { unit in
                let modbus = unit.description.serial?.modbus
                return ModbusMaster.Unit(
                    address: UInt8(clamping: unit.settings.unit ?? Int(modbus?.unit ?? 1)),
                    registers: modbus?.registers ?? [])
            }, timing: timing, now: now)
        sensors = units.map { unit in
            SerialSensor(
                unit.settings, kind: unit.description.kind, decoder: unit.description.label,
                attributes: unit.description.attributes, unchecked: false, port: port)
        }
    }

    var counters: [(name: String, value: UInt64)] {
        [("requests", requests), ("values", values)]
            + ModbusMaster.ModbusFault.allCases.enumerated().map { ($0.element.rawValue, faults[$0.offset]) }
    }

    func begin(_ link: SerialLink, _ owner: any LinkOwner) { for sensor in sensors { sensor.begin(link, owner) } }

    func opened(_ line: any SerialLine, now: BootTime) {
        for sensor in sensors { sensor.opened(now: now) }
        perform(master.wake(now: now), line, now)
    }

    func woken(_ line: any SerialLine, now: BootTime) { perform(master.wake(now: now), line, now) }

    func received(_ bytes: UnsafeRawBufferPointer, _ line: any SerialLine, now: BootTime) {
        perform(master.receive(bytes, now: now, into: &readings), line, now)
    }

    private func perform(_ directives: [ModbusMaster.Directive], _ line: any SerialLine, _ now: BootTime) {
        for directive in directives {
            switch directive {
            case .send(let bytes):
                requests += 1
                line.send(bytes)
            case .wake(let time): line.wake(at: time)
            case .readings(let unit):
                values += UInt64(readings.entries.count)
                sensors[unit].deliver(&readings, now: now)
            case .fault(let fault, let unit, let detail):
                if let index = ModbusMaster.ModbusFault.allCases.firstIndex(of: fault) { faults[index] += 1 }
                sensors[unit].fault(fault.name, detail)
            case .answering(let answers, let unit):
                if !answers { sensors[unit].state("does not answer", healthy: false) }
            }
        }
        readings.removeAll()
    }

    func tick(isOpen: Bool, now: BootTime) { if isOpen { for sensor in sensors { sensor.tick(now: now) } } }

    func closed(_ reason: String, now: BootTime) { for sensor in sensors { sensor.state(reason, healthy: false) } }
}
