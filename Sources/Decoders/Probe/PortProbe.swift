import Measurements

/// Finds out what speaks on a port by listening alone: it sends nothing. A device that sends now and then is heard at any
/// speed, if only as rubbish; so it waits for bytes, and changes the speed only when those it heard made no sense.
public struct PortProbe {
    public enum Event {
        case started
        case received(UnsafeRawBufferPointer)
        case woken
    }

    public enum Directive: Hashable, Sendable {
        /// Set the line so, and forget what was received until then.
        case listen(baud: Int, sevenEven: Bool)
        case wake(at: BootTime)
        case finished(Finding?)
    }

    public struct Finding: Hashable, Sendable {
        public enum Kind: Hashable, Sendable { case nmea, dsmr, sml, description(String), json, keyValue, csv }
        public var kind: Kind
        public var baud: Int
        /// Seven bits and even parity instead of eight and none.
        public var sevenEven: Bool
        public var frames: Int
        /// For lines: a description file to start from.
        public var proposal: String?
    }

    /// The likeliest first.
    public static let speeds = [9_600, 115_200, 4_800, 38_400, 57_600, 19_200, 2_400, 230_400]
    /// A pause this long ends a burst.
    static let burstPauseNs: Int64 = 80_000_000
    /// How long a stream without pauses may make no sense.
    static let senselessNs: Int64 = 1_200_000_000
    /// How long a speed is listened to that makes some sense.
    static let promisingNs: Int64 = 3_500_000_000

    private let library: DecoderLibrary
    private let deadline: BootTime
    private var speed = 0
    private var sevenEven = false
    private var recogniser: Recogniser
    private var listeningSince: BootTime
    private var heardSince: BootTime?
    private var lastByte: BootTime = 0
    private var evenParity = (all: 0, even: 0, high: 0)
    private var isDone = false

    public init(library: DecoderLibrary, now: BootTime, seconds: Int = 10) {
        self.library = library
        listeningSince = now
        deadline = now + Int64(seconds) * 1_000_000_000
        recogniser = Recogniser(library)
    }

    public mutating func handle(_ event: Event, now: BootTime) -> [Directive] {
        guard !isDone else { return [] }
        switch event {
        case .started: return [.listen(baud: Self.speeds[speed], sevenEven: false), .wake(at: deadline)]
        case .received(let bytes): return hear(bytes, now)
        case .woken: return rest(now)
        }
    }

    private mutating func hear(_ bytes: UnsafeRawBufferPointer, _ now: BootTime) -> [Directive] {
        if heardSince == nil { heardSince = now }
        lastByte = now
        for byte in bytes {
            evenParity.all += 1
            if byte.nonzeroBitCount & 1 == 0 { evenParity.even += 1 }
            if byte >= 0x80 { evenParity.high += 1 }
        }
        if let found = recogniser.feed(bytes) { return finish(finding(found)) }
        if let heardSince, now - heardSince >= Self.senselessNs, !recogniser.isPromising { return leave(now) }
        return [.wake(at: min(deadline, now + Self.burstPauseNs))]
    }

    private mutating func rest(_ now: BootTime) -> [Directive] {
        if now >= deadline { return finish(nil) }
        guard let heardSince else { return [.wake(at: deadline)] }
        guard now - lastByte >= Self.burstPauseNs else { return [.wake(at: lastByte + Self.burstPauseNs)] }
        recogniser.pause()
        // Came in the middle of a burst: only the next one is whole, and says whether the speed is right.
        if heardSince - listeningSince < Self.burstPauseNs, !recogniser.isPromising {
            return listen(again: true, now)
        }
        if recogniser.isPromising {
            let until = heardSince + Self.promisingNs
            return now < until ? [.wake(at: min(until, deadline))] : leave(now)
        }
        // One or two stray bytes say nothing about the speed.
        return recogniser.bytes >= 4 ? leave(now) : [.wake(at: deadline)]
    }

    private mutating func leave(_ now: BootTime) -> [Directive] {
        // Text with even parity, read as eight bits: the speed is right.
        let parity = evenParity
        let isSevenEven = !sevenEven && parity.all >= 16 && parity.high > 0 && 50 * parity.even >= 49 * parity.all
        if isSevenEven {
            sevenEven = true
        } else {
            sevenEven = false
            speed = (speed + 1) % Self.speeds.count
        }
        return listen(again: false, now)
    }

    private mutating func listen(again: Bool, _ now: BootTime) -> [Directive] {
        recogniser = Recogniser(library)
        heardSince = nil
        evenParity = (0, 0, 0)
        // Silence was just heard, so that what comes now is whole.
        listeningSince = again ? now - Self.burstPauseNs : now
        let change = Directive.listen(baud: Self.speeds[speed], sevenEven: sevenEven)
        return (again ? [] : [change]) + [.wake(at: deadline)]
    }

    private mutating func finish(_ finding: Finding?) -> [Directive] {
        isDone = true
        return [.finished(finding)]
    }

    private func finding(_ found: Recogniser.Found) -> Finding {
        let kind: Finding.Kind =
            switch found.kind {
            case .nmea: .nmea
            case .dsmr: .dsmr
            case .sml: .sml
            case .description(let name): .description(name)
            case .lines(.json): .json
            case .lines(.keyValue): .keyValue
            case .lines(.csv): .csv
            }
        var proposal: String?
        if case .lines(let form) = found.kind {
            proposal = LineProposal.description(form, found.lines, baud: Self.speeds[speed])
        }
        return Finding(
            kind: kind, baud: Self.speeds[speed], sevenEven: sevenEven, frames: found.frames, proposal: proposal)
    }
}
