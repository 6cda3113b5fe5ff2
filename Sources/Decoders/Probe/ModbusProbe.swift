import Measurements

/// Looks for Modbus units by asking, which a device that is none may misunderstand: only with the user's leave.
public struct ModbusProbe {
    public struct Attempt: Hashable, Sendable {
        public var baud: Int
        public var isEven: Bool
        public var unit: UInt8
    }

    public enum Directive: Hashable, Sendable {
        case listen(baud: Int, isEven: Bool)
        case send([UInt8])
        case wake(at: BootTime)
        case finished([Attempt])
    }

    public static let speeds = [9_600, 19_200, 38_400, 115_200]
    static let answerNs: Int64 = 120_000_000
    /// Once a unit answered, the line is known and more units are looked for there.
    public static let lastUnit: UInt8 = 16

    private var attempts: [Attempt] = []
    private var at = 0
    private var found: [Attempt] = []
    private var received: [UInt8] = []
    private var settings: (baud: Int, isEven: Bool)?

    public init() {
        for unit in 1...Self.lastUnit where unit <= 3 {
            for baud in Self.speeds {
                for isEven in [false, true] { attempts.append(.init(baud: baud, isEven: isEven, unit: unit)) }
            }
        }
    }

    /// What it will send, for the question that comes before.
    public static let explanation =
        "reads holding register 0 (function 3) of units 1 to 3, and of 1 to \(lastUnit) where one answers, at "
        + speeds.map(String.init).joined(separator: ", ") + " baud, without and with even parity; nothing is written"

    public mutating func start(now: BootTime) -> [Directive] { ask(now) }

    public mutating func receive(_ bytes: UnsafeRawBufferPointer, now: BootTime) -> [Directive] {
        guard at < attempts.count else { return [] }
        received.append(contentsOf: bytes.prefix(max(0, 64 - received.count)))
        let attempt = attempts[at]
        let answer = received.withUnsafeBytes { ModbusFrame.answer(in: $0, unit: attempt.unit, .holding, count: 1) }
        // A gateway that says that its target is silent is no unit.
        guard let (answer, _) = answer else { return [] }
        if answer != .exception(10), answer != .exception(11) {
            found.append(attempt)
            if found.count == 1 {
                attempts =
                    attempts.prefix(at + 1)
                    + (1...Self.lastUnit).filter { $0 > attempt.unit }.map {
                        .init(baud: attempt.baud, isEven: attempt.isEven, unit: $0)
                    }
            }
        }
        at += 1
        return ask(now)
    }

    public mutating func wake(now: BootTime) -> [Directive] {
        guard at < attempts.count else { return [] }
        at += 1
        return ask(now)
    }

    private mutating func ask(_ now: BootTime) -> [Directive] {
        guard at < attempts.count else { return [.finished(found)] }
        received.removeAll(keepingCapacity: true)
        let attempt = attempts[at]
        var directives: [Directive] = []
        if settings?.baud != attempt.baud || settings?.isEven != attempt.isEven {
            settings = (attempt.baud, attempt.isEven)
            directives.append(.listen(baud: attempt.baud, isEven: attempt.isEven))
        }
        return directives + [
            .send(ModbusFrame.request(unit: attempt.unit, .holding, first: 0, count: 1)),
            .wake(at: now + Self.answerNs),
        ]
    }
}
