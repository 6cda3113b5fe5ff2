import CWebSockets
import System

// A request's way: head → who asks, and may they → body → handler → answer.
extension Service {
    func begin(_ connection: OpaquePointer) -> Exchange? {
        counters.requests += 1
        bothy_web_no_timeout(connection)
        switch RequestReader.read(connection) {
        case .failure(let problem):
            let exchange = add(connection, Request(method: .get, path: "", peer: .remote(address: "")))
            exchange.inCallback { answer(exchange, Response(problem), stays: false) }
            return exchange
        case .success(let request):
            let exchange = add(connection, request)
            exchange.deadline = Service.now + Int64(configuration.bodySeconds) * 1_000_000_000
            exchange.inCallback { admit(exchange) }
            return exchange
        }
    }

    private func admit(_ exchange: Exchange) {
        do throws(Problem) {
            guard exchange.request.contentLength <= configuration.bodyBytes else { throw Problem.tooLarge }
            try authorise(&exchange.request, exchange)
            if exchange.request.contentLength == 0 { dispatchNow(exchange) }
        } catch {
            // Where a body is still to come, the connection ends: reading it only to forget it would be work for a stranger.
            answer(exchange, Response(error), stays: exchange.request.contentLength == 0)
        }
    }

    /// Finds the route and lets pass who may use it.
    func authorise(_ request: inout Request, _ exchange: Exchange?) throws(Problem) {
        try gate.checkHost(request)
        let principal = try principal(of: request)
        try limit(request, principal)
        let (route, arguments) = try table.find(request.method, request.path)
        exchange?.route = route
        request.arguments = arguments
        request.principal = principal
        if request.isWrite { try gate.checkWrite(request) }
        if case .live = route.handler { try gate.checkOrigin(request) }
        guard let needed = route.scope else { return }
        guard let principal else { throw Problem.noSession }
        guard principal.scope >= needed else {
            throw Problem(403, "scope", "this needs the scope '\(needed.name)', and yours is '\(principal.scope.name)'")
        }
    }

    private func principal(of request: Request) throws(Problem) -> Principal? {
        switch request.peer {
        case .local(let process, let user):
            return Principal(kind: .local(process: process, user: user), id: "uid:\(user)", scope: .admin)
        case .remote(let address):
            if let header = request.authorization {
                let unixTime = SystemClock.unixTime / 1_000_000_000
                if header.hasPrefix("Bearer "),
                    let found = access.token(String(header.dropFirst(7)), unixTime: unixTime)
                {
                    return found
                }
                try guessed(address)
                throw Problem(401, "bad_token", "this token is unknown, revoked or has expired")
            }
            guard let header = request.cookie, let secret = gate.cookie(in: header) else { return nil }
            if let found = access.session(cookie: secret, now: Service.now) { return found }
            // An old cookie is no attack: the page has to be able to say that its session is over.
            return nil
        }
    }

    /// Counts a wrong secret; too many, and the address is not listened to for a while.
    func guessed(_ address: String) throws(Problem) {
        guard guesses.allows(address, now: Service.now) else {
            throw Problem(429, "too_many_guesses", "too many wrong secrets from your address; wait a little")
        }
    }

    private func limit(_ request: Request, _ principal: Principal?) throws(Problem) {
        guard case .remote(let address) = request.peer else { return }
        // Who may do everything needs no limit: they could lift it.
        if let principal, principal.scope == .admin { return }
        let allowed =
            if let principal { guests.allows(principal.id, now: Service.now) } else {
                strangers.allows(address, now: Service.now)
            }
        guard allowed else {
            throw Problem(429, "too_many_requests", "too many requests; ask less often")
        }
    }

    func receive(_ exchange: Exchange, _ bytes: UnsafeBufferPointer<UInt8>) {
        guard !exchange.isAnswered else { return }
        exchange.request.body.append(contentsOf: bytes)
        if exchange.request.body.count > configuration.bodyBytes {
            exchange.inCallback { answer(exchange, Response(Problem.tooLarge), stays: false) }
        }
    }

    func dispatch(_ exchange: Exchange) {
        guard !exchange.isAnswered, exchange.route != nil else { return }
        exchange.inCallback { dispatchNow(exchange) }
    }

    private func dispatchNow(_ exchange: Exchange) {
        guard let route = exchange.route else { return }
        switch route.handler {
        case .here(let handler):
            do throws(Problem) { answer(exchange, try handler(exchange.request, self)) } catch {
                answer(exchange, Response(error))
            }
        case .gateway(let handler):
            if route.freshMs > 0, exchange.request.query.isEmpty {
                return answerRecent(exchange, route, handler)
            }
            ask(exchange, handler)
        case .gatewayThenHere(let first, let then): ask(exchange, first, then)
        case .later(let handler): ask(exchange, later: handler)
        case .pieces(let handler): stream(exchange, handler)
        case .live: subscribe(exchange)
        }
    }

    /// Has the handler run on the gateway's loop and the answer brought back.
    private func ask(
        _ exchange: Exchange, _ handler: @escaping @Sendable (Request, any Backend) throws(Problem) -> Response
    ) {
        let (id, request, backend, mailbox) = (exchange.id, exchange.request, backend, mailbox)
        guard mayWait(exchange) else { return }
        let posted = backend.loop.post {
            let response = Service.result(request, backend, handler)
            mailbox.post { service in
                service.waiting -= 1
                if let exchange = service.exchanges[id] { service.answer(exchange, response) }
            }
        }
        if !posted { unposted(exchange) }
    }

    private func ask(
        _ exchange: Exchange,
        later handler: @escaping @Sendable (Request, any Backend, @escaping Route.Answer) throws(Problem) -> Void
    ) {
        let (id, request, backend, mailbox) = (exchange.id, exchange.request, backend, mailbox)
        guard mayWait(exchange) else { return }
        let posted = backend.loop.post {
            let answer: Route.Answer = { result in
                let response: Response
                switch result {
                case .success(let good): response = good
                case .failure(let problem): response = Response(problem)
                }
                mailbox.post { service in
                    service.waiting -= 1
                    if let exchange = service.exchanges[id] { service.answer(exchange, response) }
                }
            }
            do throws(Problem) { try handler(request, backend, answer) } catch { answer(.failure(error)) }
        }
        if !posted { unposted(exchange) }
    }

    private func ask(
        _ exchange: Exchange, _ first: @escaping @Sendable (Request, any Backend) throws(Problem) -> [Metric],
        _ then: @escaping @Sendable ([Metric], Service) -> Response
    ) {
        let (id, request, backend, mailbox) = (exchange.id, exchange.request, backend, mailbox)
        guard mayWait(exchange) else { return }
        let posted = backend.loop.post {
            let result: Result<[Metric], Problem>
            do throws(Problem) { result = .success(try first(request, backend)) } catch { result = .failure(error) }
            mailbox.post { service in
                service.waiting -= 1
                guard let exchange = service.exchanges[id] else { return }
                switch result {
                case .success(let metrics): service.answer(exchange, then(metrics, service))
                case .failure(let problem): service.answer(exchange, Response(problem))
                }
            }
        }
        if !posted { unposted(exchange) }
    }

    func mayWait(_ exchange: Exchange) -> Bool {
        guard waiting < configuration.mostWaiting else {
            counters.refusedWaiting += 1
            answer(exchange, Response(Problem(503, "busy", "too many requests wait for the gateway; try again")))
            return false
        }
        waiting += 1
        return true
    }

    func unposted(_ exchange: Exchange) {
        waiting -= 1
        answer(exchange, Response(Problem.unavailable))
    }

    static func result(
        _ request: Request, _ backend: any Backend,
        _ handler: (Request, any Backend) throws(Problem) -> Response
    ) -> Response {
        do throws(Problem) { return try handler(request, backend) } catch { return Response(error) }
    }

    func writable(_ exchange: Exchange) {
        if let subscriber = exchange.subscriber { return subscriber.writable() }
        exchange.inCallback {}
    }

    /// Puts the last hand to an answer: tag, compression; and sends it.
    func answer(_ exchange: Exchange, _ response: Response, stays: Bool = true) {
        counters.answers[response.status, default: 0] += 1
        exchange.deadline = Service.now + Exchange.patience
        exchange.answer(Finishing.finish(response, for: exchange.request, route: exchange.route), stays: stays)
    }
}
