import Measurements

/// Somebody who watches live. Confined to the service thread. What waits for them is not queued here: `cursors` says how
/// far they are in the rings.
final class Subscriber {
    enum Form: Hashable { case events, json, frames }

    /// What they asked for.
    struct Selection: Equatable {
        /// Nil: all.
        var sensors: Set<String>?
        /// Every sample of every attribute, not only of those whose shape matters.
        var every = false
        /// Milliseconds of what was before to begin with, as far as it is at hand.
        var historyMs: Int64 = 0
    }

    /// How often they are sent to: by tier, in milliseconds.
    static let tiers: [Int64] = [32, 50, 100, 200]
    /// Two good checks, this far apart, and they are moved up one tier.
    static let checkNs: Int64 = 4_000_000_000
    /// How soon after a step down the next may follow.
    static let worseNs: Int64 = 1_000_000_000
    /// Bytes in the socket from which on the reader counts as slow.
    static let mostUnsent = 128 * 1024
    /// Messages other than samples that may wait; with one more the reader is too slow to be told anything, and goes.
    static let mostWaiting = 64

    let exchange: Exchange
    let form: Form
    var selection: Selection
    var cursors: [StreamNumber: SampleNumber] = [:]
    /// Up to these numbers every sample is sent, also of streams of which later only the newest is: what came before is a
    /// line, not a value.
    var wholeUntil: [StreamNumber: SampleNumber] = [:]
    /// Streams whose older samples come from the store just now.
    var fetching: Set<StreamNumber> = []
    var paused = false
    var tier = 0
    var due: Int64 = 0
    private(set) var dropped: UInt64 = 0
    private(set) var outbox: [(bytes: [UInt8], binary: Bool)] = []
    /// Sent, and not yet heard that the connection takes more.
    var awaiting = false
    private var lastWorse: Int64 = 0
    private var nextCheck: Int64 = 0
    private var goodChecks = 0
    private var pressedSinceCheck = false
    /// Bytes of a message of theirs that has not ended yet.
    var incoming: [UInt8] = []
    var messages = RateLimiter(burst: 20, perSecond: 10)

    init(exchange: Exchange, form: Form, selection: Selection) {
        self.exchange = exchange
        self.form = form
        self.selection = selection
    }

    var intervalNs: Int64 { Subscriber.tiers[tier] * 1_000_000 }

    func wants(_ stream: LiveStream) -> Bool { selection.sensors?.contains(stream.sensor) ?? true }

    func wantsAll(of stream: LiveStream) -> Bool { selection.every || stream.showsAll }

    /// Whether the reader takes what it is sent.
    var isPressed: Bool {
        awaiting || !outbox.isEmpty || (form == .events && !exchange.isDrained)
            || exchange.unsent > Subscriber.mostUnsent
    }

    /// Judges by what was measured, never by what is feared: slower at once, faster after two good checks.
    func judge(pressed: Bool, now: Int64) {
        if pressed {
            pressedSinceCheck = true
            goodChecks = 0
            if now - lastWorse >= Subscriber.worseNs, tier < Subscriber.tiers.count - 1 {
                tier += 1
                lastWorse = now
            }
        }
        guard now >= nextCheck else { return }
        goodChecks = pressedSinceCheck ? 0 : goodChecks + 1
        pressedSinceCheck = false
        nextCheck = now + Subscriber.checkNs
        if goodChecks >= 2 {
            tier = max(0, tier - 1)
            goodChecks = 0
        }
    }

    func countDropped(_ count: SampleNumber) { dropped += count }

    /// False where too much waits already.
    func enqueue(_ bytes: [UInt8], binary: Bool, event: StaticString, id: String? = nil) -> Bool {
        if form == .events {
            var text = Array("event: \(event)\n".utf8)
            if let id { text.append(contentsOf: "id: \(id)\n".utf8) }
            text.append(contentsOf: "data: ".utf8)
            text.append(contentsOf: bytes)
            text.append(contentsOf: "\n\n".utf8)
            exchange.append(text)
            return true
        }
        guard outbox.count < Subscriber.mostWaiting else { return false }
        outbox.append((bytes, binary))
        if !awaiting { exchange.wantWrite() }
        return true
    }

    /// The connection takes more.
    func writable() {
        awaiting = false
        guard form != .events else { return exchange.inCallback {} }
        guard !outbox.isEmpty else { return }
        let message = outbox.removeFirst()
        exchange.send(message.bytes, binary: message.binary)
        awaiting = true
        exchange.wantWrite()
    }
}
