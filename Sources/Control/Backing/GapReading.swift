import Gateway
import Measurements
import Notation
import Store

/// What is missing, and why, of all runs.
struct GapReading {
    private let gateway: Gateway

    init(_ gateway: Gateway) { self.gateway = gateway }

    func answer(_ question: GapQuestion) throws -> [JSON] {
        let reader = try gateway.readers.makeReader()
        var found: [JSON] = []
        for run in try reader.runs().reversed() where run.key.gateway == gateway.identity.id {
            let streams = try reader.streams(of: run.key)
            let anchor = Timeline.best(try reader.anchors(of: run.key))
            let offset = run.key == gateway.run ? gateway.clockOffset : anchor.map { $0.wall - $0.time } ?? 0
            for gap in try reader.gaps(of: run.key).reversed() {
                let declaration = streams.first { $0.key.stream == gap.stream }?.declaration
                if let wanted = question.sensor, declaration?.sensor != wanted { continue }
                let time = gap.time + offset
                if question.from.map({ time < $0 }) ?? false || question.to.map({ time >= $0 }) ?? false { continue }
                found.append(json(gap, declaration, time))
                if found.count == question.limit { return found }
            }
        }
        return found
    }

    private func json(_ gap: GapRecord, _ declaration: StreamDeclaration?, _ time: UnixTime) -> JSON {
        [
            "sensor": JSON(declaration?.sensor), "attribute": JSON(declaration?.attribute.name),
            "kind": .string("\(gap.kind)"), "first": JSON(gap.numbers.lowerBound), "end": JSON(gap.numbers.upperBound),
            "lost": JSON(gap.lost), "time_ms": JSON(time / 1_000_000), "cause": .string(gap.cause),
            "who": .string(gap.who),
        ]
    }
}
