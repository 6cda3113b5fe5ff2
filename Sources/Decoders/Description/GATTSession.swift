/// What a description says about a session with a connected device.
public struct GATTSession: Hashable, Sendable {
    public struct Write: Hashable, Sendable {
        public var characteristic: BluetoothUUID
        public var bytes: [UInt8]
        /// Without waiting for the device's answer.
        public var withoutResponse: Bool
    }
    public struct Read: Hashable, Sendable {
        public var characteristic: BluetoothUUID
        /// 0: once, after connecting.
        public var everySeconds: Int
    }

    /// Advertised services by which such a device is recognised.
    public var services: [BluetoothUUID] = []
    /// Notifications or indications, whichever the characteristic offers.
    public var subscribe: [BluetoothUUID] = []
    public var read: [Read] = []
    /// Sent in this order after subscribing.
    public var write: [Write] = []
    /// Whether the link must be encrypted first.
    public var bonded = false
    /// Named writes for later: `led_off`.
    public var commands: [String: [Write]] = [:]

    init(_ part: Part) throws(DescriptionError) {
        try part.only("services", "subscribe", "read", "write", "bonded", "commands", "comment")
        for item in try part["services"]?.items(atMost: 16) ?? [] { services.append(try item.uuid()) }
        for item in try part["subscribe"]?.items(atMost: 32) ?? [] { subscribe.append(try item.uuid()) }
        for item in try part["read"]?.items(atMost: 32) ?? [] {
            try item.only("characteristic", "every_s")
            read.append(
                Read(
                    characteristic: try item.required("characteristic").uuid(),
                    everySeconds: Int(try item["every_s"]?.integer(in: 1...86_400) ?? 0)))
        }
        if let part = part["write"] { write = try GATTSession.writes(part) }
        bonded = try part["bonded"]?.boolean() ?? false
        for (name, part) in try part["commands"]?.members(atMost: 32) ?? [] {
            commands[name] = try GATTSession.writes(part)
        }
    }

    private static func writes(_ part: Part) throws(DescriptionError) -> [Write] {
        var writes: [Write] = []
        for item in try part.items(atMost: 32) {
            try item.only("characteristic", "hex", "without_response", "comment")
            writes.append(
                Write(
                    characteristic: try item.required("characteristic").uuid(), bytes: try item.required("hex").hex(),
                    withoutResponse: try item["without_response"]?.boolean() ?? false))
        }
        return writes
    }
}

extension Part {
    func uuid() throws(DescriptionError) -> BluetoothUUID {
        guard let uuid = BluetoothUUID(try text()) else {
            throw error("'\(try text())' is not a UUID: four hexadecimal digits or the long form")
        }
        return uuid
    }
}
