import Notation

/// The route table as docs/api.md.
enum Reference {
    static func markdown(_ routes: [Route]) -> String {
        var text = """
            # The API

            <!-- Written from the route table by a test: set BOTHY_WRITE_DOCS=1 and run ReferenceTests to renew it. -->

            Over the Unix socket (`curl --unix-socket /run/bothy/bothy.sock http://localhost/v1/status`) the socket's permissions
            give access. Over TCP a session's cookie or `Authorization: Bearer` with a token does. Writes need the header
            `X-Bothy: 1` and a body in JSON. What goes wrong comes as `application/problem+json` with a `code` for programs, a
            sentence in `detail`, and the `field` it is about. Times are RFC 3339 or Unix seconds.


            """
        for subject in routes.map(\.subject).uniqued() {
            text += "## \(subject)\n\n"
            for route in routes where route.subject == subject { text += section(route) }
        }
        return text
    }

    private static func section(_ route: Route) -> String {
        var text = "### `\(route.method.rawValue.uppercased()) \(route.path)`\n\n\(route.summary)"
        if !route.notes.isEmpty { text += " \(route.notes)" }
        text += " " + (route.scope.map { "Scope: `\($0.name)`." } ?? "Open to all.") + "\n\n"
        if !route.parameters.isEmpty {
            text += "| parameter | in | |\n|---|---|---|\n"
            for parameter in route.parameters {
                text +=
                    "| `\(parameter.name)` | \(parameter.place.rawValue) | \(parameter.summary)\(words(parameter.shape)) |\n"
            }
            text += "\n"
        }
        if case .object(let fields) = route.body { text += table("body", fields) }
        if case .object(let fields) = route.response { text += table("answer", fields) }
        if case .list(.object(let fields)) = route.response { text += table("each", fields) }
        if route.types != ["application/json"] {
            text += "As " + route.types.map { "`\($0)`" }.joined(separator: ", ") + ".\n\n"
        }
        if route.example != .null { text += "```json\n\(JSONWriter.pretty(route.example))\n```\n\n" }
        return text
    }

    private static func table(_ title: String, _ fields: [Shape.Field]) -> String {
        var text = "| \(title) | type | |\n|---|---|---|\n"
        for field in fields { text += "| `\(field.name)` | \(name(field.shape)) | \(field.summary) |\n" }
        return text + "\n"
    }

    private static func words(_ shape: Shape) -> String {
        if case .words(let words) = shape { ": " + words.map { "`\($0)`" }.joined(separator: ", ") } else { "" }
    }

    private static func name(_ shape: Shape) -> String {
        switch shape {
        case .string: "text"
        case .words(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .time: "time"
        case .integer: "whole number"
        case .number: "number"
        case .boolean: "true or false"
        case .list(let item): "list of \(name(item))"
        case .object: "object"
        case .map(let value): "object of \(name(value))"
        case .optional(let inner): "\(name(inner)), may be missing"
        case .any: "any"
        case .nothing: "nothing"
        }
    }
}
