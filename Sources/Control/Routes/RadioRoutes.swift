import Notation

extension Routes {
    static let radio: [Route] = [
        Route(
            method: .get, path: "/v1/radio/adapters", scope: .view, summary: "The Bluetooth adapters and how they are.",
            response: .list(.any),
            handler: .gateway { (_, backend) throws(Problem) in Response(json: .array(try backend.adapters())) }),
        Route(
            method: .post, path: "/v1/radio/adapters/{adapter}/reset", scope: .admin,
            summary: "Switch an adapter off and on, and reset its hardware.",
            notes: "Beside bluetoothd only our own scanning is begun anew.",
            parameters: [.init(name: "adapter", place: .path, summary: "hci0")], response: .nothing, status: 204,
            problems: [404, 503],
            handler: .gateway { (request, backend) throws(Problem) in
                try backend.resetAdapter(request.argument("adapter"), by: try principal(request))
                return .done
            }),
        Route(
            method: .get, path: "/v1/radio/devices", scope: .view, summary: "Who is in the air, the nearest first.",
            notes: "With `active`, devices are asked for that many seconds what they do not say by themselves.",
            parameters: [
                .init(name: "limit", shape: .integer, summary: "at most so many; 200 unless given"),
                .init(name: "active", shape: .integer, summary: "seconds, at most 60; needs the scope operate"),
            ], response: .list(.any), problems: [403, 503],
            handler: .gateway { (request, backend) throws(Problem) in
                let limit = try limit(request, default: 200, most: 200)
                let active = try seconds(request)
                if active > 0, try principal(request).scope < .operate {
                    throw Problem(403, "forbidden", "asking devices actively needs the scope operate")
                }
                return Response(json: .array(try backend.devicesInAir(activeSeconds: active, limit: limit)))
            }),
        Route(
            method: .get, path: "/v1/radio/pairing", scope: .view, summary: "How the newest pairing stands.",
            response: .any,
            handler: .gateway { (_, backend) throws(Problem) in Response(json: try backend.pairing()) }),
        Route(
            method: .post, path: "/v1/radio/pairing", scope: .admin, summary: "Pair a device, or answer its question.",
            notes: """
                With `address` it begins; `passkey` given then answers a question that may come. Without `address` it answers: \
                `passkey` to "passkey", `accept` to "compare"; `accept: false` gives up at any time.
                """,
            body: .object([
                .init("address", .optional(.string)), .init("passkey", .optional(.integer), "six digits"),
                .init("accept", .optional(.boolean)),
            ]), response: .any, problems: [400, 409, 503],
            handler: .gateway { (request, backend) throws(Problem) in try pair(request, backend) }),
        Route(
            method: .delete, path: "/v1/radio/bonds/{address}", scope: .admin,
            summary: "Forget the keys of a paired device.", parameters: [address], response: .nothing, status: 204,
            problems: [404],
            handler: .gateway { (request, backend) throws(Problem) in
                try backend.unpair(request.argument("address"), by: try principal(request))
                return .done
            }),
        Route(
            method: .put, path: "/v1/radio/keys/{address}", scope: .admin,
            summary: "Set the key of an encrypted beacon.", notes: "It is kept, and never told again.",
            parameters: [address], body: .object([.init("key", .string, "32 hexadecimal digits")]), response: .nothing,
            status: 204, problems: [400, 404],
            handler: .gateway { (request, backend) throws(Problem) in
                let body = try RequestBody(request, fields: ["key"])
                guard let key = Hex.decode(try body.string("key", 24...32)), key.count == 16 else {
                    throw Problem.invalid("key", "'key' is 32 hexadecimal digits")
                }
                try backend.setBeaconKey(key, of: request.argument("address"), by: try principal(request))
                return .done
            }),
    ]

    private static let address = Parameter(name: "address", place: .path, summary: "AA:BB:CC:DD:EE:FF")

    private static func principal(_ request: Request) throws(Problem) -> Principal {
        guard let who = request.principal else { throw Problem.noSession }
        return who
    }

    private static func seconds(_ request: Request) throws(Problem) -> Int64 {
        guard let text = request["active"], !text.isEmpty else { return 0 }
        guard let seconds = Int64(text), (0...60).contains(seconds) else {
            throw Problem.invalid("active", "'active' is a number of seconds up to 60")
        }
        return seconds
    }

    private static func pair(_ request: Request, _ backend: any Backend) throws(Problem) -> Response {
        let body = try RequestBody(request, fields: ["address", "passkey", "accept"])
        let who = try principal(request)
        let passkey = try body.optionalInteger("passkey", 0...999_999).map { UInt32($0) }
        if let address = try body.optionalString("address", 12...17) {
            try backend.beginPairing(address, passkey: passkey, by: who)
        } else if let passkey {
            try backend.answerPairing(.passkey(passkey), by: who)
        } else if let accept = body.value("accept")?.boolean {
            try backend.answerPairing(accept ? .yes : .no, by: who)
        } else {
            throw Problem.invalid("address", "an address to pair, or an answer, is missing")
        }
        return Response(json: try backend.pairing())
    }
}
