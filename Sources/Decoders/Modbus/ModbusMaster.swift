import Measurements

/// Reads the units of one Modbus RTU line, one request at a time. Written here and not taken from libmodbus, because that
/// waits for answers inside its calls, which one thread for all ports cannot do; and so time is an argument here.
///
/// An RTU answer does not say which registers it is of. So a request that was not answered is only repeated, never followed
/// by another one before the line was silent long enough for a late answer to pass.
public struct ModbusMaster {
    public static let mostUnits = 32

    public struct Timing: Hashable, Sendable {
        public var answerMs = 500
        /// Silence between an answer and the next request.
        public var pauseMs = 20
        public var retries = 2
        public var baud = 9600

        public init() {}
    }

    public struct Unit: Sendable {
        public var address: UInt8
        public var registers: [ModbusRegister]

        public init(address: UInt8, registers: [ModbusRegister]) {
            self.address = address
            self.registers = registers
        }
    }

    public enum Directive: Hashable, Sendable {
        case send([UInt8])
        /// Call `wake` then; a later one replaces it.
        case wake(at: BootTime)
        /// The readings appended in this call are this unit's.
        case readings(unit: Int)
        case fault(ModbusFault, unit: Int, detail: String)
        /// The unit answers again, or no longer.
        case answering(Bool, unit: Int)
    }

    public enum ModbusFault: String, Sendable, CaseIterable {
        case noAnswer = "no_answer"
        case checksum = "checksum_errors"
        case exception = "modbus_exceptions"
        case outOfRange = "out_of_range"

        public var name: StaticString {
            switch self {
            case .noAnswer: "no_answer"
            case .checksum: "checksum_errors"
            case .exception: "modbus_exceptions"
            case .outOfRange: "out_of_range"
            }
        }
    }

    private enum State {
        case idle
        case waiting(group: Int, attempt: Int, deadline: BootTime)
        case silent(until: BootTime)
    }

    static let longestBackOffNs: Int64 = 60_000_000_000

    private let units: [Unit]
    private let timing: Timing
    private var groups: [ModbusGroup] = []
    private var state = State.idle
    private var received: [UInt8] = []
    /// Unanswered polls in a row, of each unit.
    private var failures: [Int]
    private var pausedUntil: [BootTime]

    public init(units: [Unit], timing: Timing, now: BootTime) {
        self.units = Array(units.prefix(ModbusMaster.mostUnits))
        self.timing = timing
        failures = Array(repeating: 0, count: self.units.count)
        pausedUntil = Array(repeating: .min, count: self.units.count)
        for (index, unit) in self.units.enumerated() {
            groups += ModbusGroup.plan(unit: index, unit.registers, now: now)
        }
        received.reserveCapacity(2 * ModbusFrame.longest)
    }

    /// How many requests read everything once.
    public var requests: Int { groups.count }

    /// Time has come, or the port was opened.
    public mutating func wake(now: BootTime) -> [Directive] {
        switch state {
        case .idle: return next(now)
        case .silent(let until):
            guard now >= until else { return [.wake(at: until)] }
            state = .idle
            return next(now)
        case .waiting(let group, let attempt, let deadline):
            guard now >= deadline else { return [.wake(at: deadline)] }
            return timedOut(group, attempt, now)
        }
    }

    public mutating func receive(_ bytes: UnsafeRawBufferPointer, now: BootTime, into readings: inout Readings)
        -> [Directive]
    {
        guard case .waiting(let index, _, _) = state else {
            // Something speaks that was not asked: wait until it is silent again.
            state = .silent(until: now + pauseNs)
            return [.wake(at: now + pauseNs)]
        }
        // More than two frames' worth of bytes is noise; its end may still be the answer.
        received.append(contentsOf: bytes.suffix(2 * ModbusFrame.longest))
        if received.count > 2 * ModbusFrame.longest {
            received.removeFirst(received.count - 2 * ModbusFrame.longest)
        }
        let group = groups[index]
        let found = received.withUnsafeBytes {
            ModbusFrame.answer(in: $0, unit: units[group.unit].address, group.table, count: group.count)
        }
        guard let (answer, _) = found else { return [] }
        var directives: [Directive] = []
        if failures[group.unit] > 0 { directives.append(.answering(true, unit: group.unit)) }
        failures[group.unit] = 0
        switch answer {
        case .data(let start):
            directives += take(group, from: start, now, &readings)
            // A late poll is not made up for.
            groups[index].due = max(group.due + group.everyNs, now)
        case .exception(let code): directives += refuse(index, code, now)
        }
        received.removeAll(keepingCapacity: true)
        state = .silent(until: now + pauseNs)
        return directives + [.wake(at: now + pauseNs)]
    }

    // MARK: Steps

    private var pauseNs: Int64 { Int64(timing.pauseMs) * 1_000_000 + characters(4) }

    /// How long so many characters take on the line, eleven bits each.
    private func characters(_ count: Int) -> Int64 { Int64(count) * 11_000_000_000 / Int64(max(1, timing.baud)) }

    private mutating func next(_ now: BootTime) -> [Directive] {
        var best: Int?
        var time = BootTime.max
        for (index, group) in groups.enumerated() {
            let due = max(group.due, pausedUntil[group.unit])
            if due < time { (best, time) = (index, due) }
        }
        guard let best else { return [] }
        guard time <= now else { return [.wake(at: time)] }
        return ask(best, attempt: 0, now)
    }

    private mutating func ask(_ index: Int, attempt: Int, _ now: BootTime) -> [Directive] {
        let group = groups[index]
        received.removeAll(keepingCapacity: true)
        let length = 8 + 5 + ModbusFrame.dataCount(group.table, group.count)
        let deadline = now + Int64(timing.answerMs) * 1_000_000 + characters(length)
        state = .waiting(group: index, attempt: attempt, deadline: deadline)
        let request = ModbusFrame.request(
            unit: units[group.unit].address, group.table, first: group.first, count: group.count)
        return [.send(request), .wake(at: deadline)]
    }

    private mutating func timedOut(_ index: Int, _ attempt: Int, _ now: BootTime) -> [Directive] {
        let group = groups[index]
        let unit = group.unit
        let place = "\(group.table) \(group.first)…\(group.first + group.count - 1)"
        let fault = Directive.fault(
            received.isEmpty ? .noAnswer : .checksum, unit: unit,
            detail: received.isEmpty
                ? "unit \(units[unit].address) did not answer for \(place)"
                : "unit \(units[unit].address): \(received.count) bytes that are no answer for \(place)")
        if attempt < timing.retries { return [fault] + ask(index, attempt: attempt + 1, now) }
        failures[unit] += 1
        groups[index].due = max(groups[index].due + group.everyNs, now)
        let backOff = min(Self.longestBackOffNs, Int64(1_000_000_000) << Int64(min(10, failures[unit] - 1)))
        pausedUntil[unit] = now + backOff
        // As long again as an answer may take: what comes in this time is of the old request.
        let until = now + Int64(timing.answerMs) * 1_000_000
        state = .silent(until: until)
        received.removeAll(keepingCapacity: true)
        let gone: [Directive] = failures[unit] == 1 ? [.answering(false, unit: unit)] : []
        return [fault] + gone + [.wake(at: until)]
    }

    private func take(_ group: ModbusGroup, from start: Int, _ now: BootTime, _ readings: inout Readings) -> [Directive]
    {
        var outside = 0
        let before = readings.entries.count
        received.withUnsafeBytes { bytes in
            let count = ModbusFrame.dataCount(group.table, group.count)
            let data = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
            for index in group.registers {
                let register = units[group.unit].registers[index]
                outside += register.decode(data, from: group.first, at: now, into: &readings).outOfRange
            }
        }
        var directives: [Directive] = []
        if readings.entries.count > before { directives.append(.readings(unit: group.unit)) }
        if outside > 0 {
            directives.append(
                .fault(.outOfRange, unit: group.unit, detail: "\(outside) values of \(group.table) \(group.first)…"))
        }
        return directives
    }

    private mutating func refuse(_ index: Int, _ code: UInt8, _ now: BootTime) -> [Directive] {
        let group = groups[index]
        let fault = Directive.fault(
            .exception, unit: group.unit,
            detail:
                "unit \(units[group.unit].address), \(group.table) \(group.first): \(ModbusFrame.exceptionName(code))")
        if code == 2 || code == 3, group.registers.count > 1 {
            groups.remove(at: index)
            groups += group.split(units[group.unit].registers)
        } else if code <= 4 {
            // It will refuse again; ask once a minute whether it still does.
            groups[index].due = now + Self.longestBackOffNs
        } else {
            groups[index].due = max(group.due + group.everyNs, now)
        }
        return [fault]
    }
}
