import Hashing
import Identity

/// What a gateway says of itself on the local network: nothing but how to reach its endpoint, signed by that endpoint.
struct Announcement: Hashable, Sendable {
    static let port: UInt16 = 21_847
    static let group4 = "239.66.84.89"
    static let group6 = "ff02::b07:41"
    static let magic = Array("BOTHYA".utf8)
    /// Fits into one packet of the smallest network IPv6 allows.
    static let mostBytes = 1_200

    struct Flags: OptionSet, Hashable, Sendable {
        let rawValue: UInt8
        /// The sender wants to know who is there.
        static let asks = Flags(rawValue: 1)
        /// Somebody at the sender's box waits to be paired.
        static let pairing = Flags(rawValue: 2)
    }

    var flags: Flags
    var endpoint: Bytes32
    /// Drawn at the start of the program; with `number`, which grows, an old announcement is known for one.
    var instance: UInt64
    var number: UInt32
    /// The transport's ports, for dialling where the packet came from; 0: none of that family.
    var port4: UInt16
    var port6: UInt16
    var addresses: Addresses

    /// magic 6 · version 1 · flags 1 · endpoint 32 · instance 8 · number 4 · ports 2 + 2 · addresses · signature 64
    func encoded(signedBy key: EndpointKey) -> [UInt8] {
        var out = WireWriter()
        out.raw(Announcement.magic)
        out.byte(1)
        out.byte(flags.rawValue)
        out.key(endpoint)
        out.integer(instance)
        out.integer(number)
        out.integer(port4)
        out.integer(port6)
        out.raw(addresses.frame.body)
        return out.bytes + key.sign(kind: "announce", out.bytes).bytes
    }

    /// Reads what can be read before the signature is checked, which costs more.
    init(unverified packet: [UInt8]) throws(WireFailure) {
        guard packet.count <= Announcement.mostBytes, packet.count > Signature.count else {
            throw WireFailure(what: "\(packet.count) bytes", offset: 0)
        }
        var reader = WireReader(packet[..<(packet.count - Signature.count)])
        guard try reader.raw(Announcement.magic.count, "magic").elementsEqual(Announcement.magic) else {
            throw WireFailure(what: "no announcement", offset: 0)
        }
        guard try reader.byte("version") == 1 else { throw reader.failure("an unknown version") }
        flags = Flags(rawValue: try reader.byte("flags"))
        endpoint = try reader.key("endpoint")
        instance = try reader.integer(UInt64.self, "instance")
        number = try reader.integer(UInt32.self, "number")
        port4 = try reader.integer(UInt16.self, "port")
        port6 = try reader.integer(UInt16.self, "port")
        addresses = try Addresses(reading: Array(try reader.raw(reader.left, "addresses")))
    }

    init(
        flags: Flags, endpoint: Bytes32, instance: UInt64, number: UInt32, port4: UInt16, port6: UInt16,
        addresses: Addresses
    ) {
        (self.flags, self.endpoint, self.instance, self.number) = (flags, endpoint, instance, number)
        (self.port4, self.port6, self.addresses) = (port4, port6, addresses)
    }

    static func isSigned(_ packet: [UInt8], by endpoint: Bytes32) -> Bool {
        guard let signature = Signature(packet.suffix(Signature.count)) else { return false }
        return signature.verifies(kind: "announce", Array(packet.dropLast(Signature.count)), by: endpoint)
    }

    /// Where to dial, given where the packet came from (an address without port): that first, then what it lists.
    func places(from source: String) -> [String] {
        var all: [String] = []
        let isSix = source.contains(":")
        let port = isSix ? port6 : port4
        if port != 0 { all.append(isSix ? "[\(source)]:\(port)" : "\(source):\(port)") }
        for address in addresses.direct where !all.contains(address) { all.append(address) }
        return Array(all.prefix(Addresses.most))
    }
}
