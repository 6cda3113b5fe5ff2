/// What remains of a pairing: the keys by which both sides know each other again. A value for the owner to store, in a
/// file that nobody else may read.
public struct Bond: Hashable, Sendable {
    /// The device's identity address: the one it keeps.
    public var address: BluetoothAddress
    /// The adapter that was paired; keys are of no use to another.
    public var adapter: BluetoothAddress
    var longTermKeys: [LongTermKey]
    var identityKey: IdentityKey?

    /// Whether somebody in the middle was ruled out: a passkey or a number was compared.
    public var isAuthenticated: Bool { longTermKeys.contains { $0.isAuthenticated } }

    /// Most bonds kept for one adapter.
    public static let most = 64

    init(
        address: BluetoothAddress, adapter: BluetoothAddress, longTermKeys: [LongTermKey] = [],
        identityKey: IdentityKey? = nil
    ) {
        self.address = address
        self.adapter = adapter
        self.longTermKeys = longTermKeys
        self.identityKey = identityKey
    }

    private static let version: UInt8 = 1
    private static let mostKeys = 4

    /// As stored: version, adapter, address, keys in the kernel's own layout.
    public var stored: [UInt8] {
        var out = ByteWriter()
        out.u8(Bond.version)
        out.address(adapter)
        out.address(address)
        out.u8(UInt8(longTermKeys.count))
        for key in longTermKeys { key.write(&out) }
        out.u8(identityKey == nil ? 0 : 1)
        identityKey?.write(&out)
        return out.bytes
    }

    /// Nil where the bytes are not what `stored` wrote.
    public init?(stored bytes: [UInt8]) {
        let bond = bytes.withUnsafeBytes { raw -> Bond? in
            var reader = ByteReader(raw)
            guard reader.u8() == Bond.version else { return nil }
            let adapter = reader.address()
            var bond = Bond(address: reader.address(), adapter: adapter)
            let count = Int(reader.u8())
            guard count <= Bond.mostKeys else { return nil }
            for _ in 0..<count { bond.longTermKeys.append(LongTermKey(&reader)) }
            if reader.u8() == 1 { bond.identityKey = IdentityKey(&reader) }
            return reader.ranOut || reader.remaining > 0 ? nil : bond
        }
        guard let bond else { return nil }
        self = bond
    }
}
