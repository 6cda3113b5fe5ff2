import System

/// The control plane: the page, REST and live streams, on a thread of its own.
public final class Server: Sendable {
    private let mailbox: Service.Mailbox
    private let ended: Semaphore
    /// The port TCP is on; 0 where there is none.
    public let port: Int

    /// Listens, and serves from now on.
    public init(_ configuration: ControlConfiguration, backend: any Backend) throws(ControlFailure) {
        let (mailbox, ended) = (Service.Mailbox(), Semaphore())
        let service = try Service(
            configuration: configuration, backend: backend, mailbox: mailbox, table: RouteTable(Routes.served))
        self.mailbox = mailbox
        self.ended = ended
        port = service.port
        let handover = Handover(service: service)
        Thread.start(name: "control") {
            handover.service.run()
            ended.signal()
        }
    }

    /// Closes everything; returns when the thread is done.
    public func stop() {
        mailbox.stop()
        ended.wait()
    }
}

/// Carries the service to its thread.
private struct Handover: @unchecked Sendable {  // because the maker does not touch it after handing it over
    let service: Service
}
