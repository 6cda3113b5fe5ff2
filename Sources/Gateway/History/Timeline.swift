import Hashing
import Measurements
import Store

/// Where one attribute's samples of all runs lie, and how their boot times become wall times.
public struct Timeline: Sendable {
    /// One run's part.
    public struct Stretch: Sendable {
        public var key: StreamKey
        public var attribute: AttributeDeclaration
        /// Wall time minus boot time.
        public var offset: Int64
        public var errorNs: UInt64
        /// Nothing ever said what time it was in this boot: the times are a guess.
        public var isPlaced: Bool
        public var opened: BootTime
        /// Nothing of the run is later, as far as its last seal says.
        public var ended: BootTime

        static let unsealedNs: Int64 = 300_000_000_000
    }

    public var stretches: [Stretch]

    /// Reads it from the ring: every run of `gateway` that has this stream, oldest first.
    public static func of(
        sensor: String, attribute: String, gateway: GatewayID, reader: RingReader
    ) throws(StoreError) -> Timeline {
        var stretches: [Stretch] = []
        let runs = try reader.runs().filter { $0.key.gateway == gateway }
            .sorted { ($0.open?.record.ordinal ?? 0) < ($1.open?.record.ordinal ?? 0) }
        for run in runs {
            let streams = try reader.streams(of: run.key).filter {
                $0.declaration?.sensor == sensor && $0.declaration?.attribute.name == attribute
            }
            guard !streams.isEmpty else { continue }
            let best = Timeline.best(try reader.anchors(of: run.key))
            let opened = run.open?.record.opened ?? 0
            let ended = (try reader.lastSeal(of: run.key)?.record.time ?? opened) + Stretch.unsealedNs
            for stream in streams {
                guard let declaration = stream.declaration else { continue }
                stretches.append(
                    Stretch(
                        key: stream.key, attribute: declaration.attribute, offset: best.map { $0.wall - $0.time } ?? 0,
                        errorNs: best?.errorNs ?? .max, isPlaced: best.map { $0.source != .unsynchronised } ?? false,
                        opened: opened, ended: ended))
            }
        }
        return Timeline(stretches: stretches)
    }

    /// The latest anchor of the most trusted kind.
    public static func best(_ anchors: [ClockAnchor]) -> ClockAnchor? {
        anchors.max { ($0.source.trust, $0.time) < ($1.source.trust, $1.time) }
    }
}

extension ClockAnchor.Source {
    fileprivate var trust: Int {
        switch self {
        case .system: 6
        case .gps: 5
        case .manual: 4
        case .peer: 3
        case .phone: 2
        case .hardware: 1
        case .unsynchronised: 0
        }
    }
}
