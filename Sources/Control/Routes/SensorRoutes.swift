import Notation

extension Routes {
    static let sensors: [Route] = [
        Route(
            method: .get, path: "/v1/sensors", scope: .view, summary: "All sensors and their newest values.",
            response: .list(.any), freshMs: 100,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: .array(backend.sensors())) }),
        Route(
            method: .get, path: "/v1/sensors/{sensor}", scope: .view, summary: "One sensor.", parameters: [sensor],
            response: .any, problems: [404],
            handler: .gateway { (request, backend) throws(Problem) in
                guard let found = backend.sensor(request.argument("sensor")) else { throw noSensor(request) }
                return Response(json: found)
            }),
        Route(
            method: .patch, path: "/v1/sensors/{sensor}", scope: .operate,
            summary: "Rename, enable or disable a sensor.",
            notes: "What a disabled sensor would have measured becomes a signed gap that says who wanted it.",
            parameters: [sensor],
            body: .object([
                .init("name", .optional(.string), "what people call it"), .init("enabled", .optional(.boolean)),
            ]), response: .any, problems: [404],
            handler: .gateway { (request, backend) throws(Problem) in try change(request, backend) }),
        Route(
            method: .delete, path: "/v1/sensors/{sensor}", scope: .admin, summary: "Forget a sensor.",
            notes: "What it measured stays until the ring needs the room.", parameters: [sensor], response: .nothing,
            status: 204, problems: [404],
            handler: .gateway { (request, backend) throws(Problem) in
                guard let who = request.principal else { throw Problem.noSession }
                try backend.forgetSensor(request.argument("sensor"), by: who)
                return .done
            }),
        Route(
            method: .get, path: "/v1/streams", scope: .view, summary: "All streams: one attribute of one sensor each.",
            response: .list(.any),
            handler: .gateway { (_, backend) throws(Problem) in Response(json: .array(backend.streams())) }),
        Route(
            method: .get, path: "/v1/sensors/{sensor}/{attribute}/samples", scope: .view,
            summary: "What a stream measured.",
            notes: """
                In pieces as fast as the reader takes them. With `resolution` each row is the least, mean and most of so many \
                milliseconds, which is what a chart of days wants.
                """,
            parameters: [
                sensor, .init(name: "attribute", place: .path, summary: "the attribute's name"),
                .init(name: "from", shape: .time, summary: "not before"),
                .init(name: "to", shape: .time, summary: "before"),
                .init(name: "resolution", shape: .integer, summary: "milliseconds a row"),
                .init(
                    name: "limit", shape: .integer, summary: "rows at most; 100000 in JSON if not given, else no limit"),
                .init(name: "cursor", summary: "go on where an answer with that cursor ended"),
                .init(
                    name: "format", shape: .words(SampleForm.allCases.map(\.rawValue)),
                    summary: "instead of an Accept header"),
            ],
            response: .object([
                .init("sensor", .string), .init("attribute", .string), .init("unit", .string),
                .init("t", .list(.number), "Unix milliseconds"),
                .init("v", .list(.any), "a value each; of a vector a list"),
                .init("n", .optional(.list(.integer)), "the samples' numbers, or how many a row stands for"),
                .init("least", .optional(.list(.any)), "with resolution"),
                .init("most", .optional(.list(.any)), "with resolution"),
                .init("cursor", .optional(.string)),
            ]), types: SampleForm.allCases.map(\.type), problems: [404, 406],
            handler: .pieces { (request, backend) throws(Problem) in try SampleAnswer.make(request, backend) }),
        Route(
            method: .get, path: "/v1/gaps", scope: .view, summary: "What is missing, and why.",
            parameters: [.init(name: "sensor", summary: "of one sensor")] + period,
            response: .list(.any),
            handler: .gateway { (request, backend) throws(Problem) in
                let (from, to) = try period(request)
                return Response(
                    json: .array(
                        try backend.gaps(
                            GapQuestion(
                                sensor: request["sensor"], from: from, to: to,
                                limit: try limit(request, default: 1000, most: 10_000)))))
            }),
        Route(
            method: .get, path: "/v1/events", scope: .view, summary: "What happened, the newest first.",
            parameters: [
                .init(name: "kind", summary: "only of this kind"),
                .init(name: "sensor", summary: "only of this sensor"),
            ] + period, response: .list(.any),
            handler: .gateway { (request, backend) throws(Problem) in
                let (from, to) = try period(request)
                return Response(
                    json: .array(
                        backend.events(
                            EventQuestion(
                                kind: request["kind"], sensor: request["sensor"], from: from, to: to,
                                limit: try limit(request, default: 200, most: 2000)))))
            }),
    ]

    private static let sensor = Parameter(name: "sensor", place: .path, summary: "the sensor's id")
    private static let period: [Parameter] = [
        .init(name: "from", shape: .time, summary: "not before"), .init(name: "to", shape: .time, summary: "before"),
        .init(name: "limit", shape: .integer, summary: "rows at most"),
    ]

    static func noSensor(_ request: Request) -> Problem {
        Problem.notFound("sensor '\(request.argument("sensor"))'", field: "sensor")
    }

    private static func change(_ request: Request, _ backend: any Backend) throws(Problem) -> Response {
        guard let who = request.principal else { throw Problem.noSession }
        let id = request.argument("sensor")
        let body = try RequestBody(request, fields: ["name", "enabled"])
        guard backend.sensor(id) != nil else { throw noSensor(request) }
        let name = try body.optionalString("name", 1...100)
        if let value = body.value("enabled"), value.boolean == nil {
            throw Problem.invalid("enabled", "'enabled' is true or false")
        }
        if let name { try backend.renameSensor(id, to: name, by: who) }
        if let enabled = body.value("enabled")?.boolean { try backend.enableSensor(id, enabled, by: who) }
        guard let found = backend.sensor(id) else { throw noSensor(request) }
        return Response(json: found)
    }

    static func period(_ request: Request) throws(Problem) -> (from: Int64?, to: Int64?) {
        (try time(request, "from"), try time(request, "to"))
    }

    static func time(_ request: Request, _ name: String) throws(Problem) -> Int64? {
        guard let text = request[name], !text.isEmpty else { return nil }
        guard let time = Timestamp.parse(text) else {
            throw Problem.invalid(name, "'\(name)' is a time as 2026-03-01T08:00:00Z, or Unix seconds")
        }
        return time
    }

    static func limit(_ request: Request, default usual: Int, most: Int) throws(Problem) -> Int {
        guard let text = request["limit"], !text.isEmpty else { return usual }
        guard let limit = Int(text), (1...most).contains(limit) else {
            throw Problem.invalid("limit", "'limit' is a whole number from 1 to \(most)")
        }
        return limit
    }
}
