import Notation
import System

// What the access routes do, on the service thread, where all of `Access` lives.
extension Service {
    func makeLink(_ request: Request) throws(Problem) -> Response {
        let scope = try RequestBody(request, fields: ["scope"]).scope("scope", default: .admin)
        guard let tcp = configuration.tcp else {
            throw Problem(409, "no_page", "control.listen is off, so there is no page to open")
        }
        let secret = Secret()
        access.addLink(secret, scope: scope, now: Service.now)
        audit(request, "made a link with scope \(scope.name)")
        let shown = tcp.address == "0.0.0.0" || tcp.address == "::" ? "localhost" : tcp.address
        let address = shown.contains(":") ? "[\(shown)]" : shown
        return Response(
            json: [
                "url": JSON("\(gate.scheme)://\(address):\(port)/#link=\(secret.text)"), "secret": JSON(secret.text),
                "scope": JSON(scope.name), "seconds": JSON(Access.linkLifetime / Access.seconds), "port": JSON(port),
                "fingerprint": JSON(tcp.fingerprint),
            ], status: 201)
    }

    func redeemLink(_ request: Request) throws(Problem) -> Response {
        let link = try RequestBody(request, fields: ["link"]).string("link", 1...64)
        let secret = Secret(random: SystemRandom.bytes(32))
        let id = "s-" + Hex.encode(SystemRandom.bytes(4))
        var from = ""
        if case .remote(let address) = request.peer { from = address }
        let session: Access.Session
        do throws(Problem) {
            session = try access.redeem(
                link, as: secret, id: id, from: from, agent: request.userAgent ?? "", now: Service.now)
        } catch {
            try guessed(from)
            throw error
        }
        audit(request, "opened session \(id) with scope \(session.scope.name)")
        keepAccess()
        var response = Response(json: ["id": JSON(id), "scope": JSON(session.scope.name)], status: 201)
        response.headers.append(("Set-Cookie", gate.setCookie(secret.text)))
        return response
    }

    func whoAsks(_ request: Request) throws(Problem) -> Response {
        guard let principal = request.principal else { throw Problem.noSession }
        return Response(json: ["id": JSON(principal.id), "scope": JSON(principal.scope.name)])
    }

    func signOut(_ request: Request) throws(Problem) -> Response {
        guard let principal = request.principal, principal.kind == .session, access.revoke(principal.id) else {
            throw Problem(409, "no_session", "there is no session to end: you came with a token or over the socket")
        }
        audit(request, "signed out")
        keepAccess()
        live.endAll(of: principal.id)
        var response = Response.done
        response.headers.append(("Set-Cookie", gate.clearCookie))
        return response
    }

    func listAccess() -> Response {
        let now = Service.now
        let sessions = access.sessions.values.sorted { $0.made < $1.made }.map { session -> JSON in
            [
                "id": JSON(session.id), "scope": JSON(session.scope.name), "from": JSON(session.from),
                "agent": JSON(session.agent), "age_seconds": JSON((now - session.made) / Access.seconds),
                "idle_seconds": JSON((now - session.seen) / Access.seconds),
            ]
        }
        let tokens = access.tokens.values.sorted { $0.made < $1.made }.map { token -> JSON in
            [
                "id": JSON(token.id), "name": JSON(token.name), "scope": JSON(token.scope.name),
                "made": JSON(token.made), "until": token.until.map { JSON($0) } ?? .null,
            ]
        }
        return Response(json: ["sessions": .array(sessions), "tokens": .array(tokens)])
    }

    func makeToken(_ request: Request) throws(Problem) -> Response {
        let body = try RequestBody(request, fields: ["name", "scope", "seconds"])
        let name = try body.string("name", 1...100)
        let scope = try body.scope("scope", default: .view)
        let seconds = try body.optionalInteger("seconds", 1...(10 * 366 * 86_400))
        let made = SystemClock.unixTime / Access.seconds
        let secret = Secret(text: "bothy_" + Hex.encode(SystemRandom.bytes(24)))
        let token = Access.Token(
            id: "t-" + Hex.encode(SystemRandom.bytes(4)), name: name, scope: scope, hash: secret.hash, made: made,
            until: seconds.map { made + $0 })
        try access.addToken(token)
        audit(request, "made token \(token.id) with scope \(scope.name)")
        keepAccess()
        return Response(
            json: [
                "id": JSON(token.id), "token": JSON(secret.text), "scope": JSON(scope.name),
                "until": token.until.map { JSON($0) } ?? .null,
            ], status: 201)
    }

    func revoke(_ request: Request) throws(Problem) -> Response {
        let id = request.argument("id")
        guard access.revoke(id) else { throw Problem.notFound("session or token '\(id)'", field: "id") }
        audit(request, "revoked \(id)")
        live.endAll(of: id)
        keepAccess()
        return .done
    }

    /// Has what gives access survive a restart.
    func keepAccess() {
        let (backend, access) = (backend, access)
        backend.loop.post { backend.keep(access: KeptAccess.encode(access, boot: backend.boot)) }
    }

    /// Who changed what goes to the journal.
    func audit(_ request: Request, _ what: String) {
        Log.notice("control", "\(request.principal?.name ?? "somebody") \(what)")
    }
}
