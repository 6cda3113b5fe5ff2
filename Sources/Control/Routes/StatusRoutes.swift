import Notation

extension Routes {
    static let status: [Route] = [
        Route(
            method: .get, path: "/v1/status", scope: .view, summary: "How the gateway is.",
            notes: "Rebuilt from the live state at most 100 ms before it is sent.", response: .any, freshMs: 100,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: backend.status()) }),
        Route(
            method: .get, path: "/v1/limits", scope: .view,
            summary: "The named maximum of every queue, table and buffer.",
            response: .any, tagged: true,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: backend.limits()) }),
        Route(
            method: .get, path: "/v1/clock", scope: .view, summary: "How boot time maps to wall time, and how well.",
            response: .any, freshMs: 100,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: backend.clock()) }),
        Route(
            method: .get, path: "/v1/store", scope: .view,
            summary: "The ring: its size, what it holds, what it writes.",
            response: .any, freshMs: 100,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: backend.store()) }),
        Route(
            method: .get, path: "/v1/config", scope: .operate, summary: "The settings in effect, as they are written.",
            response: .any, tagged: true,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: backend.configuration()) }),
        Route(
            method: .post, path: "/v1/config/check", scope: .operate,
            summary: "Whether a configuration would be taken.",
            body: .object([.init("text", .string, "the configuration file as it would be")]), response: .any,
            handler: .gateway { (request, backend) throws(Problem) in
                let text = try RequestBody(request, fields: ["text"]).string("text", 0...200_000)
                return Response(json: backend.checkConfiguration(text))
            }),
        Route(
            method: .post, path: "/v1/config/reload", scope: .admin, summary: "Read the configuration file again.",
            response: .any, problems: [409],
            handler: .gateway { (request, backend) throws(Problem) in
                guard let who = request.principal else { throw Problem.noSession }
                return Response(json: try backend.reloadConfiguration(by: who))
            }),
    ]
}
