import Gateway
import Measurements
import Store
import System

/// Samples of one attribute, of all runs, straight from the ring, in pieces as they are asked for.
final class HistorySource: SampleSource {
    /// Samples handed over at once.
    private static let pieceSamples = 4_096

    let attribute: AttributeDeclaration
    private(set) var cursor: String?
    private let question: SampleQuestion
    private let gateway: GatewayID
    private let readers: RingReaders
    private let runningRun: RunKey
    private let runningOffset: Int64
    private var reader: RingReader?
    private var stretches: [Timeline.Stretch]?
    private var place = 0
    private var number: SampleNumber = 0
    private var left: Int
    private var rowsDone = 0

    /// Nil where nothing is known of such a stream. Called on the gateway's loop.
    init?(_ question: SampleQuestion, gateway: Gateway) throws(Problem) {
        self.question = question
        self.gateway = gateway.identity.id
        readers = gateway.readers
        runningRun = gateway.run
        runningOffset = gateway.clockOffset
        left = question.limit ?? .max
        if let running = gateway.streams(of: question.sensor).first(where: { $0.attribute.name == question.attribute })
        {
            attribute = running.attribute
        } else {
            guard let found = HistorySource.search(question, gateway) else { return nil }
            attribute = found
        }
        if let cursor = question.cursor {
            let parts = cursor.split(separator: "-").compactMap { UInt64($0) }
            guard parts.count == 2, parts[0] < 1 << 32 else {
                throw Problem.invalid("cursor", "'cursor' is not one that an answer ended with")
            }
            (place, number) = (Int(parts[0]), parts[1])
        }
    }

    private static func search(_ question: SampleQuestion, _ gateway: Gateway) -> AttributeDeclaration? {
        guard let reader = try? gateway.readers.makeReader() else { return nil }
        return try? Timeline.of(
            sensor: question.sensor, attribute: question.attribute, gateway: gateway.identity.id, reader: reader
        ).stretches.last?.attribute
    }

    func next() -> SampleBatch? {
        do throws(StoreError) {
            return try piece()
        } catch {
            Log.warning("store", "a reading ended early: \(error)")
            return nil
        }
    }

    private func piece() throws(StoreError) -> SampleBatch? {
        let reader = try open()
        while let stretches, place < stretches.count, left > 0 {
            let stretch = stretches[place]
            if question.resolution != nil {
                if let rows = try rows(of: stretch, reader) { return rows }
                place += 1
                rowsDone = 0
                continue
            }
            if let batch = try samples(of: stretch, reader) {
                left -= batch.samples.count
                cursor = "\(place)-\(number)"
                return batch
            }
            place += 1
            number = 0
        }
        if left > 0 { cursor = nil }
        return nil
    }

    private func samples(of stretch: Timeline.Stretch, _ reader: RingReader) throws(StoreError) -> SampleBatch? {
        var found: SampleBatch?
        let most = min(left, HistorySource.pieceSamples)
        let numbers = question.numbers ?? 0..<SampleNumber.max
        if question.numbers != nil, stretch.key.runKey != runningRun { return nil }
        let from = max(number, numbers.lowerBound)
        guard from < numbers.upperBound else { return nil }
        try reader.read(stretch.key, numbers: from..<numbers.upperBound, times: times(of: stretch)) { piece in
            guard case .samples(let first, let samples) = piece, !samples.isEmpty else { return true }
            let part = samples.count > most ? samples[0..<most] : samples
            if var batch = found {
                guard batch.first + SampleNumber(batch.samples.count) == first, batch.samples.count < most else {
                    return false
                }
                batch.samples.append(part)
                found = batch
            } else {
                found = SampleBatch(first: first, samples: part, times: [])
            }
            return (found?.samples.count ?? 0) < most
        }
        guard var batch = found else { return nil }
        if batch.samples.count > most { batch.samples = batch.samples[0..<most] }
        number = batch.first + SampleNumber(batch.samples.count)
        let offset = offset(of: stretch)
        batch.times = batch.samples.times.map { $0 &+ offset }
        return batch
    }

    /// One answer of rows; nil where the stretch has no more.
    private func rows(of stretch: Timeline.Stretch, _ reader: RingReader) throws(StoreError) -> SampleBatch? {
        guard let resolution = question.resolution, let span = span(of: stretch) else { return nil }
        let offset = offset(of: stretch)
        // Rows begin at whole multiples of the resolution in wall time, whatever is asked for.
        let start = (span.lowerBound &+ offset) / resolution * resolution &- offset
        var rows: [SampleBatch.Row] = []
        while rows.isEmpty {
            let begin = start + Int64(rowsDone) * resolution
            guard begin < span.upperBound else { return nil }
            let count = min(RingReader.mostBuckets, Int((span.upperBound - begin) / resolution) + 1)
            let end = begin + Int64(count) * resolution
            for bucket in try reader.buckets(of: stretch.key, times: begin..<end, count: count) where bucket.count > 0 {
                rows.append(
                    SampleBatch.Row(
                        time: bucket.start &+ offset, count: Int(bucket.count),
                        parts: bucket.parts.map { (least: $0.min, mean: $0.mean, most: $0.max) }))
            }
            rowsDone += count
        }
        if rows.count > left { rows.removeLast(rows.count - left) }
        left -= rows.count
        return SampleBatch(first: 0, samples: Samples(of: attribute), times: [], rows: rows)
    }

    /// The boot times that a stretch covers within what was asked for.
    private func span(of stretch: Timeline.Stretch) -> Range<BootTime>? {
        let asked = times(of: stretch)
        let end = stretch.key.runKey == runningRun ? SystemClock.bootTime : stretch.ended
        let (from, to) = (max(stretch.opened, asked?.lowerBound ?? .min), min(end, asked?.upperBound ?? .max))
        return from <= to ? from..<to + 1 : nil
    }

    private func times(of stretch: Timeline.Stretch) -> ClosedRange<BootTime>? {
        guard question.from != nil || question.to != nil else { return nil }
        let offset = offset(of: stretch)
        let from = question.from.map { $0 &- offset } ?? .min
        let to = question.to.map { $0 &- offset &- 1 } ?? .max
        return from <= to ? from...to : from...from
    }

    private func offset(of stretch: Timeline.Stretch) -> Int64 {
        stretch.key.runKey == runningRun ? runningOffset : stretch.offset
    }

    private func open() throws(StoreError) -> RingReader {
        if let reader { return reader }
        let made = try readers.makeReader()
        reader = made
        stretches = try Timeline.of(
            sensor: question.sensor, attribute: question.attribute, gateway: gateway, reader: made
        ).stretches
        return made
    }
}
