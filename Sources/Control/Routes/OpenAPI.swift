import Notation

/// The route table as an OpenAPI 3.1 document.
enum OpenAPI {
    static func document(_ routes: [Route], version: String) -> JSON {
        var paths: [JSON.Member] = []
        for path in routes.map(\.path).uniqued() {
            let members = routes.filter { $0.path == path }
                .map { JSON.Member($0.method.rawValue, operation($0)) }
            paths.append(.init(path, .object(members)))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Bothy", "version": JSON(version),
                "description":
                    "What a Bothy gateway measures, holds and does. Over the Unix socket the socket's permissions give access; over TCP a session or a token does. Writes need the header X-Bothy.",
            ],
            "paths": .object(paths),
            "components": [
                "schemas": ["Problem": schema(problem)],
                "securitySchemes": [
                    "session": ["type": "apiKey", "in": "cookie", "name": "bothy"],
                    "token": ["type": "http", "scheme": "bearer"],
                ],
            ],
        ]
    }

    private static let problem = Shape.object([
        .init("status", .integer), .init("code", .string, "for programs"), .init("title", .string),
        .init("detail", .string, "for people"), .init("field", .optional(.string), "what it is about"),
    ])

    private static func operation(_ route: Route) -> JSON {
        var members: [JSON.Member] = [
            .init("operationId", JSON(route.name)), .init("summary", JSON(route.summary)),
            .init("tags", [JSON(route.subject)]),
        ]
        var notes = route.notes
        if let scope = route.scope { notes += (notes.isEmpty ? "" : " ") + "Needs the scope \(scope.name)." }
        if !notes.isEmpty { members.append(.init("description", JSON(notes))) }
        if !route.parameters.isEmpty {
            members.append(.init("parameters", .array(route.parameters.map(parameter))))
        }
        if let body = route.body {
            members.append(
                .init("requestBody", ["required": true, "content": ["application/json": ["schema": schema(body)]]]))
        }
        members.append(.init("responses", responses(route)))
        members.append(.init("security", route.scope == nil ? [] : [["session": []], ["token": []]]))
        return .object(members)
    }

    private static func parameter(_ parameter: Parameter) -> JSON {
        [
            "name": JSON(parameter.name), "in": JSON(parameter.place.rawValue),
            "required": JSON(parameter.place == .path), "description": JSON(parameter.summary),
            "schema": schema(parameter.shape),
        ]
    }

    private static func responses(_ route: Route) -> JSON {
        var content: [JSON.Member] = []
        for type in route.types {
            var media: [JSON.Member] = [
                .init(
                    "schema",
                    schema(type.hasSuffix("json") && type != "application/senml+json" ? route.response : .string))
            ]
            if type == "application/json", route.example != .null { media.append(.init("example", route.example)) }
            content.append(.init(type, .object(media)))
        }
        var success: [JSON.Member] = [.init("description", JSON(HTTP.phrase(route.status)))]
        if case .nothing = route.response {} else { success.append(.init("content", .object(content))) }
        var members: [JSON.Member] = [.init(String(route.status), .object(success))]
        for status in route.allProblems {
            members.append(
                .init(
                    String(status),
                    [
                        "description": JSON(HTTP.phrase(status)),
                        "content": [
                            "application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]
                        ],
                    ]))
        }
        return .object(members)
    }

    static func schema(_ shape: Shape) -> JSON {
        switch shape {
        case .string: ["type": "string"]
        case .words(let words): ["type": "string", "enum": .array(words.map { JSON($0) })]
        case .time: ["type": "string", "description": "RFC 3339, or Unix seconds"]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .list(let item): ["type": "array", "items": schema(item)]
        case .object(let fields): object(fields)
        case .map(let value): ["type": "object", "additionalProperties": schema(value)]
        case .optional(let inner): ["anyOf": [schema(inner), ["type": "null"]]]
        case .any, .nothing: [:]
        }
    }

    private static func object(_ fields: [Shape.Field]) -> JSON {
        var required: [JSON] = []
        var properties: [JSON.Member] = []
        for field in fields {
            var property = schema(field.shape)
            if !field.summary.isEmpty, case .object(let members) = property {
                property = .object(
                    members.filter { $0.key != "description" } + [.init("description", JSON(field.summary))])
            }
            properties.append(.init(field.name, property))
            if case .optional = field.shape { continue }
            required.append(JSON(field.name))
        }
        return ["type": "object", "properties": .object(properties), "required": .array(required)]
    }
}

extension Route {
    /// `get_v1_sensors_sensor`
    var name: String {
        method.rawValue
            + path.filter { $0 != "{" && $0 != "}" }.map { $0 == "/" || $0 == "." ? "_" : String($0) }.joined()
    }

    /// Whether it serves a file of the page, which is no secret.
    var isPage: Bool { types.contains { $0.hasPrefix("text/html") } }

    /// The path's first word after the version.
    var subject: String { String(path.split(separator: "/").dropFirst(path.hasPrefix("/v1") ? 1 : 0).first ?? "page") }

    var allProblems: [Int] {
        var all = Set(problems + [400, 421, 429])
        if scope != nil { all.formUnion([401, 403]) }
        if method != .get { all.formUnion([403, 411, 413, 415]) }
        if case .here = handler {} else { all.insert(503) }
        return all.sorted()
    }
}

extension Array where Element: Hashable {
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
