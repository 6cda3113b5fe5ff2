import Notation

/// Why a request was not done, as `application/problem+json` (RFC 9457) says it: a code for programs, a sentence for people,
/// and the field it is about.
public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    public var status: Int
    public var code: String
    public var sentence: String
    public var field: String?

    public init(_ status: Int, _ code: String, _ sentence: String, field: String? = nil) {
        self.status = status
        self.code = code
        self.sentence = sentence
        self.field = field
    }

    public var description: String { sentence }

    var json: JSON {
        var members: [JSON.Member] = [
            .init("status", JSON(status)), .init("code", JSON(code)), .init("title", JSON(HTTP.phrase(status))),
            .init("detail", JSON(sentence)),
        ]
        if let field { members.append(.init("field", JSON(field))) }
        return .object(members)
    }
}

extension Problem {
    public static func notFound(_ what: String, field: String? = nil) -> Problem {
        Problem(404, "not_found", "there is no \(what)", field: field)
    }

    public static func invalid(_ field: String, _ sentence: String) -> Problem {
        Problem(400, "invalid", sentence, field: field)
    }

    public static let unavailable = Problem(503, "unavailable", "the gateway is stopping or not yet up")
    static let tooLarge = Problem(413, "too_large", "the request's body is larger than this server takes")
    static let noSession = Problem(
        401, "no_session", "this needs a session: 'bothy page' prints a link that gives one, or send a token")
}

/// What HTTP calls its numbers.
enum HTTP {
    static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}
