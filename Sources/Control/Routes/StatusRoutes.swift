import Notation

extension Routes {
    static let status: [Route] = [
        Route(
            method: .get, path: "/v1/status", scope: .view, summary: "How the gateway is.",
            notes: "Rebuilt from the live state at most 100 ms before it is sent.", response: .any, freshMs: 100,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: backend.status()) })
    ]
}
