import Hashing
import Identity
import System

/// A connection whose other side is admitted: lanes both ways, signs of life, an orderly end.
final class PeerConnection {
    let connection: IrohConnection
    let hello: Hello
    let isDialled: Bool
    let openedAt: Int64
    var identity: Bytes32 { hello.cert.identity }

    private let loop: Loop
    private let events: Events
    private var senders: [Lane: LaneSender] = [:]
    /// Frames for lanes whose stream is being opened.
    private var waiting: [Lane: [[UInt8]]] = [:]
    /// Lanes that refused a message while their stream was being opened.
    private var refused: Set<Lane> = []
    private var receivers: [Lane: LaneReceiver] = [:]
    private var paused: Set<Lane> = []
    private var isOver = false
    private var pingSent: (nonce: UInt64, at: Int64)?
    private(set) var heardAt: Int64
    /// Smoothed, in microseconds, from our own questions: the transport's is in whole milliseconds.
    private(set) var rttUs: Int64?

    /// What a connection tells its owner, on the loop.
    struct Events {
        var message: (Lane, UInt8, [UInt8]) -> Void
        var heard: () -> Void
        var pong: (Pong, _ rttUs: Int64) -> Void
        var addresses: (Addresses) -> Void
        var drained: (Lane) -> Void
        /// Once, with why; `goodbye` when either side said so.
        var ended: (_ goodbye: Goodbye?, _ what: String) -> Void
        /// What to answer who asks for the time: Unix time and its error in milliseconds.
        var clock: () -> (unixTime: Int64, errorMs: UInt32)
    }

    init(_ loop: Loop, _ connection: IrohConnection, _ outcome: Handshake.Outcome, isDialled: Bool, _ events: Events) {
        self.loop = loop
        self.connection = connection
        self.isDialled = isDialled
        self.events = events
        hello = outcome.hello
        openedAt = loop.now
        heardAt = loop.now
        // One stream a lane; the control lane is the one that carried the hello.
        connection.limit(uniStreams: UInt64(Lane.allCases.count), biStreams: 1, window: 8 << 20)
        adopt(outcome.send, .control)
        listen(outcome.receive, .control)
    }

    /// Begins delivering. Apart from `init`, so that the owner knows the connection before its first message.
    func start() {
        connection.onClosed { [weak self] reason in self?.lost(reason) }
        acceptLanes()
        receivers[.control]?.raiseLimit(to: Frame.mostBytes)
        receivers[.control]?.resume()
    }

    // MARK: Sending

    func send(_ lane: Lane, type: UInt8, _ body: [UInt8]) -> SendResult {
        guard !isOver else { return .notConnected }
        guard body.count < Frame.mostBytes else { return .tooLong }
        let frame = Frame(type: type, body: body).encoded
        if let sender = senders[lane] {
            let result = sender.send(frame)
            if result == .full, lane == .control { close(.slowReader) }
            return result
        }
        let queued = waiting[lane, default: []].reduce(0) { $0 + $1.count }
        guard queued + frame.count <= lane.mostQueued || queued == 0 else {
            refused.insert(lane)
            return .full
        }
        let isFirst = waiting[lane] == nil
        waiting[lane, default: []].append(frame)
        if isFirst { open(lane) }
        return .accepted
    }

    func send(_ frame: Frame) { _ = send(.control, type: frame.type, frame.body) }

    func ping(nonce: UInt64) {
        pingSent = (nonce, SystemClock.bootTime)
        send(Ping(nonce: nonce).frame)
    }

    private func open(_ lane: Lane) {
        connection.openUni { [weak self] result in
            guard let self, !isOver else { return }
            guard case .success(let stream) = result else { return }
            let sender = adopt(stream, lane)
            _ = sender.send([lane.rawValue])
            for frame in waiting.removeValue(forKey: lane) ?? [] { _ = sender.send(frame) }
            if refused.remove(lane) != nil { sender.promiseRoom() }
        }
    }

    @discardableResult
    private func adopt(_ stream: IrohSendStream, _ lane: Lane) -> LaneSender {
        let sender = LaneSender(lane, stream)
        sender.drained = { [weak self] in self?.events.drained(lane) }
        sender.failed = { [weak self] failure in self?.lost(failure.description) }
        senders[lane] = sender
        return sender
    }

    // MARK: Receiving

    /// Stops reading a lane until `resume`: its sender is held back.
    func pause(_ lane: Lane) {
        paused.insert(lane)
        receivers[lane]?.pause()
    }

    func resume(_ lane: Lane) {
        paused.remove(lane)
        receivers[lane]?.resume()
    }

    private func acceptLanes() {
        connection.acceptUni { [weak self] result in
            guard let self, !isOver, case .success(let stream) = result else { return }
            // The first byte says which lane it is.
            stream.read(limit: 1) { [weak self] first in
                guard let self, !isOver else { return }
                guard case .success(let bytes) = first, let byte = bytes.first, let lane = Lane(rawValue: byte),
                    receivers[lane] == nil
                else { return close(.malformed, "a stream that is no lane, or one twice") }
                let receiver = LaneReceiver(stream, limit: Frame.mostBytes)
                listen(receiver, lane)
                if paused.contains(lane) { receiver.pause() }
                receiver.start()
            }
            acceptLanes()
        }
    }

    private func listen(_ receiver: LaneReceiver, _ lane: Lane) {
        receivers[lane] = receiver
        receiver.received = { [weak self] frame in self?.take(frame, lane) ?? false }
        receiver.ended = { [weak self] end in
            switch end {
            case .finished: self?.end(nil, "it ended lane \(lane)")
            case .malformed(let failure): self?.close(.malformed, failure.description)
            case .lost(let failure): self?.lost(failure.description)
            }
        }
    }

    private func take(_ frame: Frame, _ lane: Lane) -> Bool {
        heardAt = loop.now
        events.heard()
        if frame.type >= Frame.firstOfOthers {
            events.message(lane, frame.type, frame.body)
            return !isOver
        }
        guard lane == .control, let kind = Frame.Kind(rawValue: frame.type) else {
            // Types of peering that a later version adds are passed over on the control lane.
            if lane != .control { close(.malformed, "frame \(frame.type) on lane \(lane)") }
            return !isOver
        }
        do throws(WireFailure) {
            try control(kind, frame.body)
        } catch {
            close(.malformed, "\(kind): \(error)")
        }
        return !isOver
    }

    private func control(_ kind: Frame.Kind, _ body: [UInt8]) throws(WireFailure) {
        switch kind {
        case .hello: throw WireFailure(what: "a second hello", offset: 0)
        case .ping:
            let clock = events.clock()
            send(Pong(nonce: try Ping(reading: body).nonce, unixTime: clock.unixTime, errorMs: clock.errorMs).frame)
        case .pong:
            let pong = try Pong(reading: body)
            guard let sent = pingSent, sent.nonce == pong.nonce else { return }
            pingSent = nil
            let rtt = (SystemClock.bootTime - sent.at) / 1000
            rttUs = rttUs.map { ($0 * 7 + rtt) / 8 } ?? rtt
            events.pong(pong, rtt)
        case .addresses: events.addresses(try Addresses(reading: body))
        }
    }

    // MARK: The end

    var queued: [Lane: Int] { senders.mapValues(\.queued) }
    var dropped: UInt64 { senders.values.reduce(0) { $0 + $1.dropped } }

    /// Closes with a code and a sentence for the other side; `detail` says what it did wrong.
    func close(_ why: Goodbye, _ detail: String? = nil) {
        let detail = detail.map { ": \($0)" } ?? ""
        end(why, why.sentenceHere + detail, said: why.sentence + detail)
    }

    /// Ended by the other side or by the network; the connection itself knows best why.
    private func lost(_ what: String) {
        let reason = connection.closeReason ?? what
        if let (goodbye, sentence) = Goodbye.said(in: reason) {
            end(goodbye, sentence)
        } else {
            end(nil, reason)
        }
    }

    private func end(_ goodbye: Goodbye?, _ what: String, said sentence: String = "") {
        guard !isOver else { return }
        isOver = true
        for receiver in receivers.values { receiver.stop() }
        connection.close(code: (goodbye ?? .leaving).rawValue, reason: sentence)
        senders = [:]
        waiting = [:]
        receivers = [:]
        events.ended(goodbye, what)
    }
}
