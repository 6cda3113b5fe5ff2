import Gateway
import Measurements
import Notation
import Store

/// What is missing, and why, of all runs.
struct GapReading {
    /// Up to so many gaps are also placed in time.
    private static let mostPlaced = 200

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
                let stream = streams.first { $0.key.stream == gap.stream }
                let declaration = stream?.declaration
                if let wanted = question.sensor, declaration?.sensor != wanted { continue }
                let time = gap.time + offset
                if question.from.map({ time < $0 }) ?? false || question.to.map({ time >= $0 }) ?? false { continue }
                var row = json(gap, declaration, time)
                // Two looks into the ring each: a page asks for few, a script for a period may ask for all.
                if question.limit <= GapReading.mostPlaced, let stream {
                    row += try span(of: gap, stream.key, reader, offset)
                }
                found.append(.object(row))
                if found.count == question.limit { return found }
            }
        }
        return found
    }

    private func json(
        _ gap: GapRecord, _ declaration: StreamDeclaration?, _ time: UnixTime
    ) -> [JSON.Member] {
        [
            .init("sensor", JSON(declaration?.sensor)), .init("attribute", JSON(declaration?.attribute.name)),
            .init("kind", .string("\(gap.kind)")), .init("first", JSON(gap.numbers.lowerBound)),
            .init("end", JSON(gap.numbers.upperBound)), .init("lost", JSON(gap.lost)),
            .init("time_ms", JSON(time / 1_000_000)), .init("cause", .string(gap.cause)),
            .init("who", .string(gap.who)),
        ]
    }

    /// From the sample before what is missing to the one after it, as far as they are there.
    private func span(
        of gap: GapRecord, _ key: StreamKey, _ reader: RingReader, _ offset: Int64
    ) throws -> [JSON.Member] {
        let numbers = gap.numbers
        let before = numbers.lowerBound > 0 ? try time(of: numbers.lowerBound - 1, key, reader) : nil
        let after = try time(of: numbers.upperBound, key, reader)
        guard var from = before ?? after else { return [] }
        var to = after ?? max(from, gap.time)
        if case .atMost(_, let duration, _) = gap.extent { to = from &+ Int64(clamping: duration) }
        if from > to { swap(&from, &to) }
        return [
            .init("from_ms", JSON((from &+ offset) / 1_000_000)), .init("to_ms", JSON((to &+ offset) / 1_000_000)),
        ]
    }

    private func time(of number: SampleNumber, _ key: StreamKey, _ reader: RingReader) throws -> BootTime? {
        var found: BootTime?
        try reader.read(key, numbers: number..<number + 1) { piece in
            if case .samples(_, let samples) = piece { found = samples.times.first }
            return false
        }
        return found
    }
}
