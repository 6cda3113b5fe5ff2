/// A key that encrypts the link to a bonded device, as the kernel gives and takes it. Thirty-six bytes.
struct LongTermKey: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        case unauthenticated = 0
        case authenticated = 1
        case unauthenticatedP256 = 2
        case authenticatedP256 = 3
        case debug = 4
    }

    var address: BluetoothAddress
    var kind: UInt8
    /// 1 where this side began the connection when the key was made.
    var central: UInt8
    var strength: UInt8
    var diversifier: UInt16
    var random: UInt64
    var value: [UInt8]

    static let size = 36

    var isAuthenticated: Bool {
        kind == Kind.authenticated.rawValue || kind == Kind.authenticatedP256.rawValue
    }

    init(
        address: BluetoothAddress, kind: UInt8, central: UInt8, strength: UInt8, diversifier: UInt16, random: UInt64,
        value: [UInt8]
    ) {
        self.address = address
        self.kind = kind
        self.central = central
        self.strength = strength
        self.diversifier = diversifier
        self.random = random
        self.value = value
    }

    init(_ reader: inout ByteReader) {
        address = reader.address()
        kind = reader.u8()
        central = reader.u8()
        strength = reader.u8()
        diversifier = reader.u16()
        random = reader.unsigned(8)
        value = reader.array(16)
    }

    func write(_ out: inout ByteWriter) {
        out.address(address)
        out.u8(kind)
        out.u8(central)
        out.u8(strength)
        out.u16(diversifier)
        out.u64(random)
        out.append(value)
    }
}

/// The key by which a device's changing random addresses are known for its own. Twenty-three bytes.
struct IdentityKey: Hashable, Sendable {
    var address: BluetoothAddress
    var value: [UInt8]

    init(address: BluetoothAddress, value: [UInt8]) {
        self.address = address
        self.value = value
    }

    init(_ reader: inout ByteReader) {
        address = reader.address()
        value = reader.array(16)
    }

    func write(_ out: inout ByteWriter) {
        out.address(address)
        out.append(value)
    }
}

/// How often a connection's two sides meet, in the radio's units (1.25 ms and 10 ms).
struct ConnectionParameters: Hashable, Sendable {
    var address: BluetoothAddress
    var shortestInterval: UInt16
    var longestInterval: UInt16
    var latency: UInt16
    var timeout: UInt16

    func write(_ out: inout ByteWriter) {
        out.address(address)
        out.u16(shortestInterval)
        out.u16(longestInterval)
        out.u16(latency)
        out.u16(timeout)
    }
}
