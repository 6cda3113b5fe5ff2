import Hashing

/// What a gateway says it is.
public enum GatewayRole: UInt8, Sendable, CaseIterable {
    case gateway = 1
    case hub = 2
}

/// The identity's word that an endpoint key speaks for it. Sent in the hello of every connection.
public struct EndpointCert: Hashable, Sendable {
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case wrongLength(Int)
        case unknownVersion(UInt8)
        case unknownRole(UInt8)
        case badSignature

        public var description: String {
            switch self {
            case .wrongLength(let count): "endpoint certificate: \(count) bytes instead of \(EndpointCert.count)"
            case .unknownVersion(let version): "endpoint certificate: version \(version) is not known here"
            case .unknownRole(let role): "endpoint certificate: role \(role) is not known here"
            case .badSignature: "endpoint certificate: its signature is not by the identity it names"
            }
        }
    }

    /// version 1 · role · serial, 8 bytes, low first · identity 32 · endpoint 32 · signature 64
    public static let count = 138
    static let signedCount = 74

    public let identity: Bytes32
    public let endpoint: Bytes32
    public let serial: UInt64
    public let role: GatewayRole
    public let signature: Signature

    public init(of endpoint: EndpointKey, role: GatewayRole, by identity: IdentityKey) {
        self.identity = identity.id
        self.endpoint = endpoint.id
        serial = endpoint.serial
        self.role = role
        signature = identity.sign(
            kind: "endpoint", EndpointCert.body(identity.id, endpoint.id, endpoint.serial, role))
    }

    /// A certificate whose signature was checked.
    public init(verifying bytes: [UInt8]) throws(Failure) {
        guard bytes.count == EndpointCert.count else { throw .wrongLength(bytes.count) }
        guard bytes[0] == 1 else { throw .unknownVersion(bytes[0]) }
        guard let role = GatewayRole(rawValue: bytes[1]) else { throw .unknownRole(bytes[1]) }
        guard let identity = Bytes32(bytes[10..<42]), let endpoint = Bytes32(bytes[42..<74]),
            let signature = Signature(bytes[74...])
        else { throw .wrongLength(bytes.count) }
        self.identity = identity
        self.endpoint = endpoint
        serial = bytes[2..<10].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        self.role = role
        self.signature = signature
        guard signature.verifies(kind: "endpoint", Array(bytes[..<EndpointCert.signedCount]), by: identity)
        else { throw .badSignature }
    }

    public var bytes: [UInt8] { EndpointCert.body(identity, endpoint, serial, role) + signature.bytes }

    private static func body(_ identity: Bytes32, _ endpoint: Bytes32, _ serial: UInt64, _ role: GatewayRole)
        -> [UInt8]
    {
        [1, role.rawValue] + withUnsafeBytes(of: serial.littleEndian) { Array($0) } + identity.bytes + endpoint.bytes
    }
}
