import Measurements
import System

/// New samples for whoever watches, gathered and handed over in batches. It taps the intake and never reads the store;
/// while nobody watches it does nothing. Confined to the gateway's loop.
public final class LiveFeed {
    /// How often batches go out: the fastest tier there is.
    public static let flushMs: Int64 = 32
    /// Samples that may gather between two flushes; a fuller batch goes out at once.
    public static let mostGathered = 8_192

    /// Consecutive new samples of one stream.
    public struct Piece: Sendable {
        public var stream: StreamNumber
        public var first: SampleNumber
        public var samples: Samples
    }

    private let loop: Loop
    private var watchers: [Int: ([Piece]) -> Void] = [:]
    private var lastWatcher = 0
    private var pieces: [Piece] = []
    private var places: [StreamNumber: Int] = [:]
    private var gathered = 0
    private var timer: TimerToken?

    init(loop: Loop) { self.loop = loop }

    public var watcherCount: Int { watchers.count }

    /// `receive` is called on the gateway's loop with everything that came in; returns what `unwatch` takes.
    public func watch(_ receive: @escaping ([Piece]) -> Void) -> Int {
        lastWatcher += 1
        watchers[lastWatcher] = receive
        if timer == nil { timer = loop.repeating(everyMs: LiveFeed.flushMs) { [weak self] in self?.flush() } }
        return lastWatcher
    }

    public func unwatch(_ watcher: Int) {
        watchers[watcher] = nil
        guard watchers.isEmpty, let timer else { return }
        loop.cancel(timer)
        self.timer = nil
        (pieces, places, gathered) = ([], [:], 0)
    }

    func offer(_ samples: Samples, stream: StreamRecord, first: SampleNumber) {
        guard !watchers.isEmpty else { return }
        gathered += samples.count
        if let place = places[stream.number], pieces[place].first + SampleNumber(pieces[place].samples.count) == first {
            pieces[place].samples.append(samples)
        } else {
            places[stream.number] = pieces.count
            pieces.append(Piece(stream: stream.number, first: first, samples: samples))
        }
        if gathered >= LiveFeed.mostGathered { flush() }
    }

    private func flush() {
        guard !pieces.isEmpty else { return }
        let batch = pieces
        (pieces, places, gathered) = ([], [:], 0)
        for watcher in watchers.values { watcher(batch) }
    }
}
