/// One message of the Attribute Protocol, as the client side sends and understands them. (Core specification, volume 3,
/// part F.)
enum AttPacket {
    static let smallestMTU = 23
    /// As much as the kernel's own GATT asks for.
    static let wantedMTU = 517
    /// The longest value an attribute may have.
    static let longestValue = 512

    /// What a client asks.
    enum Request: Hashable, Sendable {
        case exchangeMTU(UInt16)
        case findInformation(UInt16, UInt16)
        case readByType(UInt16, UInt16, UInt16)
        case readByGroupType(UInt16, UInt16, UInt16)
        case read(UInt16)
        case readBlob(UInt16, offset: UInt16)
        case write(UInt16, [UInt8])
        /// Not answered.
        case writeCommand(UInt16, [UInt8])

        var opcode: UInt8 {
            switch self {
            case .exchangeMTU: 0x02
            case .findInformation: 0x04
            case .readByType: 0x08
            case .read: 0x0A
            case .readBlob: 0x0C
            case .readByGroupType: 0x10
            case .write: 0x12
            case .writeCommand: 0x52
            }
        }

        var bytes: [UInt8] {
            var out = ByteWriter()
            out.u8(opcode)
            switch self {
            case .exchangeMTU(let size): out.u16(size)
            case .findInformation(let from, let to):
                out.u16(from)
                out.u16(to)
            case .readByType(let from, let to, let type), .readByGroupType(let from, let to, let type):
                out.u16(from)
                out.u16(to)
                out.u16(type)
            case .read(let handle): out.u16(handle)
            case .readBlob(let handle, let offset):
                out.u16(handle)
                out.u16(offset)
            case .write(let handle, let value), .writeCommand(let handle, let value):
                out.u16(handle)
                out.append(value)
            }
            return out.bytes
        }
    }

    /// What comes from the other side.
    enum Incoming: Hashable, Sendable {
        case error(request: UInt8, handle: UInt16, AttError)
        case mtu(UInt16)
        /// Handle and type of attributes.
        case information([(UInt16, AttUUID)])
        /// Attributes of one type: handle and value, all values of one length.
        case byType([(UInt16, [UInt8])])
        /// Groups: first and last handle, and value.
        case byGroup([(UInt16, UInt16, [UInt8])])
        case value([UInt8])
        case blob([UInt8])
        case written
        case notification(UInt16, [UInt8])
        case indication(UInt16, [UInt8])
        /// The other side asks us for something.
        case request(UInt8, handle: UInt16)
        /// To be passed over: a command, or an answer of a newer protocol.
        case ignored(UInt8)

        static func == (left: Incoming, right: Incoming) -> Bool { "\(left)" == "\(right)" }
        func hash(into hasher: inout Hasher) { hasher.combine("\(self)") }
    }

    struct Malformed: Error, Hashable, CustomStringConvertible {
        var opcode: UInt8
        var length: Int
        var description: String { "attribute message 0x\(String(opcode, radix: 16)) of \(length) bytes is malformed" }
    }

    static let confirmation: [UInt8] = [0x1E]

    /// Our answer to a request: this side has no attributes.
    static func refuse(_ opcode: UInt8, handle: UInt16) -> [UInt8] {
        var out = ByteWriter()
        out.u8(0x01)
        out.u8(opcode)
        out.u16(handle)
        let searches: Set<UInt8> = [0x04, 0x06, 0x08, 0x10]
        out.u8(searches.contains(opcode) ? AttError.notFound.code : AttError.notSupported.code)
        return out.bytes
    }

    static func answerMTU(_ size: UInt16) -> [UInt8] {
        var out = ByteWriter()
        out.u8(0x03)
        out.u16(size)
        return out.bytes
    }

    static func read(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> Incoming {
        var reader = ByteReader(bytes)
        let opcode = reader.u8()
        let incoming = incoming(opcode, &reader)
        guard let incoming, !reader.ranOut else { throw Malformed(opcode: opcode, length: bytes.count) }
        return incoming
    }

    private static func incoming(_ opcode: UInt8, _ reader: inout ByteReader) -> Incoming? {
        switch opcode {
        case 0x01:
            let request = reader.u8()
            let handle = reader.u16()
            return .error(request: request, handle: handle, AttError(code: reader.u8()))
        case 0x03: return .mtu(reader.u16())
        case 0x05: return information(&reader)
        case 0x09:
            let size = Int(reader.u8())
            guard size >= 2, reader.remaining % size == 0 else { return nil }
            var list: [(UInt16, [UInt8])] = []
            while reader.remaining > 0 {
                let handle = reader.u16()
                list.append((handle, reader.array(size - 2)))
            }
            return .byType(list)
        case 0x11:
            let size = Int(reader.u8())
            guard size >= 4, reader.remaining % size == 0 else { return nil }
            var list: [(UInt16, UInt16, [UInt8])] = []
            while reader.remaining > 0 {
                let first = reader.u16()
                let last = reader.u16()
                list.append((first, last, reader.array(size - 4)))
            }
            return .byGroup(list)
        case 0x0B: return .value(Array(reader.rest()))
        case 0x0D: return .blob(Array(reader.rest()))
        case 0x13: return .written
        case 0x1B, 0x1D:
            let handle = reader.u16()
            let value = Array(reader.rest())
            return opcode == 0x1B ? .notification(handle, value) : .indication(handle, value)
        case 0x02: return .request(opcode, handle: reader.u16())
        case 0x04, 0x06, 0x08, 0x0A, 0x0C, 0x0E, 0x10, 0x12, 0x16, 0x18, 0x20:
            return .request(opcode, handle: reader.remaining >= 2 ? reader.u16() : 0)
        default: return .ignored(opcode)
        }
    }

    private static func information(_ reader: inout ByteReader) -> Incoming? {
        let size: Int
        switch reader.u8() {
        case 1: size = 2
        case 2: size = 16
        default: return nil
        }
        guard reader.remaining % (2 + size) == 0 else { return nil }
        var list: [(UInt16, AttUUID)] = []
        while reader.remaining > 0 {
            let handle = reader.u16()
            list.append((handle, AttUUID(reader.array(size))))
        }
        return .information(list)
    }
}

/// A type of attribute as on the wire: two or sixteen bytes, the least significant first.
struct AttUUID: Hashable, Sendable {
    var bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ short: UInt16) { bytes = [UInt8(truncatingIfNeeded: short), UInt8(short >> 8)] }
    /// For the ones with two bytes.
    var short: UInt16? { bytes.count == 2 ? UInt16(bytes[0]) | UInt16(bytes[1]) << 8 : nil }
}

/// Why the other side refused.
struct AttError: Hashable, Sendable, CustomStringConvertible {
    var code: UInt8
    init(code: UInt8) { self.code = code }

    static let insufficientAuthentication = AttError(code: 0x05)
    static let notSupported = AttError(code: 0x06)
    static let insufficientAuthorization = AttError(code: 0x08)
    static let notFound = AttError(code: 0x0A)
    static let insufficientKeySize = AttError(code: 0x0C)
    static let insufficientEncryption = AttError(code: 0x0F)

    /// Whether an encrypted link would change the answer.
    var asksForSecurity: Bool {
        self == .insufficientAuthentication || self == .insufficientEncryption || self == .insufficientKeySize
    }

    private static let words = [
        "", "invalid handle", "it may not be read", "it may not be written", "invalid message",
        "it asks for pairing with a passkey or an encrypted link", "not supported", "invalid offset",
        "not authorised", "queue full", "no such attribute", "not long", "the key is too short", "invalid length",
        "unlikely error", "it asks for an encrypted link", "unsupported group", "no resources",
    ]

    var description: String {
        Int(code) < AttError.words.count && code > 0 ? AttError.words[Int(code)] : "error 0x\(String(code, radix: 16))"
    }
}
