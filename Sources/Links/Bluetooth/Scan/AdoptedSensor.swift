import Decoders
import Measurements

/// A sensor that this gateway was told to receive.
final class AdoptedSensor {
    struct Counters: Hashable {
        var frames: UInt64 = 0
        var repeats: UInt64 = 0
        var replays: UInt64 = 0
        var refused: UInt64 = 0
        var unknown: UInt64 = 0
    }

    /// What came last of one kind of frame, to know its repeats by.
    private struct Last {
        var dedupe: [Int64] = []
        var counter: Int64?
        var fingerprint: UInt64 = 0
        var time: Int64 = 0
    }

    enum Verdict { case new, aRepeat, replay }

    /// Packet ids that are remembered: repeats of two packets may come mixed.
    private static let remembered = 4
    /// An unchanged frame without an id is taken for a repeat of the same measurement for this long.
    static let repeatTime: Int64 = 10_000_000_000

    let settings: BluetoothSettings.Adopted
    var key: [UInt8]
    let id: String
    /// As it gave it itself.
    var name: String
    var handle: SensorHandle?
    var isRefused = false
    var attributes = AttributeBook()
    var counters = Counters()
    var lastHeard: Int64?
    var signal: Int8 = 127
    /// With what kind it was heard: needed to connect.
    var address: BluetoothAddress
    var adapter: UInt16?
    var decoder = ""
    var kind = "sensor"
    private var last: [Int: Last] = [:]

    init(_ settings: BluetoothSettings.Adopted) {
        self.settings = settings
        key = settings.key ?? []
        address = settings.address
        id = settings.id ?? settings.address.description.lowercased()
        name = settings.name ?? ""
    }

    /// Whether a frame is new; `kind` tells the sensor's kinds of frames apart.
    func judge(_ outcome: FrameOutcome, kind: Int, fingerprint: UInt64, now: Int64) -> Verdict {
        var before = last[kind] ?? Last()
        defer { last[kind] = before }
        if let counter = outcome.counter {
            if let known = before.counter {
                if counter == known { return .aRepeat }
                if counter < known { return .replay }
            }
            before.counter = counter
            return .new
        }
        if let dedupe = outcome.dedupe, dedupe >= 0 {
            if before.dedupe.contains(dedupe) { return .aRepeat }
            if before.dedupe.count == AdoptedSensor.remembered { before.dedupe.removeFirst() }
            before.dedupe.append(dedupe)
            return .new
        }
        if before.fingerprint == fingerprint, now - before.time < AdoptedSensor.repeatTime { return .aRepeat }
        (before.fingerprint, before.time) = (fingerprint, now)
        return .new
    }

    /// After a new key or a new battery its counter may begin anew.
    func forgetCounters() { last = [:] }
}
