import Measurements

/// The newest samples of a stream, for whoever looks first: a sparkline, the start of a live view.
struct HotHistory: Sendable {
    private(set) var samples: Samples
    /// The number after the newest sample's.
    private(set) var end: SampleNumber = 0
    private(set) var most: Int

    /// All streams' together.
    static let mostBytes = 8 << 20
    static let least = 10

    init(of attribute: AttributeDeclaration) {
        samples = Samples(of: attribute)
        most = HotHistory.entries(type: attribute.type)
    }

    static func entries(type: String) -> Int {
        switch type {
        case "ecg", "respiration": 500
        case "heartrate", "hr", "hrv": 300
        case "imu", "geolocation": 100
        case "skeleton": 1
        default: 50
        }
    }

    /// What it may hold under a load: 1 / .8 / .4 / .2 of its own, never less than ten.
    mutating func limit(to share: Double, type: String) {
        most = max(
            min(HotHistory.entries(type: type), HotHistory.least), Int(Double(HotHistory.entries(type: type)) * share))
        trim(slack: 0)
    }

    mutating func append(_ more: Samples, end: SampleNumber) {
        samples.append(more, max(0, more.count - most)..<more.count)
        self.end = end
        // Trimming moves what is left, so it is done when the surplus is worth it.
        trim(slack: most)
    }

    var newest: [Value] {
        guard samples.count > 0 else { return [] }
        return (0..<samples.width).map { samples.value(samples.count - 1, component: $0) }
    }

    var newestTime: BootTime? { samples.times.last }

    /// Exactly the newest `most`.
    var shown: (first: SampleNumber, samples: Samples) {
        let count = min(samples.count, most)
        return (end - SampleNumber(count), samples[(samples.count - count)..<samples.count])
    }

    private mutating func trim(slack: Int) {
        if samples.count > most + slack { samples.removeFirst(samples.count - most) }
    }
}
