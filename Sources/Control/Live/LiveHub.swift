import Measurements
import System

/// The newest samples of all streams and who watches them. Confined to the service thread.
final class LiveHub {
    /// How much one message may be; what does not fit goes with the next.
    static let greatestMessage = 44 * 1024
    static let mostSamplesOfStream = 2048

    let most: Int
    private(set) var run = RunID.none
    /// Whether the gateway has said yet what there is.
    private var isKnown = false
    private(set) var clock = LiveClock(offset: 0, error: .max, settled: false)
    private(set) var rings: [StreamNumber: LiveRing] = [:]
    private(set) var subscribers: [UInt64: Subscriber] = [:]
    /// Parts of messages made in this flush, for all who are at the same place.
    private var made: [Part: [UInt8]] = [:]
    private(set) var messages: UInt64 = 0
    private(set) var samplesSent: UInt64 = 0
    private(set) var dropped: UInt64 = 0
    private(set) var nextFlush: Int64 = .max

    private struct Part: Hashable {
        var form: Subscriber.Form
        var stream: StreamNumber
        var first: SampleNumber
        var count: Int
    }

    init(most: Int) { self.most = most }

    // News from the gateway

    func take(_ news: LiveNews, service: Service) {
        switch news {
        case .streams(let run, let clock, let streams):
            if run != self.run { rings = [:] }
            let first = !isKnown
            (self.run, isKnown) = (run, true)
            self.clock = clock
            for stream in streams where rings[stream.number]?.stream.attribute != stream.attribute {
                rings[stream.number] = LiveRing(stream)
            }
            let there = Set(streams.map(\.number))
            rings = rings.filter { there.contains($0.key) }
            for subscriber in subscribers.values {
                if first { place(subscriber, after: subscriber.exchange.after) }
                greet(subscriber)
            }
        case .clock(let clock):
            self.clock = clock
            for subscriber in subscribers.values { tell(subscriber, LiveWriter.clockChanged(clock), "clock") }
        case .samples(let batches):
            for batch in batches { rings[batch.stream]?.append(batch) }
        }
    }

    /// The most samples that any ring holds.
    var deepest: Int { rings.values.reduce(0) { max($0, $1.count) } }

    // Subscribers

    func add(_ subscriber: Subscriber, service: Service) {
        subscribers[subscriber.exchange.id] = subscriber
        place(subscriber, after: subscriber.exchange.after)
        greet(subscriber)
        subscriber.due = Service.now
        nextFlush = min(nextFlush, subscriber.due)
        service.arm()
        watch(subscriber, focused: nil, service: service)
    }

    func remove(_ subscriber: Subscriber, service: Service) {
        guard subscribers.removeValue(forKey: subscriber.exchange.id) != nil else { return }
        let (backend, id) = (service.backend, subscriber.exchange.id)
        backend.loop.post { backend.unwatch(viewer: id) }
        if subscribers.isEmpty { nextFlush = .max }
    }

    func watch(_ subscriber: Subscriber, focused: String?, service: Service) {
        let (backend, id) = (service.backend, subscriber.exchange.id)
        let sensors = subscriber.selection.sensors.map { $0.sorted() }
        backend.loop.post { backend.watch(viewer: id, sensors: sensors, focused: focused) }
    }

    /// Somebody who does not look does not cause effort, and has nothing to catch up with when they look again.
    func pause(_ subscriber: Subscriber, service: Service) {
        let (backend, id) = (service.backend, subscriber.exchange.id)
        backend.loop.post { backend.unwatch(viewer: id) }
    }

    /// Ends all streams of a session or token that is no more.
    func endAll(of principal: String) {
        for subscriber in subscribers.values where subscriber.exchange.request.principal?.id == principal {
            subscriber.exchange.kill()
        }
    }

    /// Where a subscriber begins: after what it has, at its stretch of history, or now.
    func place(_ subscriber: Subscriber, after: LiveCursor?) {
        subscriber.cursors = [:]
        subscriber.wholeUntil = [:]
        let since = Service.now - subscriber.selection.historyMs * 1_000_000
        for (number, ring) in rings where subscriber.wants(ring.stream) {
            if let after, after.run == run, let next = after.next[number] {
                subscriber.cursors[number] = min(next, ring.next)
            } else if subscriber.selection.historyMs > 0 {
                subscriber.cursors[number] = ring.number(since: since)
                subscriber.wholeUntil[number] = ring.next
            } else {
                subscriber.cursors[number] = ring.next
            }
        }
    }

    func greet(_ subscriber: Subscriber) {
        guard isKnown else { return }
        let streams = rings.values.map(\.stream).filter { subscriber.wants($0) }.sorted { $0.number < $1.number }
        for stream in streams where subscriber.cursors[stream.number] == nil {
            subscriber.cursors[stream.number] = stream.next
        }
        tell(
            subscriber, LiveWriter.hello(run: run, clock: clock, streams: streams, subscriber: subscriber), "streams")
    }

    func tell(_ subscriber: Subscriber, _ message: [UInt8], _ event: StaticString) {
        if !subscriber.enqueue(message, binary: false, event: event) { subscriber.exchange.kill() }
    }

    // Sending

    func flush(now: Int64, service: Service) {
        guard now >= nextFlush else { return }
        made.removeAll(keepingCapacity: true)
        var next = Int64.max
        for subscriber in subscribers.values {
            if subscriber.due <= now {
                // On one grid for all, so that who has the same tier is sent the same bytes.
                subscriber.due = (now / subscriber.intervalNs + 1) * subscriber.intervalNs
                turn(subscriber, now: now, service: service)
            }
            next = min(next, subscriber.due)
        }
        nextFlush = next
    }

    private func turn(_ subscriber: Subscriber, now: Int64, service: Service) {
        guard !subscriber.paused else { return }
        let pressed = subscriber.isPressed
        let tier = subscriber.tier
        subscriber.judge(pressed: pressed, now: now)
        if pressed { return }
        if tier != subscriber.tier { tell(subscriber, LiveWriter.tier(Subscriber.tiers[subscriber.tier]), "tier") }
        var parts: [[UInt8]] = []
        var size = 0
        for (number, cursor) in subscriber.cursors where size < LiveHub.greatestMessage {
            guard let part = part(subscriber, number, cursor, service: service) else { continue }
            parts.append(part)
            size += part.count
        }
        guard !parts.isEmpty else { return }
        send(subscriber, parts)
    }

    func send(_ subscriber: Subscriber, _ parts: [[UInt8]]) {
        messages += 1
        let id = subscriber.form == .events ? LiveCursor(run: run, next: subscriber.cursors).text : nil
        _ = subscriber.enqueue(
            LiveWriter.message(parts, form: subscriber.form), binary: subscriber.form == .frames, event: "samples",
            id: id)
    }

    /// What a subscriber has not seen of one stream.
    private func part(
        _ subscriber: Subscriber, _ number: StreamNumber, _ cursor: SampleNumber, service: Service
    ) -> [UInt8]? {
        guard let ring = rings[number], ring.next > cursor, !subscriber.fetching.contains(number) else { return nil }
        if cursor < ring.oldest, subscriber.wantsAll(of: ring.stream) {
            service.fetch(subscriber, number, cursor..<ring.oldest)
            return nil
        }
        let isWhole = subscriber.wantsAll(of: ring.stream) || cursor < subscriber.wholeUntil[number] ?? 0
        let found =
            isWhole
            ? ring.samples(from: cursor, most: LiveHub.mostSamplesOfStream) : ring.newest(from: cursor)
        guard let batch = found else { return nil }
        subscriber.cursors[number] = batch.end
        samplesSent += UInt64(batch.samples.count)
        return bytes(of: batch, subscriber.form)
    }

    func bytes(of batch: LiveBatch, _ form: Subscriber.Form) -> [UInt8] {
        let part = Part(
            form: form == .frames ? .frames : .json, stream: batch.stream, first: batch.first,
            count: batch.samples.count)
        if let known = made[part] { return known }
        let bytes = form == .frames ? LiveWriter.frame(batch) : LiveWriter.json(batch, clock: clock)
        made[part] = bytes
        return bytes
    }

    /// Samples that a subscriber will not get.
    func drop(_ subscriber: Subscriber, _ number: StreamNumber, _ range: Range<SampleNumber>) {
        guard !range.isEmpty else { return }
        subscriber.countDropped(UInt64(range.count))
        dropped += UInt64(range.count)
        tell(subscriber, LiveWriter.dropped(number, from: range.lowerBound, to: range.upperBound), "dropped")
    }

    func sweep(now: Int64, service: Service) {
        let unixTime = SystemClock.unixTime / 1_000_000_000
        for subscriber in subscribers.values {
            guard let principal = subscriber.exchange.request.principal,
                service.access.stillHolds(principal, now: now, unixTime: unixTime)
            else {
                subscriber.exchange.kill()
                continue
            }
            // An event stream without events says that it is alive, or finds out that nobody is there.
            if subscriber.form == .events, now / Service.tickNs % 15 == 0, subscriber.exchange.isDrained {
                subscriber.exchange.append(Array(": alive\n\n".utf8))
            }
        }
    }
}
