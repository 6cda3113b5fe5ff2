import Hashing
import Notation

/// What is done to every answer before it goes: entity tag, 304, gzip.
enum Finishing {
    /// Below this, compressing costs more than it saves.
    static let leastCompressed = 1200

    static func finish(_ response: Response, for request: Request, route: Route?) -> Response {
        var response = response
        if response.status == 200, route?.tagged == true, response.tag == nil { response.tag = tag(of: response.body) }
        if let tag = response.tag, let known = request.ifNoneMatch, matches(known, tag) {
            var unchanged = Response(status: 304, type: "", body: [])
            unchanged.tag = tag
            unchanged.caching = response.caching
            return unchanged
        }
        if request.acceptsGzip, response.body.count >= leastCompressed, isText(response.type),
            !response.headers.contains(where: { $0.name == "Content-Encoding" })
        {
            response.body = Gzip.compress(response.body)
            response.headers.append(("Content-Encoding", "gzip"))
            response.headers.append(("Vary", "Accept-Encoding"))
        }
        return response
    }

    static func tag(of body: [UInt8]) -> String {
        "\"\(Hex.encode(BLAKE2b.hash(body, purpose: "bothy.etag.v1").bytes.prefix(12)))\""
    }

    static func matches(_ known: String, _ tag: String) -> Bool {
        known.split(separator: ",").contains { part in
            let part = part.drop { $0 == " " }
            return part == tag || part == "W/\(tag)" || part == "*"
        }
    }

    private static func isText(_ type: String) -> Bool {
        type.hasPrefix("text/") || type.hasPrefix("application/") || type.hasPrefix("image/svg")
    }
}
