import Glibc
import Notation

/// Speaks with the daemon: HTTP over its Unix socket, one request a connection.
struct Client: Sendable {
    let socketPath: String

    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        func json() throws -> JSON {
            do {
                return try JSONReader.read(body)
            } catch {
                throw CommandFailure.failed("the daemon answered what cannot be read (\(error))")
            }
        }
    }

    func get(_ path: String) throws -> JSON { try checked(exchange("GET", path)).json() }

    @discardableResult
    func send(_ method: String, _ path: String, _ body: JSON = [:]) throws -> JSON {
        let answer = try checked(exchange(method, path, JSONWriter.compact(body)))
        return answer.body.isEmpty ? .null : try answer.json()
    }

    /// Hands over the body piece by piece as it comes; `receive` returns false to end it.
    func stream(_ path: String, _ receive: ([UInt8]) throws -> Bool) throws {
        let connection = try Connection(to: socketPath)
        defer { connection.end() }
        try connection.send("GET", path, nil)
        let (status, headers) = try connection.head()
        guard status < 300 else {
            var body: [UInt8] = []
            try connection.body(headers) {
                body += $0
                return true
            }
            throw refusal(Answer(status: status, headers: headers, body: body))
        }
        try connection.body(headers, receive)
    }

    private func exchange(_ method: String, _ path: String, _ body: [UInt8]? = nil) throws -> Answer {
        let connection = try Connection(to: socketPath)
        defer { connection.end() }
        try connection.send(method, path, body)
        let (status, headers) = try connection.head()
        var answer = Answer(status: status, headers: headers, body: [])
        try connection.body(headers) {
            answer.body += $0
            return true
        }
        return answer
    }

    private func checked(_ answer: Answer) throws -> Answer {
        guard answer.status < 300 else { throw refusal(answer) }
        return answer
    }

    /// A problem+json answer as a person reads it.
    private func refusal(_ answer: Answer) -> CommandFailure {
        let problem = try? JSONReader.read(answer.body)
        let said = problem?["detail"]?.string ?? problem?["title"]?.string ?? "the daemon answered \(answer.status)"
        let hint = problem?["hint"]?.string
        switch answer.status {
        case 401, 403, 409: return CommandFailure(status: .refused, message: said, hint: hint)
        case 404 where problem?["code"]?.string == nil || problem?["code"]?.string == "no_such_route":
            return CommandFailure(
                status: .refused,
                message: "the daemon does not know this request; it is probably older than this command",
                hint: "restart it with the version installed here: systemctl restart bothy")
        default: return CommandFailure(status: .failed, message: said, hint: hint)
        }
    }

    static func escape(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let plain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            if plain || byte == 45 || byte == 46 || byte == 95 || byte == 126 {
                out.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                out += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return out
    }
}
