import Gateway
import Measurements
import Notation
import System

/// What Control needs of the gateway. All but `loop` is called on that loop, and answers at once.
public protocol Backend: AnyObject, Sendable {
    var loop: Loop { get }

    // What is. The shapes are the API's own.
    func status() -> JSON
    func limits() -> JSON
    func clock() -> JSON
    func store() -> JSON
    func sensors() -> [JSON]
    func sensor(_ id: String) -> JSON?
    func streams() -> [JSON]
    func gaps(_ question: GapQuestion) throws(Problem) -> [JSON]
    func events(_ question: EventQuestion) -> [JSON]
    func configuration() -> JSON
    func health() -> Health
    func metrics() -> [Metric]

    // What can be done.
    func checkConfiguration(_ text: String) -> JSON
    func reloadConfiguration(by who: Principal) throws(Problem) -> JSON
    func renameSensor(_ id: String, to name: String, by who: Principal) throws(Problem)
    func enableSensor(_ id: String, _ enabled: Bool, by who: Principal) throws(Problem)
    func forgetSensor(_ id: String, by who: Principal) throws(Problem)

    // The radio; a gateway without one answers as RadioBackend.swift says.
    func adapters() throws(Problem) -> [JSON]
    func resetAdapter(_ name: String, by who: Principal) throws(Problem)
    func devicesInAir(activeSeconds: Int64, limit: Int) throws(Problem) -> [JSON]
    func pairing() throws(Problem) -> JSON
    func beginPairing(_ address: String, passkey: UInt32?, by who: Principal) throws(Problem)
    func answerPairing(_ reply: PairingReply, by who: Principal) throws(Problem)
    func unpair(_ address: String, by who: Principal) throws(Problem)
    func setBeaconKey(_ key: [UInt8], of address: String, by who: Principal) throws(Problem)

    /// Other gateways; nil where there is no network room.
    var network: Network? { get }

    // Samples, from the store.
    func samples(_ question: SampleQuestion) throws(Problem) -> any SampleSource

    // Live.
    /// The streams that there are, and from now on what happens with them; nil ends it.
    func tap(_ listener: (@Sendable (LiveNews) -> Void)?)
    /// Somebody looks at these sensors (nil: at all), and closely at one.
    func watch(viewer: UInt64, sensors: [String]?, focused: String?)
    func unwatch(viewer: UInt64)

    // What gives access, as it was last kept, and which boot this is.
    func keep(access: [UInt8])
    func keptAccess() -> [UInt8]?
    var boot: String { get }
}

/// What a probe of the box wants to know.
public struct Health: Sendable {
    public struct Part: Sendable {
        public var name: String
        public var works: Bool
        public var why: String
        public init(name: String, works: Bool, why: String = "") {
            self.name = name
            self.works = works
            self.why = why
        }
    }
    /// Whether what was recorded is on disk in time.
    public var commitsInTime: Bool
    /// Ring, sensors, peering …: what must work for the gateway to do what it is for.
    public var parts: [Part]
    public init(commitsInTime: Bool, parts: [Part]) {
        self.commitsInTime = commitsInTime
        self.parts = parts
    }
}

/// A number for Prometheus.
public struct Metric: Sendable {
    public enum Kind: String, Sendable { case gauge, counter }
    /// Without the `bothy_` in front.
    public var name: String
    public var help: String
    public var kind: Kind
    public var values: [(labels: [(name: String, value: String)], value: Double)]

    public init(
        _ name: String, _ kind: Kind, _ help: String,
        _ values: [(labels: [(name: String, value: String)], value: Double)]
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.values = values
    }

    public init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.init(name, kind, help, [(labels: [], value: value)])
    }
}

public struct GapQuestion: Sendable {
    public var sensor: String?
    public var from: UnixTime?
    public var to: UnixTime?
    public var limit: Int
}

public struct EventQuestion: Sendable {
    public var kind: String?
    public var sensor: String?
    public var from: UnixTime?
    public var to: UnixTime?
    public var limit: Int
}

/// Which samples of one stream.
public struct SampleQuestion: Sendable {
    public var sensor: String
    public var attribute: String
    public var from: UnixTime?
    public var to: UnixTime?
    /// Nanoseconds that become one row of least, mean and most; nil: every sample.
    public var resolution: Int64?
    public var limit: Int?
    /// Where an earlier answer ended.
    public var cursor: String?
    /// By number rather than by time, in the run that is.
    public var numbers: Range<SampleNumber>?
}

/// Samples as they come out of the store, one batch after the other.
public protocol SampleSource: AnyObject {
    var attribute: AttributeDeclaration { get }
    /// Nil at the end.
    func next() -> SampleBatch?
    /// What goes on where this ended; nil where there is no more.
    var cursor: String? { get }
}

public struct SampleBatch: Sendable {
    /// The first one's number, in its run.
    public var first: SampleNumber
    /// The samples, with boot times; none where rows are asked for.
    public var samples: Samples
    /// Wall times, as mapped now.
    public var times: [UnixTime]
    public var rows: [Row]

    /// What is left of many samples at a coarse resolution; one for each part of a sample.
    public struct Row: Sendable {
        public var time: UnixTime
        public var count: Int
        public var parts: [(least: Double, mean: Double, most: Double)]
        public init(time: UnixTime, count: Int, parts: [(least: Double, mean: Double, most: Double)]) {
            self.time = time
            self.count = count
            self.parts = parts
        }
    }

    public init(first: SampleNumber, samples: Samples, times: [UnixTime], rows: [Row] = []) {
        self.first = first
        self.samples = samples
        self.times = times
        self.rows = rows
    }
}

extension Backend {
    public var network: Network? { nil }
}
