import Hashing

/// How a network treats messages. Probabilities are from 0 to 1, times nanoseconds.
public struct Weather: Sendable {
    public var loss = 0.0
    public var duplication = 0.0
    /// Each link draws one latency from here and keeps it.
    public var latency: ClosedRange<Int64> = 10_000_000...100_000_000
    /// Added to each message anew, so that later ones overtake.
    public var jitter: ClosedRange<Int64> = 0...0

    public init() {}

    public static let fair = Weather()
    public static let foul: Weather = {
        var weather = Weather()
        weather.loss = 0.05
        weather.duplication = 0.05
        weather.jitter = 0...200_000_000
        return weather
    }()
}

/// Links between numbered nodes: when messages arrive, if they do.
public struct Network {
    private struct Link: Hashable {
        var low: Int
        var high: Int

        init(_ a: Int, _ b: Int) { (low, high) = (min(a, b), max(a, b)) }
    }

    public var weather: Weather
    public private(set) var sent = 0
    public private(set) var lost = 0
    private var latencies: [Link: Int64] = [:]
    private var cut: Set<Link> = []

    public init(weather: Weather = .fair) { self.weather = weather }

    public mutating func latency(_ a: Int, _ b: Int, _ random: inout SeededGenerator) -> Int64 {
        if let known = latencies[Link(a, b)] { return known }
        let drawn = Int64.random(in: weather.latency, using: &random)
        latencies[Link(a, b)] = drawn
        return drawn
    }

    /// Delays of the copies that arrive: none when lost, two when duplicated.
    public mutating func deliveries(from a: Int, to b: Int, _ random: inout SeededGenerator) -> [Int64] {
        sent += 1
        let base = latency(a, b, &random)
        guard !cut.contains(Link(a, b)), Double.random(in: 0..<1, using: &random) >= weather.loss else {
            lost += 1
            return []
        }
        let copies = Double.random(in: 0..<1, using: &random) < weather.duplication ? 2 : 1
        return (0..<copies).map { _ in base + Int64.random(in: weather.jitter, using: &random) }
    }

    public mutating func setCut(_ isCut: Bool, between a: Int, and b: Int) {
        if isCut { cut.insert(Link(a, b)) } else { cut.remove(Link(a, b)) }
    }

    public func isCut(_ a: Int, _ b: Int) -> Bool { cut.contains(Link(a, b)) }
}
