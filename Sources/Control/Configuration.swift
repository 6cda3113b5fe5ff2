/// How the server is reached and what it bears. The numbers are limits that hold whatever clients do.
public struct ControlConfiguration: Sendable {
    public struct Listener: Sendable {
        public var address: String
        public var port: Int
        /// PEM files; without them there is no TLS.
        public var certificate: String?
        public var key: String?
        /// Of the certificate, as a browser shows it.
        public var fingerprint: String?

        public init(address: String, port: Int, certificate: String? = nil, key: String? = nil) {
            self.address = address
            self.port = port
            self.certificate = certificate
            self.key = key
        }
    }

    public var socket: String
    /// The group whose members may use the Unix socket.
    public var group: String?
    public var tcp: Listener?
    /// Names besides the address itself and `localhost` under which the page is reached.
    public var hosts: [String] = []
    public var version = "0"

    public var mostConnections = 256
    public var mostConnectionsAnAddress = 96
    public var mostSubscribers = 64
    public var mostWaiting = 64
    public var headBytes = 6144
    public var bodyBytes = 256 * 1024
    public var headSeconds = 10
    public var bodySeconds = 20
    public var idleSeconds = 30
    /// Of one address without a session, and of one with: so many at once, so many a second.
    public var strangers = (burst: 120.0, perSecond: 20.0)
    public var guests = (burst: 2000.0, perSecond: 500.0)
    /// Wrong secrets of one address.
    public var guesses = (burst: 10.0, perSecond: 0.2)

    public init(socket: String, tcp: Listener? = nil) {
        self.socket = socket
        self.tcp = tcp
    }
}

/// Why the server does not run.
public struct ControlFailure: Error, Sendable, CustomStringConvertible {
    /// The address or path it was about.
    public var subject: String
    public var reason: String
    public var description: String { "\(subject): \(reason)" }
}
