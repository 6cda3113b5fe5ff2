import Hashing
import Identity
import System

/// One run of the pairing protocol on a connection made for it: CPace with the code, bound to both endpoint keys, then the
/// certificates. Ends once.
final class PairAttempt {
    static let alpn = Array("bothy-pair/1".utf8)
    static let timeoutMs: Int64 = 10_000
    static let sessionCount = 16

    enum Step: UInt8 {
        /// Initiator: version 1 · session 16 · share 32.
        case start = 5
        /// Responder: share 32 · tag 32.
        case answer = 6
        /// Initiator: tag 32 · certificate.
        case confirm = 7
        /// Responder: certificate.
        case done = 8
    }

    let connection: IrohConnection
    private let loop: Loop
    private let side: CPace.Side
    private let code: [UInt8]
    private let cert: EndpointCert
    private var completion: ((Result<EndpointCert, PairFailure>) -> Void)?
    private var timer: TimerToken?
    private var send: IrohSendStream?
    private var receiver: LaneReceiver?
    private var cpace: CPace?
    private var confirmation: CPaceConfirmation?

    init(_ loop: Loop, _ connection: IrohConnection, _ side: CPace.Side, code: [UInt8], cert: EndpointCert) {
        self.loop = loop
        self.connection = connection
        self.side = side
        self.code = code
        self.cert = cert
    }

    func start(_ completion: @escaping (Result<EndpointCert, PairFailure>) -> Void) {
        self.completion = completion
        timer = loop.schedule(afterMs: PairAttempt.timeoutMs) { [weak self] in self?.end(.failure(.lost("no answer"))) }
        let opened: (Result<IrohConnection.Streams, IrohFailure>) -> Void = { [weak self] result in
            switch result {
            case .success(let streams): self?.speak(streams)
            case .failure(let failure): self?.end(.failure(.lost(failure.description)))
            }
        }
        switch side {
        case .initiator: connection.openBi(opened)
        case .responder:
            connection.limit(uniStreams: 0, biStreams: 1, window: Handshake.mostBytes)
            connection.acceptBi(opened)
        }
    }

    private func speak(_ streams: IrohConnection.Streams) {
        guard completion != nil else { return }
        send = streams.send
        let receiver = LaneReceiver(streams.receive, limit: Frame.mostBytesOfStrangers)
        self.receiver = receiver
        receiver.received = { [weak self] frame in self?.take(frame) ?? false }
        receiver.ended = { [weak self] end in
            // Who is refused sees the connection end after the tag did not fit: that is what a wrong code looks like.
            guard let self else { return }
            self.end(.failure(confirmation == nil ? .refused("it does not wait to be paired") : .wrongCode))
        }
        if side == .initiator {
            let session = SystemRandom.bytes(PairAttempt.sessionCount)
            let own = run(session)
            cpace = own
            write(.start, [1] + session + own.share)
        }
        receiver.start()
    }

    private func run(_ session: [UInt8]) -> CPace {
        let (mine, other) = (cert.endpoint.bytes, connection.remoteID.bytes)
        return CPace(
            side, code: code, channel: side == .initiator ? mine + other : other + mine, sessionID: session,
            associated: [], random: SystemRandom.bytes(64))
    }

    private func write(_ step: Step, _ body: [UInt8], then: @escaping () -> Void = {}) {
        send?.write(Frame(type: step.rawValue, body: body).encoded) { _ in then() }
    }

    private func take(_ frame: Frame) -> Bool {
        do throws(WireFailure) {
            var reader = WireReader(frame.body)
            switch (side, Step(rawValue: frame.type)) {
            case (.responder, .start): try answer(&reader)
            case (.initiator, .answer): try confirm(&reader)
            case (.responder, .confirm): try finish(&reader)
            case (.initiator, .done): accept(try certificate(&reader))
            default: throw WireFailure(what: "frame \(frame.type) out of turn", offset: 0)
            }
        } catch {
            end(.failure(.refused(error.description)))
        }
        return completion != nil
    }

    private func answer(_ reader: inout WireReader) throws(WireFailure) {
        guard cpace == nil, try reader.byte("version") == 1 else { throw reader.failure("another version of pairing") }
        let own = run(Array(try reader.raw(PairAttempt.sessionCount, "session")))
        guard let keys = own.confirm(share: Array(try reader.raw(CPace.shareCount, "share")), associated: []) else {
            throw reader.failure("a share that is no point")
        }
        cpace = own
        confirmation = keys
        write(.answer, own.share + keys.tag)
    }

    private func confirm(_ reader: inout WireReader) throws(WireFailure) {
        guard let cpace, confirmation == nil,
            let keys = cpace.confirm(share: Array(try reader.raw(CPace.shareCount, "share")), associated: [])
        else { throw reader.failure("a share that is no point") }
        confirmation = keys
        guard keys.accepts(Array(try reader.raw(CPace.tagCount, "tag"))) else {
            return end(.failure(.wrongCode))
        }
        write(.confirm, keys.tag + cert.bytes)
    }

    private func finish(_ reader: inout WireReader) throws(WireFailure) {
        guard let confirmation, confirmation.accepts(Array(try reader.raw(CPace.tagCount, "tag"))) else {
            return end(.failure(.wrongCode))
        }
        let theirs = try certificate(&reader)
        write(.done, cert.bytes) { [weak self] in self?.send?.finish { _ in self?.accept(theirs) } }
    }

    private func certificate(_ reader: inout WireReader) throws(WireFailure) -> EndpointCert {
        let bytes = Array(try reader.raw(EndpointCert.count, "certificate"))
        guard let cert = try? EndpointCert(verifying: bytes), cert.endpoint == connection.remoteID else {
            throw reader.failure("a certificate that does not fit the connection")
        }
        return cert
    }

    private func accept(_ cert: EndpointCert) { end(.success(cert)) }

    private func end(_ result: Result<EndpointCert, PairFailure>) {
        guard let completion else { return }
        self.completion = nil
        if let timer { loop.cancel(timer) }
        receiver?.stop()
        completion(result)
        // Whoever got the last frame closes; the other waits for that, for the frame to arrive.
        if case .success = result, side == .responder {
            loop.schedule(afterMs: 2_000) { self.connection.close(code: Goodbye.leaving.rawValue, reason: "paired") }
        } else {
            connection.close(code: Goodbye.leaving.rawValue, reason: "pairing is over")
        }
    }
}
