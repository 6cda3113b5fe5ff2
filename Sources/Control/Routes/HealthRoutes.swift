import Notation

extension Routes {
    static let health: [Route] = [
        Route(
            method: .get, path: "/healthz", scope: nil,
            summary: "Whether the gateway lives and what it records reaches the disk.",
            notes:
                "503 where its loop has not answered for two seconds or a commit is late. For probes, so open to all; it says no more than that.",
            response: .object([.init("alive", .boolean), .init("commits_in_time", .boolean)]),
            example: ["alive": true, "commits_in_time": true], problems: [503],
            handler: .here { (_, service) throws(Problem) in service.pulse.answer(now: Service.now) }),
        Route(
            method: .get, path: "/readyz", scope: .view, summary: "Whether all that matters works, part by part.",
            response: .object([
                .init("ready", .boolean),
                .init("parts", .map(.object([.init("works", .boolean), .init("why", .string)]))),
            ]), example: ["ready": true, "parts": ["ring": ["works": true, "why": ""]]], problems: [503],
            handler: .gateway { (_, backend) throws(Problem) in
                let parts = backend.health().parts
                let ready = parts.allSatisfy(\.works)
                let rows = parts.map { JSON.Member($0.name, ["works": JSON($0.works), "why": JSON($0.why)]) }
                return Response(json: ["ready": JSON(ready), "parts": .object(rows)], status: ready ? 200 : 503)
            }),
        Route(
            method: .get, path: "/metrics", scope: .view, summary: "Numbers for Prometheus.",
            notes: "Every bounded queue with its depth, its maximum and what it dropped.", response: .string,
            types: ["text/plain"],
            handler: .gatewayThenHere(
                { (_, backend) throws(Problem) in backend.metrics() },
                { (metrics, service) in
                    Response(
                        type: "text/plain; version=0.0.4; charset=utf-8",
                        body: Exposition.text(metrics + service.metrics()))
                })),
        Route(
            method: .get, path: "/v1/openapi.json", scope: .view, summary: "This API as OpenAPI 3.1.", response: .any,
            tagged: true,
            handler: .here { (_, service) throws(Problem) in
                Response(json: OpenAPI.document(Routes.all, version: service.configuration.version))
            }),
    ]
}
