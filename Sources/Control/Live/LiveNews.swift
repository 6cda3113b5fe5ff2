import Measurements

/// What happens with the streams, in the order in which it happens.
public enum LiveNews: Sendable {
    /// The run, how boot time maps to wall time, and all streams; at the beginning and whenever one of them changes.
    case streams(run: RunID, clock: LiveClock, [LiveStream])
    case clock(LiveClock)
    case samples([LiveBatch])
}

public struct LiveStream: Sendable, Hashable {
    public var number: StreamNumber
    public var sensor: String
    public var attribute: AttributeDeclaration
    /// The number its next sample will have.
    public var next: SampleNumber

    public init(number: StreamNumber, sensor: String, attribute: AttributeDeclaration, next: SampleNumber) {
        self.number = number
        self.sensor = sensor
        self.attribute = attribute
        self.next = next
    }

    /// Of these every sample is shown; of others the newest of a window is enough for the eye.
    var showsAll: Bool { LiveStream.shownWhole.contains(attribute.type) }
    static let shownWhole: Set<String> = ["ecg", "respiration", "button", "ppg"]
}

/// Consecutive samples of one stream.
public struct LiveBatch: Sendable {
    public var stream: StreamNumber
    public var first: SampleNumber
    public var samples: Samples

    public init(stream: StreamNumber, first: SampleNumber, samples: Samples) {
        self.stream = stream
        self.first = first
        self.samples = samples
    }

    var end: SampleNumber { first + SampleNumber(samples.count) }
}

/// `unix = boot + offset`, give or take `error`.
public struct LiveClock: Sendable, Hashable {
    public var offset: Int64
    public var error: Int64
    public var settled: Bool

    public init(offset: Int64, error: Int64, settled: Bool) {
        self.offset = offset
        self.error = error
        self.settled = settled
    }
}
