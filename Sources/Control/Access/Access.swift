import Hashing
import Notation

/// Who may come in: links that work once, the sessions they become, and tokens for programs. A value: times and secrets are
/// handed in, and the service thread owns the only one.
struct Access: Sendable {
    static let linkLifetime: BootTime = 600 * seconds
    static let idleLifetime: BootTime = 12 * 3600 * seconds
    /// When full, the oldest link, the longest idle session goes; a token too many is refused.
    static let mostLinks = 16
    static let mostSessions = 64
    static let mostTokens = 256
    static let seconds: BootTime = 1_000_000_000
    typealias BootTime = Int64

    struct Link: Sendable {
        var scope: Scope
        var until: BootTime
    }

    struct Session: Sendable {
        var id: String
        var scope: Scope
        var made: BootTime
        var seen: BootTime
        /// Address and browser, for the list in which a person recognises their own.
        var from: String
        var agent: String
    }

    /// Kept over restarts, so its times are Unix seconds.
    struct Token: Sendable, Hashable {
        var id: String
        var name: String
        var scope: Scope
        var hash: Bytes32
        var made: Int64
        var until: Int64?
    }

    private(set) var links: [Bytes32: Link] = [:]
    private(set) var sessions: [Bytes32: Session] = [:]
    private(set) var tokens: [Bytes32: Token] = [:]

    mutating func restore(_ token: Token) { if tokens.count < Access.mostTokens { tokens[token.hash] = token } }
    mutating func restore(_ session: Session, hash: Bytes32) {
        if sessions.count < Access.mostSessions { sessions[hash] = session }
    }

    // Links and sessions

    mutating func addLink(_ secret: Secret, scope: Scope, now: BootTime) {
        links = links.filter { $0.value.until > now }
        if links.count >= Access.mostLinks, let oldest = links.min(by: { $0.value.until < $1.value.until }) {
            links[oldest.key] = nil
        }
        links[secret.hash] = Link(scope: scope, until: now + Access.linkLifetime)
    }

    /// Makes a session of a link, which is spent by it.
    mutating func redeem(
        _ link: String, as secret: Secret, id: String, from: String, agent: String, now: BootTime
    ) throws(Problem) -> Session {
        guard let found = links.removeValue(forKey: Secret.hash(link)), found.until > now else {
            throw Problem(
                401, "link_spent",
                "this link was used already or is older than 10 minutes: 'bothy page' prints a new one")
        }
        forgetIdle(now: now)
        if sessions.count >= Access.mostSessions, let idlest = sessions.min(by: { $0.value.seen < $1.value.seen }) {
            sessions[idlest.key] = nil
        }
        let session = Session(
            id: id, scope: found.scope, made: now, seen: now, from: from, agent: String(agent.prefix(200)))
        sessions[secret.hash] = session
        return session
    }

    mutating func forgetIdle(now: BootTime) {
        sessions = sessions.filter { now - $0.value.seen < Access.idleLifetime }
    }

    // Tokens

    mutating func addToken(_ token: Token) throws(Problem) {
        guard tokens.count < Access.mostTokens else {
            throw Problem(409, "too_many", "there are \(Access.mostTokens) tokens already; revoke one first")
        }
        tokens[token.hash] = token
    }

    /// Ends a session or token. False where there is none of that id.
    mutating func revoke(_ id: String) -> Bool {
        let before = sessions.count + tokens.count
        sessions = sessions.filter { $0.value.id != id }
        tokens = tokens.filter { $0.value.id != id }
        return sessions.count + tokens.count < before
    }

    // Who is it?

    mutating func session(cookie: String, now: BootTime) -> Principal? {
        let hash = Secret.hash(cookie)
        guard let session = sessions[hash], now - session.seen < Access.idleLifetime else { return nil }
        sessions[hash]?.seen = now
        return Principal(kind: .session, id: session.id, scope: session.scope)
    }

    /// `unixTime` in seconds. A clock that is behind the token's making is not believed, so the token is not either.
    func token(_ text: String, unixTime: Int64) -> Principal? {
        guard let token = tokens[Secret.hash(text)] else { return nil }
        if let until = token.until, unixTime >= until || unixTime < token.made - 300 { return nil }
        return Principal(kind: .token, id: token.id, scope: token.scope)
    }

    /// Whether what gave `principal` access still does: live streams ask now and then.
    func stillHolds(_ principal: Principal, now: BootTime, unixTime: Int64) -> Bool {
        switch principal.kind {
        case .local: true
        case .session:
            sessions.values.contains { $0.id == principal.id && now - $0.seen < Access.idleLifetime }
        case .token:
            tokens.values.contains { $0.id == principal.id && ($0.until.map { unixTime < $0 } ?? true) }
        }
    }
}
