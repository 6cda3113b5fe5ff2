import Gateway
import System

/// The control plane as a supervised part of the daemon.
public final class ControlComponent: Component {
    public let name = "control"
    private let backend: GatewayBackend
    private let configuration: ControlConfiguration
    private var server: Server?

    public init(
        gateway: Gateway, socketPath: String, reload: @escaping (Options) throws -> Configuration
    ) throws {
        backend = GatewayBackend(gateway, readConfiguration: reload)
        var configuration = ControlConfiguration(
            socket: socketPath, tcp: try ControlComponent.listener(gateway))
        configuration.group = "bothy"
        configuration.hosts = gateway.configuration.hosts
        configuration.version = gateway.options.version
        self.configuration = configuration
    }

    public func start(failed: @escaping (Failure) -> Void) throws {
        server = try Server(configuration, backend: backend)
    }

    public func stop(done: @escaping () -> Void) {
        // The service thread may be waiting for an answer of this loop, so it is not waited for here.
        guard let server else { return done() }
        self.server = nil
        let box = LoopBound(done, backend.loop)
        Thread.start(name: "control-stop") {
            server.stop()
            box.post { $0() }
        }
    }

    private static func listener(_ gateway: Gateway) throws -> ControlConfiguration.Listener? {
        let configuration = gateway.configuration
        guard configuration.listen != "off" else { return nil }
        guard let colon = configuration.listen.lastIndex(of: ":"),
            let port = Int(configuration.listen[configuration.listen.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw Failure(.giveUp, "control.listen: an address and a port such as 127.0.0.1:8087 was expected")
        }
        let address = String(configuration.listen[..<colon]).filter { $0 != "[" && $0 != "]" }
        let isLocal = address == "127.0.0.1" || address == "::1" || address == "localhost"
        var listener = ControlConfiguration.Listener(address: address, port: port)
        if isLocal || configuration.isInsecure { return listener }
        // Beyond this machine only with TLS, under a certificate of our own.
        let names = (configuration.hosts + [address, "localhost"]).map { name in
            name.contains(":") && !name.contains("::") ? String(name.prefix { $0 != ":" }) : name
        }
        let own = try OwnCertificate(
            in: gateway.options.stateFolder, names: names.filter { $0 != "0.0.0.0" && $0 != "::" })
        (listener.certificate, listener.key) = (own.certificate, own.key)
        listener.fingerprint = OwnCertificate.text(own.fingerprint)
        return listener
    }
}
