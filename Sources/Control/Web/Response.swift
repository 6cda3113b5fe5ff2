import Notation

/// Bytes that come piece by piece. Asked for the next piece when the one before has left, so that a slow reader holds one
/// piece and no more. Made on the gateway's loop, and from then on touched on the reading loop only.
public protocol ByteSource: AnyObject {
    /// Nil at the end.
    func next() -> [UInt8]?
}

/// An answer before it is put into bytes.
public struct Response: Sendable {
    public var status = 200
    public var type: String
    public var headers: [(name: String, value: String)] = []
    public var body: [UInt8]
    /// A strong validator: given, the answer is not sent to who has it already.
    public var tag: String?
    public var caching = "no-store"

    public init(status: Int = 200, type: String, body: [UInt8]) {
        self.status = status
        self.type = type
        self.body = body
    }

    public init(json: JSON, status: Int = 200) {
        self.init(status: status, type: "application/json", body: JSONWriter.compact(json))
    }

    public init(_ problem: Problem) {
        self.init(
            status: problem.status, type: "application/problem+json", body: JSONWriter.compact(problem.json))
        if problem.status == 401 { headers.append(("WWW-Authenticate", "Bearer")) }
        if problem.status == 429 { headers.append(("Retry-After", "10")) }
    }

    public static let done = Response(status: 204, type: "", body: [])
}

/// Puts an answer's head into bytes.
enum ResponseWriter {
    /// What a page of ours may do: nothing from elsewhere, nothing inline, framed by nobody.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let common = Array(
        """
        Content-Security-Policy: \(policy)\r
        X-Content-Type-Options: nosniff\r
        Referrer-Policy: no-referrer\r
        Cross-Origin-Opener-Policy: same-origin\r
        Cross-Origin-Resource-Policy: same-origin\r

        """.utf8)

    /// `length` nil: the length is not known yet, so the body goes in chunks.
    static func head(_ response: Response, length: Int?, stays: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + response.body.count)
        func line(_ name: StaticString, _ value: String) {
            name.withUTF8Buffer { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: value.utf8)
            bytes.append(13)
            bytes.append(10)
        }
        line("HTTP/1.1 ", "\(response.status) \(HTTP.phrase(response.status))")
        if !response.type.isEmpty { line("Content-Type: ", response.type) }
        if let length {
            // RFC 9110: an answer without content has no length.
            if response.status != 204, response.status != 304 { line("Content-Length: ", String(length)) }
        } else {
            line("Transfer-Encoding: ", "chunked")
        }
        line("Cache-Control: ", response.caching)
        if let tag = response.tag { line("ETag: ", tag) }
        for header in response.headers { line("", "\(header.name): \(header.value)") }
        if !stays { line("Connection: ", "close") }
        bytes.append(contentsOf: common)
        bytes.append(13)
        bytes.append(10)
        return bytes
    }

    static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        var out = Array(String(bytes.count, radix: 16).utf8)
        out.reserveCapacity(bytes.count + 16)
        out.append(13)
        out.append(10)
        out.append(contentsOf: bytes)
        out.append(13)
        out.append(10)
        return out
    }

    static let lastChunk = Array("0\r\n\r\n".utf8)
}
