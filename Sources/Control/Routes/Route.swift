import Notation

/// One thing that can be asked over HTTP. The table of these is what is served, what `/v1/openapi.json` says, and what
/// docs/api.md is written from.
public struct Route: Sendable {
    /// How an answer is come by.
    typealias Answer = (Result<Response, Problem>) -> Void

    enum Handler: Sendable {
        /// On the service thread, at once.
        case here(@Sendable (Request, Service) throws(Problem) -> Response)
        /// On the gateway's loop.
        case gateway(@Sendable (Request, any Backend) throws(Problem) -> Response)
        /// On the gateway's loop, answered there later; once.
        case later(@Sendable (Request, any Backend, @escaping Answer) throws(Problem) -> Void)
        /// Numbers from the gateway's loop, to which the service thread adds its own.
        case gatewayThenHere(
            @Sendable (Request, any Backend) throws(Problem) -> [Metric], @Sendable ([Metric], Service) -> Response)
        /// On the gateway's loop, piece by piece as the reader takes them.
        case pieces(@Sendable (Request, any Backend) throws(Problem) -> (Response, any ByteSource))
        /// Server-Sent Events or a WebSocket.
        case live
    }

    var method: Request.Method
    /// `/v1/sensors/{sensor}`
    var path: String
    /// What the asker must be allowed; nil: open to all.
    var scope: Scope?
    var summary: String
    var notes: String = ""
    var parameters: [Parameter] = []
    /// What the request's body is, where it has one.
    var body: Shape?
    var response: Shape
    var status = 200
    /// Other forms of the answer than JSON.
    var types: [String] = ["application/json"]
    var example: JSON = .null
    /// Which problems it may answer with, beyond those that every route may.
    var problems: [Int] = []
    /// Answers carry an ETag, so that who has them is not sent them again.
    var tagged = false
    /// Milliseconds for which an answer may be given again to others; 0: made anew each time. Only for paths without names.
    var freshMs: Int64 = 0
    var handler: Handler
}

/// A value in the path or the query.
struct Parameter: Sendable {
    enum Place: String, Sendable { case path, query }
    var name: String
    var place: Place = .query
    var shape: Shape = .string
    var summary: String
}

/// What a JSON value looks like; no more than the API needs to describe itself.
indirect enum Shape: Sendable {
    case string
    case words([String])
    case time
    case integer
    case number
    case boolean
    case list(Shape)
    case object([Field])
    /// An object whose members have names that are data.
    case map(Shape)
    case optional(Shape)
    case any
    case nothing

    struct Field: Sendable {
        var name: String
        var shape: Shape
        var summary: String
        init(_ name: String, _ shape: Shape, _ summary: String = "") {
            self.name = name
            self.shape = shape
            self.summary = summary
        }
    }
}
