import Hashing
import Identity
import System

/// The exchange of hellos on a new connection, within a time and a number of bytes. Ends once.
final class Handshake {
    static let timeoutMs: Int64 = 3_000
    /// Strangers may send that much before they are known; above it they are cut off without waiting for a hello.
    static let mostBytes: UInt64 = 64 << 10
    static let checkEveryMs: Int64 = 50

    struct Outcome {
        var hello: Hello
        var send: IrohSendStream
        var receive: LaneReceiver
    }

    struct Failure: Error, CustomStringConvertible {
        var goodbye: Goodbye
        var description: String
    }

    private let loop: Loop
    private let connection: IrohConnection
    private let isDialled: Bool
    private let own: () -> Hello
    /// Asked by the side that was dialled, before it says anything of itself.
    private let admits: (Hello) -> Failure?
    private var completion: ((Result<Outcome, Failure>) -> Void)?
    private var timers: [TimerToken] = []
    private var receiver: LaneReceiver?

    init(
        _ loop: Loop, _ connection: IrohConnection, isDialled: Bool, own: @escaping () -> Hello,
        admits: @escaping (Hello) -> Failure?, _ completion: @escaping (Result<Outcome, Failure>) -> Void
    ) {
        self.loop = loop
        self.connection = connection
        self.isDialled = isDialled
        self.own = own
        self.admits = admits
        self.completion = completion
    }

    func start() {
        timers = [
            loop.schedule(afterMs: Handshake.timeoutMs) {
                self.end(.failure(Failure(goodbye: .malformed, description: "no hello in time")))
            },
            loop.repeating(everyMs: Handshake.checkEveryMs) {
                let received = self.connection.paths.reduce(0) { $0 + $1.receivedBytes }
                guard received > Handshake.mostBytes else { return }
                self.end(.failure(Failure(goodbye: .malformed, description: "\(received) bytes before a hello")))
            },
        ]
        let opened: (Result<IrohConnection.Streams, IrohFailure>) -> Void = { result in
            switch result {
            case .success(let streams): self.speak(streams)
            case .failure(let failure):
                self.end(.failure(Failure(goodbye: .malformed, description: failure.description)))
            }
        }
        if isDialled { connection.openBi(opened) } else { connection.acceptBi(opened) }
    }

    private func speak(_ streams: IrohConnection.Streams) {
        guard completion != nil else { return }
        if isDialled { streams.send.write(Frame(.hello, own().body).encoded) { _ in } }
        let receiver = LaneReceiver(streams.receive, limit: Frame.mostBytesOfStrangers)
        self.receiver = receiver
        receiver.ended = { end in
            let what =
                switch end {
                case .finished: "ended without a hello"
                case .malformed(let failure): failure.description
                case .lost(let failure):
                    self.connection.closeReason.map { Goodbye.said(in: $0)?.1 ?? $0 } ?? failure.description
                }
            self.end(.failure(Failure(goodbye: .malformed, description: what)))
        }
        receiver.received = { frame in
            receiver.pause()
            self.read(frame, streams.send, receiver)
            return true
        }
        receiver.start()
    }

    private func read(_ frame: Frame, _ send: IrohSendStream, _ receiver: LaneReceiver) {
        guard frame.type == Frame.Kind.hello.rawValue else {
            return end(.failure(Failure(goodbye: .malformed, description: "frame \(frame.type) instead of a hello")))
        }
        let hello: Hello
        do throws(Hello.Failure) {
            hello = try Hello(reading: frame.body)
        } catch {
            var why = Goodbye.malformed
            if case .version = error { why = .version }
            return end(.failure(Failure(goodbye: why, description: error.description)))
        }
        guard hello.cert.endpoint == connection.remoteID else {
            return end(.failure(Failure(goodbye: .notTrusted, description: "a certificate of another endpoint")))
        }
        if let failure = admits(hello) { return end(.failure(failure)) }
        if !isDialled { send.write(Frame(.hello, own().body).encoded) { _ in } }
        end(.success(Outcome(hello: hello, send: send, receive: receiver)))
    }

    /// Gives up; `completion` is not called any more.
    func cancel() {
        completion = nil
        for timer in timers { loop.cancel(timer) }
        receiver?.stop()
    }

    private func end(_ result: Result<Outcome, Failure>) {
        guard let completion else { return }
        self.completion = nil
        for timer in timers { loop.cancel(timer) }
        if case .failure = result { receiver?.stop() }
        completion(result)
    }
}
