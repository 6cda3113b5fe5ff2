/// What the kernel's management channel said.
enum MgmtEvent: Hashable, Sendable {
    case reply(opcode: UInt16, MgmtStatus, payload: [UInt8])
    case controllerError(UInt8)
    case indexAdded
    case indexRemoved
    case newSettings(MgmtSettings)
    case newLongTermKey(LongTermKey, store: Bool)
    case connected(BluetoothAddress)
    case disconnected(BluetoothAddress, reason: UInt8)
    case connectFailed(BluetoothAddress, MgmtStatus)
    case confirmRequest(BluetoothAddress, justWorks: Bool, number: UInt32)
    case passkeyRequest(BluetoothAddress)
    case passkeyNotify(BluetoothAddress, passkey: UInt32, entered: UInt8)
    case authenticationFailed(BluetoothAddress, MgmtStatus)
    case discovering(Bool)
    case unpaired(BluetoothAddress)
    case newIdentityKey(IdentityKey, resolvable: BluetoothAddress, store: Bool)
    case monitorAdded(UInt16)
    case monitorRemoved(UInt16)
    /// An advertisement, of which there may be a thousand a second: taken apart by `MgmtPacket.report` instead.
    case report
    case other(UInt16)
}

/// What an adapter is set to, or could be.
struct MgmtSettings: OptionSet, Hashable, Sendable {
    let rawValue: UInt32
    static let powered = MgmtSettings(rawValue: 1 << 0)
    static let bondable = MgmtSettings(rawValue: 1 << 4)
    static let lowEnergy = MgmtSettings(rawValue: 1 << 9)
    static let secureConnections = MgmtSettings(rawValue: 1 << 11)
}

/// Why bytes from the management channel are no packet of it.
struct MgmtMalformed: Error, Hashable, CustomStringConvertible {
    var event: UInt16
    var length: Int
    var description: String { "management event 0x\(String(event, radix: 16)) of \(length) bytes is too short" }
}

/// An advertisement heard, still in the buffer it came in.
struct MgmtReport {
    var address: BluetoothAddress
    /// dBm; 127 where the controller does not know.
    var signal: Int8
    var flags: UInt32
    var data: UnsafeRawBufferPointer
}

/// One datagram of the management channel.
struct MgmtPacket {
    static let headerSize = 6
    /// The longest the kernel sends by itself: an extended advertisement, or a list of all keys.
    static let largest = 2048

    var code: UInt16
    var index: UInt16
    private var body: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) throws(MgmtMalformed) {
        var reader = ByteReader(bytes)
        code = reader.u16()
        index = reader.u16()
        let length = Int(reader.u16())
        body = reader.take(length)
        if reader.ranOut { throw MgmtMalformed(event: code, length: bytes.count) }
    }

    var isReport: Bool { code == 0x0012 || code == 0x002F }

    /// The advertisement in an event 0x0012 (someone's discovery) or 0x002F (our monitor); nil for any other event.
    func report() throws(MgmtMalformed) -> MgmtReport? {
        guard isReport else { return nil }
        var reader = ByteReader(body)
        if code == 0x002F { _ = reader.u16() }
        let address = reader.address()
        let signal = reader.i8()
        let flags = reader.u32()
        let length = Int(reader.u16())
        let data = reader.take(length)
        if reader.ranOut { throw malformed }
        return MgmtReport(address: address, signal: signal, flags: flags, data: data)
    }

    func event() throws(MgmtMalformed) -> MgmtEvent {
        var reader = ByteReader(body)
        let event = read(&reader)
        if reader.ranOut { throw malformed }
        return event
    }

    private var malformed: MgmtMalformed { MgmtMalformed(event: code, length: body.count) }

    private func read(_ reader: inout ByteReader) -> MgmtEvent {
        switch code {
        case 0x0001, 0x0002:
            let opcode = reader.u16()
            let status = MgmtStatus(reader.u8())
            return .reply(opcode: opcode, status, payload: Array(reader.rest()))
        case 0x0003: return .controllerError(reader.u8())
        case 0x0004: return .indexAdded
        case 0x0005: return .indexRemoved
        case 0x0006: return .newSettings(MgmtSettings(rawValue: reader.u32()))
        case 0x000A:
            let store = reader.u8() != 0
            return .newLongTermKey(LongTermKey(&reader), store: store)
        case 0x000B: return .connected(reader.address())
        case 0x000C:
            let address = reader.address()
            return .disconnected(address, reason: reader.u8())
        case 0x000D:
            let address = reader.address()
            return .connectFailed(address, MgmtStatus(reader.u8()))
        case 0x000F:
            let address = reader.address()
            let justWorks = reader.u8() != 0
            return .confirmRequest(address, justWorks: justWorks, number: reader.u32())
        case 0x0010: return .passkeyRequest(reader.address())
        case 0x0011:
            let address = reader.address()
            return .authenticationFailed(address, MgmtStatus(reader.u8()))
        case 0x0012, 0x002F: return .report
        case 0x0013:
            _ = reader.u8()
            return .discovering(reader.u8() != 0)
        case 0x0016: return .unpaired(reader.address())
        case 0x0017:
            let address = reader.address()
            let passkey = reader.u32()
            return .passkeyNotify(address, passkey: passkey, entered: reader.u8())
        case 0x0018:
            let store = reader.u8() != 0
            let resolvable = BluetoothAddress(reader.unsigned(6), .random)
            return .newIdentityKey(IdentityKey(&reader), resolvable: resolvable, store: store)
        case 0x002B: return .monitorAdded(reader.u16())
        case 0x002C: return .monitorRemoved(reader.u16())
        default: return .other(code)
        }
    }
}

/// What `readInfo` answers.
struct AdapterInfo: Hashable, Sendable {
    var address: BluetoothAddress
    var version: UInt8
    var manufacturer: UInt16
    var supported: MgmtSettings
    var current: MgmtSettings

    init?(_ payload: [UInt8]) {
        guard
            let parsed = payload.withUnsafeBytes({ bytes -> AdapterInfo? in
                var reader = ByteReader(bytes)
                let info = AdapterInfo(&reader)
                return reader.ranOut ? nil : info
            })
        else { return nil }
        self = parsed
    }

    private init(_ reader: inout ByteReader) {
        address = BluetoothAddress(reader.unsigned(6), .public)
        version = reader.u8()
        manufacturer = reader.u16()
        supported = MgmtSettings(rawValue: reader.u32())
        current = MgmtSettings(rawValue: reader.u32())
    }
}
