import CWebSockets
import System

/// The server on its own thread: connections, exchanges, access, live streams. Everything here is touched on that thread;
/// `Mailbox` is the way in from elsewhere.
final class Service {
    /// Work for the service thread. Held apart from the service, so that other threads never hold the service itself.
    final class Mailbox: Sendable {
        private struct State {
            var web: OpaquePointer?
            var work: [@Sendable (Service) -> Void] = []
        }
        private let state = Locked(State())

        /// Work is dropped where there is no server any more.
        func post(_ work: @escaping @Sendable (Service) -> Void) {
            state.withLock { state in
                guard let web = state.web else { return }
                state.work.append(work)
                // Under the lock: the context must not be freed between looking and waking.
                if state.work.count == 1 { bothy_web_wake(web) }
            }
        }

        func stop() { state.withLock { if let web = $0.web { bothy_web_stop(web) } } }
        fileprivate func open(_ web: OpaquePointer) { state.withLock { $0.web = web } }
        fileprivate func close() {
            state.withLock {
                $0.web = nil
                $0.work = []
            }
        }

        fileprivate func take() -> [@Sendable (Service) -> Void] {
            state.withLock { state in
                let work = state.work
                state.work = []
                return work
            }
        }
    }

    static let tickNs: Int64 = 1_000_000_000
    static var now: Int64 { SystemClock.bootTime }

    let configuration: ControlConfiguration
    let backend: any Backend
    let mailbox: Mailbox
    /// Where long readings of the store are done: the gateway's loop must not wait for a disk.
    let reading: Loop
    let table: RouteTable
    var gate: Gate
    var access = Access()
    var strangers: RateLimiter
    var guests: RateLimiter
    var guesses: RateLimiter
    var counters = ServiceCounters()
    let live: LiveHub
    var recent = RecentAnswers()
    /// Requests that are with the gateway.
    var waiting = 0
    var pulse = Pulse()
    private(set) var exchanges: [UInt64: Exchange] = [:]
    private var lastID: UInt64 = 0
    private(set) var web: OpaquePointer!
    private(set) var port = 0
    private var nextSweep: Int64 = 0
    /// When sessions were last used is written down now and then, not each time.
    private var nextKeeping: Int64 = 0
    private static let keepingNs: Int64 = 900_000_000_000

    init(
        configuration: ControlConfiguration, backend: any Backend, mailbox: Mailbox, table: RouteTable
    ) throws(ControlFailure) {
        self.configuration = configuration
        self.backend = backend
        self.mailbox = mailbox
        do throws(SystemFailure) { reading = try Loop(name: "control-read") } catch {
            throw ControlFailure(subject: "control", reason: error.description)
        }
        self.table = table
        gate = Gate(hosts: [], scheme: configuration.tcp?.certificate == nil ? "http" : "https")
        strangers = RateLimiter(burst: configuration.strangers.burst, perSecond: configuration.strangers.perSecond)
        guests = RateLimiter(burst: configuration.guests.burst, perSecond: configuration.guests.perSecond)
        guesses = RateLimiter(burst: configuration.guesses.burst, perSecond: configuration.guesses.perSecond)
        live = LiveHub(most: configuration.mostSubscribers)
        try listen()
    }

    private func listen() throws(ControlFailure) {
        var events = ServiceEvents.table(owner: Unmanaged.passUnretained(self).toOpaque())
        var limits = bothy_web_limits(
            head_bytes: Int32(configuration.headBytes), connections: Int32(configuration.mostConnections),
            connections_an_address: Int32(configuration.mostConnectionsAnAddress),
            head_seconds: Int32(configuration.headSeconds), idle_seconds: Int32(configuration.idleSeconds))
        guard let web = bothy_web_create(&events, &limits, configuration.tcp?.certificate == nil ? 0 : 1) else {
            throw ControlFailure(subject: "control", reason: "the web server cannot be made")
        }
        self.web = web
        var failure: ControlFailure?
        let status = bothy_web_listen_unix(web, configuration.socket, configuration.group)
        if status != 0 {
            failure = ControlFailure(
                subject: configuration.socket, reason: SystemFailure(code: status, call: "bind").reason)
        } else if let tcp = configuration.tcp {
            let result = bothy_web_listen_tcp(web, tcp.address, Int32(tcp.port), tcp.certificate, tcp.key)
            if result < 0 {
                failure = ControlFailure(
                    subject: "\(tcp.address):\(tcp.port)", reason: SystemFailure(code: -result, call: "bind").reason)
            } else {
                port = Int(result)
                gate.hosts = Service.hosts(tcp, port: port, more: configuration.hosts)
            }
        }
        if let failure {
            bothy_web_stop(web)
            bothy_web_serve(web)
            throw failure
        }
        mailbox.open(web)
    }

    private static func hosts(_ tcp: ControlConfiguration.Listener, port: Int, more: [String]) -> Set<String> {
        var hosts: Set<String> = []
        let own = tcp.address.contains(":") ? "[\(tcp.address)]" : tcp.address
        let usual = tcp.certificate == nil ? 80 : 443
        for name in [own, "localhost", "127.0.0.1"] + more {
            // A name with a port is one behind a forwarding, taken as it is written.
            let plain = name.lowercased()
            let hasPort = plain.hasPrefix("[") ? plain.contains("]:") : plain.contains(":")
            hosts.insert(hasPort ? plain : "\(plain):\(port)")
            if port == usual { hosts.insert(plain) }
        }
        return hosts
    }

    /// Serves until the mailbox says stop. The calling thread is the service's.
    func run() {
        nextSweep = Service.now
        reading.start()
        arm()
        attach()
        bothy_web_serve(web)
        mailbox.close()
        reading.stop()
        let backend = backend
        backend.loop.post { backend.tap(nil) }
    }

    /// Has the gateway tell what is new, and gets back what it kept for us.
    private func attach() {
        let (backend, mailbox) = (backend, mailbox)
        backend.loop.post {
            let (kept, boot) = (backend.keptAccess() ?? [], backend.boot)
            mailbox.post { KeptAccess.restore(kept, boot: boot, into: &$0.access) }
            backend.tap { news in mailbox.post { $0.live.take(news, service: $0) } }
        }
    }

    // Exchanges

    func add(_ connection: OpaquePointer, _ request: Request) -> Exchange {
        lastID += 1
        let exchange = Exchange(id: lastID, connection: connection, request: request)
        exchanges[lastID] = exchange
        return exchange
    }

    func over(_ exchange: Exchange, closed: Bool) {
        exchanges[exchange.id] = nil
        if let subscriber = exchange.subscriber { live.remove(subscriber, service: self) }
        exchange.over()
    }

    // Time

    func woken() { for work in mailbox.take() { work(self) } }

    func alarm() {
        let now = Service.now
        live.flush(now: now, service: self)
        if now >= nextSweep {
            nextSweep = now + Service.tickNs
            sweep(now: now)
        }
        arm()
    }

    /// Sets the alarm for what is due next.
    func arm() {
        let next = min(nextSweep, live.nextFlush)
        bothy_web_alarm_in(web, max(1000, next - Service.now) / 1000)
    }

    /// Asks the gateway's loop how it is, unless it still owes the last answer.
    private func takePulse() {
        guard !pulse.asking else { return }
        pulse.asking = true
        let (backend, mailbox) = (backend, mailbox)
        backend.loop.post {
            let health = backend.health()
            mailbox.post { $0.pulse.answered(health, now: Service.now) }
        }
    }

    private func sweep(now: Int64) {
        for exchange in exchanges.values where exchange.deadline != 0 && now > exchange.deadline {
            counters.timedOut += 1
            exchange.kill()
        }
        access.forgetIdle(now: now)
        if now >= nextKeeping {
            if nextKeeping != 0, !access.sessions.isEmpty { keepAccess() }
            nextKeeping = now + Service.keepingNs
        }
        takePulse()
        live.sweep(now: now, service: self)
    }
}

/// What the server counts of itself, for /metrics.
struct ServiceCounters {
    var requests: UInt64 = 0
    var answers: [Int: UInt64] = [:]
    var timedOut: UInt64 = 0
    var refusedWaiting: UInt64 = 0
}
