import Gateway
import Hashing
import Identity
import Notation

extension Routes {
    static let peers: [Route] = [
        Route(
            method: .get, path: "/v1/peers", scope: .view,
            summary: "Other gateways: who is trusted, how they are reached.",
            response: .any,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: try network(backend).peersStatus()) }),
        Route(
            method: .post, path: "/v1/peers", scope: .admin, summary: "Trust a gateway by its id.",
            notes: "From then on it gets what is recorded here, and what it recorded is taken.",
            body: .object([
                .init("id", .string, "52 characters, as its `bothy identity show` prints"),
                .init("name", .optional(.string)), .init("hub", .optional(.boolean)),
                .init("endpoint", .optional(.string), "its endpoint's id, where it is known"),
                .init("addresses", .optional(.list(.string)), "where it may be reached"),
            ]), response: .any, status: 201, problems: [409],
            handler: .gateway { (request, backend) throws(Problem) in try trust(request, try network(backend)) }),
        Route(
            method: .delete, path: "/v1/peers/{peer}", scope: .admin, summary: "Trust a gateway no longer.",
            parameters: [peer], response: .nothing, status: 204, problems: [404],
            handler: .gateway { (request, backend) throws(Problem) in
                let network = try network(backend)
                guard network.untrust(try found(request.argument("peer"), network)) else { throw noPeer(request) }
                return .done
            }),
        Route(
            method: .post, path: "/v1/peers/{peer}/ping", scope: .operate, summary: "Measure the way to a peer.",
            parameters: [peer], response: .object([.init("rtt_ms", .number)]), problems: [404, 409],
            handler: .later { (request, backend, answer) throws(Problem) in
                let network = try network(backend)
                network.ping(try found(request.argument("peer"), network)) { result in
                    switch result {
                    case .success(let microseconds):
                        answer(.success(Response(json: ["rtt_ms": JSON(Double(microseconds) / 1000)])))
                    case .failure(let why): answer(.failure(Problem(409, "not_connected", "\(why)")))
                    }
                }
            }),
        Route(
            method: .post, path: "/v1/pairing", scope: .admin, summary: "Pair with another box by a short code.",
            notes:
                "Without a code this box shows one and waits two minutes; with one it pairs with the box that shows it.",
            body: .object([
                .init("code", .optional(.string), "the eight digits that the other box shows"),
                .init("endpoint", .optional(.string), "which box, where several wait"),
                .init("addresses", .optional(.list(.string)), "where it is, beyond the local network"),
            ]),
            response: .object([
                .init("code", .optional(.string)), .init("seconds", .optional(.integer)),
                .init("peer", .optional(.string), "whom it is paired with"), .init("short", .optional(.string)),
            ]), status: 201, problems: [409],
            handler: .later { (request, backend, answer) throws(Problem) in
                try pair(request, try network(backend), answer)
            }),
    ]

    private static let peer = Parameter(name: "peer", place: .path, summary: "its id, its short form, or its name")

    private static func network(_ backend: any Backend) throws(Problem) -> Network {
        guard let network = backend.network else { throw Problem.unavailable }
        return network
    }

    private static func noPeer(_ request: Request) -> Problem {
        Problem(404, "no_such_peer", "nobody called '\(request.argument("peer"))' is trusted", field: "peer")
    }

    /// A peer by its id, short form or name.
    private static func found(_ text: String, _ network: Network) throws(Problem) -> Bytes32 {
        let matches = network.trusted.filter {
            KeyText.full($0.identity) == text.lowercased() || KeyText.short($0.identity) == text.lowercased()
                || $0.name == text
        }
        guard matches.count < 2 else {
            throw Problem(409, "ambiguous", "several gateways are called '\(text)'; use the id", field: "peer")
        }
        guard let match = matches.first else {
            throw Problem(404, "no_such_peer", "nobody called '\(text)' is trusted", field: "peer")
        }
        return match.identity
    }

    private static func trust(_ request: Request, _ network: Network) throws(Problem) -> Response {
        let body = try RequestBody(request, fields: ["id", "name", "hub", "endpoint", "addresses"])
        guard let id = KeyText.parse(try body.string("id", 1...100)) else {
            throw Problem.invalid("id", "'id' is the 52 characters that `bothy identity show` prints on the other box")
        }
        let endpoint = try body.optionalString("endpoint", 1...100).map { text throws(Problem) -> Bytes32 in
            guard let endpoint = KeyText.parse(text) else { throw Problem.invalid("endpoint", "'endpoint' is no key") }
            return endpoint
        }
        do {
            try network.trust(
                id, name: try body.optionalString("name", 0...100) ?? "", isHub: body.value("hub")?.boolean ?? false,
                endpoint: endpoint, addresses: addresses(body))
        } catch {
            throw Problem(409, "peering_off", "\(error)")
        }
        return Response(json: ["short": .string(KeyText.short(id))], status: 201)
    }

    private static func pair(
        _ request: Request, _ network: Network, _ answer: @escaping Route.Answer
    ) throws(Problem) {
        let body = try RequestBody(request, fields: ["code", "endpoint", "addresses"])
        guard let code = try body.optionalString("code", 1...32) else {
            return network.openPairing { result in
                switch result {
                case .success(let code):
                    answer(.success(Response(json: ["code": .string(code), "seconds": 120], status: 201)))
                case .failure(let why): answer(.failure(Problem(409, "pairing", "\(why)")))
                }
            }
        }
        let endpoint = try body.optionalString("endpoint", 1...100).flatMap { KeyText.parse($0) }
        network.pair(code: code, at: addresses(body), with: endpoint) { result in
            switch result {
            case .success(let peer):
                answer(
                    .success(
                        Response(
                            json: [
                                "peer": .string(KeyText.full(peer.identity)),
                                "short": .string(KeyText.short(peer.identity)),
                            ], status: 201)))
            case .failure(let why): answer(.failure(Problem(409, "pairing", "\(why)")))
            }
        }
    }

    private static func addresses(_ body: RequestBody) -> [String] {
        (body.value("addresses")?.array ?? []).prefix(8).compactMap(\.string)
    }
}
