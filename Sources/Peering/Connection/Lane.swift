/// Streams between two peers, each with its own order and its own patience, so that a backlog never holds up what is live.
public enum Lane: UInt8, Sendable, CaseIterable {
    /// Small messages that must arrive: what each side has, requests, receipts. A peer that does not read them is closed.
    case control = 0
    /// Live frames. When the peer does not keep up, the oldest make room.
    case live = 1
    /// Gossip; as live.
    case gossip = 2
    /// Blocks and changes. When full, sending says so and `peerDrained` says when there is room.
    case bulk = 3

    /// Bytes that may wait to be sent, beside those the transport has taken.
    var mostQueued: Int {
        switch self {
        case .control: 1 << 20
        case .live, .gossip: 256 << 10
        case .bulk: 2 << 20
        }
    }

    var dropsOldest: Bool { self == .live || self == .gossip }

    /// The transport sends streams of higher priority first.
    var priority: Int32 {
        switch self {
        case .control: 3
        case .live: 2
        case .gossip: 1
        case .bulk: 0
        }
    }
}

public enum SendResult: Hashable, Sendable {
    case accepted
    /// The lane is full; nothing was taken.
    case full
    case notConnected
    /// Longer than a frame may be; nothing was taken.
    case tooLong
}

/// The sending side of one lane: frames wait here until the transport takes them, several in one write.
final class LaneSender {
    static let mostInOneWrite = 256 << 10

    private let lane: Lane
    private let stream: IrohSendStream
    private var frames: [[UInt8]] = []
    private var next = 0
    private(set) var queued = 0
    private var isWriting = false
    private var wasFull = false
    private(set) var dropped: UInt64 = 0
    var drained: () -> Void = {}
    var failed: (IrohFailure) -> Void = { _ in }

    init(_ lane: Lane, _ stream: IrohSendStream) {
        self.lane = lane
        self.stream = stream
        stream.setPriority(lane.priority)
    }

    func send(_ frame: [UInt8]) -> SendResult {
        if queued > 0, queued + frame.count > lane.mostQueued {
            guard lane.dropsOldest else {
                wasFull = true
                return .full
            }
            while next < frames.count, queued + frame.count > lane.mostQueued {
                queued -= frames[next].count
                frames[next] = []
                next += 1
                dropped += 1
            }
        }
        frames.append(frame)
        queued += frame.count
        flush()
        return .accepted
    }

    /// Somebody was turned away: `drained` will say when there is room.
    func promiseRoom() { wasFull = true }

    private func flush() {
        guard !isWriting, next < frames.count else { return }
        isWriting = true
        var bytes: [UInt8] = []
        while next < frames.count, bytes.isEmpty || bytes.count + frames[next].count <= LaneSender.mostInOneWrite {
            if bytes.isEmpty { bytes = frames[next] } else { bytes.append(contentsOf: frames[next]) }
            queued -= frames[next].count
            frames[next] = []
            next += 1
        }
        if next == frames.count {
            frames.removeAll(keepingCapacity: true)
            next = 0
        } else if next > 256 {
            frames.removeFirst(next)
            next = 0
        }
        stream.write(bytes) { [weak self] failure in
            guard let self else { return }
            isWriting = false
            if let failure { return failed(failure) }
            flush()
            if wasFull, queued < lane.mostQueued / 2 {
                wasFull = false
                drained()
            }
        }
    }
}

/// The receiving side of one lane. While it is paused nothing is read, and the transport holds the sender back.
final class LaneReceiver {
    static let leastRead: UInt32 = 4 << 10
    static let mostRead: UInt32 = 256 << 10

    private let stream: IrohReceiveStream
    /// What the transport sets aside while it waits for the next bytes: little for a lane at rest, more while it is full.
    private var readBytes = LaneReceiver.leastRead
    private var decoder: FrameDecoder
    private var isPaused = false
    private var isReading = false
    private var isOver = false
    private var current: IrohFuture?
    /// Gets each frame; returns false to stop for good.
    var received: (Frame) -> Bool = { _ in false }
    var ended: (End) -> Void = { _ in }

    enum End {
        case finished
        case malformed(WireFailure)
        case lost(IrohFailure)
    }

    init(_ stream: IrohReceiveStream, limit: Int) {
        self.stream = stream
        decoder = FrameDecoder(limit: limit)
    }

    func start() { deliver() }

    /// What came before a limit was raised is not judged by it.
    func raiseLimit(to limit: Int) { decoder.limit = limit }

    func pause() { isPaused = true }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        deliver()
    }

    func stop() {
        isOver = true
        current?.cancel()
    }

    private func deliver() {
        guard !isReading else { return }
        do throws(WireFailure) {
            while !isPaused, !isOver {
                guard let frame = try decoder.next() else { return read() }
                if !received(frame) { isOver = true }
            }
        } catch {
            isOver = true
            ended(.malformed(error))
        }
    }

    private func read() {
        isReading = true
        current = stream.read(limit: readBytes) { [weak self] result in
            guard let self else { return }
            isReading = false
            current = nil
            guard !isOver else { return }
            switch result {
            case .success(let bytes) where bytes.isEmpty:
                isOver = true
                ended(
                    decoder.held == 0
                        ? .finished : .malformed(WireFailure(what: "the stream ends within a frame", offset: 0)))
            case .success(let bytes):
                if bytes.count == Int(readBytes) {
                    readBytes = min(LaneReceiver.mostRead, readBytes * 4)
                } else if bytes.count < Int(readBytes) / 4 {
                    readBytes = max(LaneReceiver.leastRead, readBytes / 2)
                }
                decoder.feed(bytes)
                deliver()
            case .failure(let failure):
                isOver = true
                ended(.lost(failure))
            }
        }
    }
}
