import CWebSockets

/// A request's head and body, taken out of the library so that any thread may read it.
public struct Request: Sendable {
    public enum Method: String, Sendable, CaseIterable { case get, post, put, patch, delete, head, options }

    /// Who is at the other end of the connection; who they are allowed to be is decided in `Access`.
    public enum Peer: Hashable, Sendable {
        case local(process: Int32, user: UInt32)
        case remote(address: String)
    }

    public var method: Method
    public var path: String
    public var query: [(name: String, value: String)] = []
    public var peer: Peer
    public var host: String?
    public var origin: String?
    public var cookie: String?
    public var authorization: String?
    public var contentType: String?
    public var contentLength: Int = 0
    public var accept: String?
    public var acceptsGzip = false
    public var ifNoneMatch: String?
    public var userAgent: String?
    /// The header a form on another site cannot send; writes need it.
    public var marked = false
    public var fetchSite: String?
    public var lastEventID: String?
    public var subprotocols: String?
    public var body: [UInt8] = []
    /// What the path's `{names}` stand for.
    public internal(set) var arguments: [String: String] = [:]
    /// Who asks, once `Access` has said so.
    public internal(set) var principal: Principal?

    public subscript(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The name of the route's `{name}`; a route is only reached where all are there.
    public func argument(_ name: String) -> String { arguments[name] ?? "" }

    var isWrite: Bool { method != .get && method != .head && method != .options }
}

/// Reads a head out of the library's buffers while they last.
struct RequestReader {
    static let greatestHead = 8192
    static let mostParameters = 64

    let connection: OpaquePointer
    private let buffer: UnsafeMutableBufferPointer<CChar>

    /// `body` gets the request, or why there is none.
    static func read(_ connection: OpaquePointer) -> Result<Request, Problem> {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: greatestHead) { buffer in
            let reader = RequestReader(connection: connection, buffer: buffer)
            do throws(Problem) { return .success(try reader.request()) } catch { return .failure(error) }
        }
    }

    private func request() throws(Problem) -> Request {
        var number: Int32 = 0
        let length = bothy_web_path(connection, &number, buffer.baseAddress, Int32(buffer.count))
        guard let method = method(number) else {
            throw Problem(405, "method_not_allowed", "this method is not used here")
        }
        guard length > 0, let path = text(length) else { throw Problem.invalid("path", "the path is not UTF-8") }
        var request = Request(method: method, path: path, peer: peer)
        request.query = try query()
        request.host = try header(BOTHY_WEB_HOST)
        request.origin = try header(BOTHY_WEB_ORIGIN)
        request.cookie = try header(BOTHY_WEB_COOKIE)
        request.authorization = try header(BOTHY_WEB_AUTHORIZATION)
        request.accept = try header(BOTHY_WEB_ACCEPT)
        request.acceptsGzip = try header(BOTHY_WEB_ACCEPT_ENCODING)?.contains("gzip") ?? false
        request.ifNoneMatch = try header(BOTHY_WEB_IF_NONE_MATCH)
        request.userAgent = try header(BOTHY_WEB_USER_AGENT)
        request.fetchSite = try named("sec-fetch-site:")
        request.lastEventID = try named("last-event-id:")
        request.subprotocols = try header(BOTHY_WEB_PROTOCOL)
        if request.isWrite {
            request.contentType = try header(BOTHY_WEB_CONTENT_TYPE)
            request.marked = try named("x-bothy:") != nil
        }
        try readLength(into: &request)
        return request
    }

    /// How long the body is. A length that can be understood in two ways is how requests are smuggled, so it is refused.
    private func readLength(into request: inout Request) throws(Problem) {
        guard try header(BOTHY_WEB_TRANSFER_ENCODING) == nil else {
            throw Problem(411, "length_required", "send the body with a Content-Length")
        }
        guard let text = try header(BOTHY_WEB_CONTENT_LENGTH) else { return }
        guard text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let length = Int(text) else {
            throw Problem.invalid("Content-Length", "the Content-Length is not a number")
        }
        guard length == 0 || request.isWrite else { throw Problem.invalid("body", "this method takes no body") }
        request.contentLength = length
    }

    private func method(_ number: Int32) -> Request.Method? {
        switch bothy_web_method(UInt32(bitPattern: number)) {
        case BOTHY_WEB_GET: .get
        case BOTHY_WEB_POST: .post
        case BOTHY_WEB_OPTIONS: .options
        case BOTHY_WEB_PUT: .put
        case BOTHY_WEB_PATCH: .patch
        case BOTHY_WEB_DELETE: .delete
        case BOTHY_WEB_HEAD: .head
        default: nil
        }
    }

    private var peer: Request.Peer {
        var (process, user): (Int32, UInt32) = (0, 0)
        if bothy_web_peer(connection, &process, &user) == 0 { return .local(process: process, user: user) }
        return .remote(address: String(cString: bothy_web_address(connection)))
    }

    private func query() throws(Problem) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        while true {
            let length = bothy_web_query(connection, Int32(found.count), buffer.baseAddress, Int32(buffer.count))
            guard length >= 0 else { return found }
            guard found.count < RequestReader.mostParameters else {
                throw Problem.invalid("query", "there are more than \(RequestReader.mostParameters) parameters")
            }
            guard let part = text(length) else { throw Problem.invalid("query", "the query is not UTF-8") }
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            found.append((String(halves[0]), halves.count > 1 ? String(halves[1]) : ""))
        }
    }

    private func header(_ header: bothy_web_header) throws(Problem) -> String? {
        let length = bothy_web_header(connection, Int32(header.rawValue), buffer.baseAddress, Int32(buffer.count))
        return try value(length)
    }

    private func named(_ name: StaticString) throws(Problem) -> String? {
        let length = name.withUTF8Buffer {
            $0.withMemoryRebound(to: CChar.self) {
                bothy_web_named_header(connection, $0.baseAddress, buffer.baseAddress, Int32(buffer.count))
            }
        }
        return try value(length)
    }

    private func value(_ length: Int32) throws(Problem) -> String? {
        guard length != -1 else { return nil }
        guard length >= 0, let text = text(length) else {
            throw Problem(431, "header_too_large", "a header is too long or not UTF-8")
        }
        return text
    }

    /// Nil unless the first `length` bytes of the buffer are UTF-8 without NUL.
    private func text(_ length: Int32) -> String? {
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<Int(length)])
        return bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }
}
