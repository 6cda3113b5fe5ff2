/// A question for a sign of life: nonce (8).
struct Ping: Hashable, Sendable {
    var nonce: UInt64

    var frame: Frame {
        var out = WireWriter()
        out.integer(nonce)
        return Frame(.ping, out.bytes)
    }

    init(nonce: UInt64) { self.nonce = nonce }

    init(reading body: [UInt8]) throws(WireFailure) {
        var reader = WireReader(body)
        nonce = try reader.integer(UInt64.self, "nonce")
        try reader.end()
    }
}

/// Its answer: nonce (8) · Unix time in nanoseconds (8, signed) · its error in milliseconds (4, all ones: unknown).
public struct Pong: Hashable, Sendable {
    public static let unknownError = UInt32.max

    public var nonce: UInt64
    public var unixTime: Int64
    public var errorMs: UInt32

    var frame: Frame {
        var out = WireWriter()
        out.integer(nonce)
        out.integer(unixTime)
        out.integer(errorMs)
        return Frame(.pong, out.bytes)
    }

    init(nonce: UInt64, unixTime: Int64, errorMs: UInt32) {
        (self.nonce, self.unixTime, self.errorMs) = (nonce, unixTime, errorMs)
    }

    init(reading body: [UInt8]) throws(WireFailure) {
        var reader = WireReader(body)
        nonce = try reader.integer(UInt64.self, "nonce")
        unixTime = Int64(bitPattern: try reader.integer(UInt64.self, "time"))
        errorMs = try reader.integer(UInt32.self, "error")
        try reader.end()
    }
}

/// Where the sender can be reached: relay (text) · count (1) · addresses (texts).
struct Addresses: Hashable, Sendable {
    static let most = 8
    static let mostRelayBytes = 200

    var direct: [String]
    var relay: String?

    init(direct: [String], relay: String?) {
        (self.direct, self.relay) = (Array(direct.prefix(Addresses.most)), relay)
    }

    var frame: Frame {
        var out = WireWriter()
        out.text(relay ?? "", most: Addresses.mostRelayBytes)
        out.byte(UInt8(direct.count))
        for address in direct { out.text(address, most: Hello.mostAddressBytes) }
        return Frame(.addresses, out.bytes)
    }

    init(reading body: [UInt8]) throws(WireFailure) {
        var reader = WireReader(body)
        let relay = try reader.text(most: Addresses.mostRelayBytes, "relay")
        let count = Int(try reader.byte("count"))
        guard count <= Addresses.most else { throw reader.failure("more than \(Addresses.most) addresses") }
        var direct: [String] = []
        for _ in 0..<count { direct.append(try reader.text(most: Hello.mostAddressBytes, "address")) }
        try reader.end()
        (self.direct, self.relay) = (direct, relay.isEmpty ? nil : relay)
    }
}
