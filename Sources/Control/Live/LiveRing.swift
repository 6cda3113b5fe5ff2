import Measurements

/// The newest samples of one stream, as they came. It is the queue of every subscriber at once: each has a cursor into
/// it, and who falls behind its oldest sample has lost what is in between. So a stalled subscriber costs nothing.
struct LiveRing {
    /// Samples kept: 15 s of the declared rate, so that the seam with what the store has committed lies within.
    let capacity: Int
    private(set) var stream: LiveStream
    private var batches: [LiveBatch] = []
    private var start = 0
    private(set) var count = 0

    static let least = 128
    static let most = 4096

    init(_ stream: LiveStream) {
        self.stream = stream
        let wanted = stream.attribute.nominalRate * 15
        capacity = max(LiveRing.least, min(LiveRing.most, wanted.isFinite ? Int(min(wanted, 1e6)) : LiveRing.least))
    }

    /// The number of the oldest sample held; where none is held, of the next.
    var oldest: SampleNumber { start < batches.count ? batches[start].first : stream.next }
    var next: SampleNumber { stream.next }

    mutating func append(_ batch: LiveBatch) {
        guard !batch.samples.isEmpty, batch.first >= stream.next else { return }
        batches.append(batch)
        count += batch.samples.count
        stream.next = batch.end
        while count - batches[start].samples.count >= capacity {
            count -= batches[start].samples.count
            start += 1
        }
        if start > 64, start > batches.count / 2 {
            batches.removeFirst(start)
            start = 0
        }
    }

    /// Consecutive samples from `cursor` on, at most `most`; where samples were refused at intake, those after the hole.
    func samples(from cursor: SampleNumber, most: Int) -> LiveBatch? {
        guard var index = firstBatch(endingAfter: cursor) else { return nil }
        let begin = max(cursor, batches[index].first)
        var found = LiveBatch(
            stream: stream.number, first: begin,
            samples: batches[index].samples[Int(begin - batches[index].first)..<batches[index].samples.count])
        index += 1
        while index < batches.count, batches[index].first == found.end, found.samples.count < most {
            found.samples.append(batches[index].samples)
            index += 1
        }
        if found.samples.count > most { found.samples = found.samples[0..<most] }
        return found
    }

    /// The number of the first sample held that is at `since` or later.
    func number(since: BootTime) -> SampleNumber {
        for batch in batches[start...] {
            if let index = batch.samples.times.firstIndex(where: { $0 >= since }) {
                return batch.first + SampleNumber(index)
            }
        }
        return stream.next
    }

    /// The newest sample, if it is at `cursor` or later.
    func newest(from cursor: SampleNumber) -> LiveBatch? {
        guard stream.next > cursor, let last = batches.last else { return nil }
        let count = last.samples.count
        return LiveBatch(stream: stream.number, first: last.end - 1, samples: last.samples[count - 1..<count])
    }

    private func firstBatch(endingAfter cursor: SampleNumber) -> Int? {
        var (low, high) = (start, batches.count)
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].end > cursor { high = middle } else { low = middle + 1 }
        }
        return low < batches.count ? low : nil
    }
}
