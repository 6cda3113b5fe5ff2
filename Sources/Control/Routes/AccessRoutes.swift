import Notation
import System

extension Routes {
    private static let scopes = Shape.words(Scope.allCases.map(\.name))

    static let access: [Route] = [
        Route(
            method: .post, path: "/v1/access/links", scope: .admin,
            summary: "Make a link that signs a browser in, once.",
            notes: "The secret is in the fragment, which browsers do not send. It is good for ten minutes and one use.",
            body: .object([.init("scope", .optional(scopes), "what its session may do; admin if not given")]),
            response: .object([
                .init("url", .string), .init("secret", .string), .init("scope", scopes),
                .init("seconds", .integer, "for how long it is good"), .init("port", .integer),
                .init("fingerprint", .optional(.string), "SHA-256 of the certificate, where there is TLS"),
            ]), status: 201,
            example: [
                "url": "http://127.0.0.1:8087/#link=3f…", "secret": "3f…", "scope": "admin", "seconds": 600,
                "port": 8087,
            ],
            handler: .here { (request, service) throws(Problem) in try service.makeLink(request) }),
        Route(
            method: .post, path: "/v1/session", scope: nil, summary: "Trade a link's secret for a session.",
            notes:
                "Sets the session's cookie: HttpOnly, SameSite=Strict, good while it is used at least every 12 hours.",
            body: .object([.init("link", .string, "the secret of the link")]), response: session, status: 201,
            example: ["id": "s-4f21", "scope": "admin"], problems: [401, 429],
            handler: .here { (request, service) throws(Problem) in try service.redeemLink(request) }),
        Route(
            method: .get, path: "/v1/session", scope: .view, summary: "Who asks, and what they may do.",
            response: session, example: ["id": "s-4f21", "scope": "admin"],
            handler: .here { (request, service) throws(Problem) in try service.whoAsks(request) }),
        Route(
            method: .delete, path: "/v1/session", scope: .view, summary: "Sign out.", response: .nothing, status: 204,
            problems: [409],
            handler: .here { (request, service) throws(Problem) in try service.signOut(request) }),
        Route(
            method: .get, path: "/v1/access", scope: .admin, summary: "Who has access: sessions and tokens.",
            response: .object([.init("sessions", .list(sessionRow)), .init("tokens", .list(tokenRow))]),
            example: ["sessions": [], "tokens": []],
            handler: .here { (_, service) throws(Problem) in service.listAccess() }),
        Route(
            method: .post, path: "/v1/access/tokens", scope: .admin, summary: "Make a token for a program or a guest.",
            notes: "The token itself is in this answer and nowhere else: what is kept is its hash.",
            body: .object([
                .init("name", .string, "what it is for"), .init("scope", .optional(scopes), "view if not given"),
                .init("seconds", .optional(.integer), "for how long; for ever if not given"),
            ]),
            response: .object([
                .init("id", .string), .init("token", .string), .init("scope", scopes),
                .init("until", .optional(.integer), "Unix seconds"),
            ]), status: 201, example: ["id": "t-91ab", "token": "bothy_5d…", "scope": "view", "until": 1_790_000_000],
            problems: [409],
            handler: .here { (request, service) throws(Problem) in try service.makeToken(request) }),
        Route(
            method: .delete, path: "/v1/access/{id}", scope: .admin, summary: "End a session or a token.",
            parameters: [.init(name: "id", place: .path, summary: "the id that the list shows")], response: .nothing,
            status: 204, problems: [404],
            handler: .here { (request, service) throws(Problem) in try service.revoke(request) }),
    ]

    private static let session = Shape.object([.init("id", .string), .init("scope", scopes)])
    private static let sessionRow = Shape.object([
        .init("id", .string), .init("scope", scopes), .init("from", .string), .init("agent", .string),
        .init("age_seconds", .integer), .init("idle_seconds", .integer), .init("own", .boolean),
    ])
    private static let tokenRow = Shape.object([
        .init("id", .string), .init("name", .string), .init("scope", scopes), .init("made", .integer, "Unix seconds"),
        .init("until", .optional(.integer), "Unix seconds"),
    ])
}
