/// A command to the kernel's Bluetooth management channel.
enum MgmtCommand: Hashable, Sendable {
    case readVersion
    case readIndexList
    case readInfo
    case setPowered(Bool)
    case setBondable(Bool)
    case setLowEnergy(Bool)
    case setSecureConnections(Bool)
    case setIOCapability(IOCapability)
    case loadLongTermKeys([LongTermKey])
    case loadIdentityKeys([IdentityKey])
    case loadConnectionParameters([ConnectionParameters])
    case disconnect(BluetoothAddress)
    case readConnections
    case pair(BluetoothAddress, IOCapability)
    case cancelPairing(BluetoothAddress)
    case unpair(BluetoothAddress, disconnect: Bool)
    case confirm(BluetoothAddress, accept: Bool)
    case passkey(BluetoothAddress, UInt32)
    case refusePasskey(BluetoothAddress)
    case startDiscovery
    case stopDiscovery
    case addDevice(BluetoothAddress)
    case removeDevice(BluetoothAddress)
    case setScanDuty(ScanDuty)
    case readMonitorFeatures
    case addMonitor
    case removeMonitor(UInt16)

    /// What this side can show and ask, as far as pairing is concerned.
    enum IOCapability: UInt8, Sendable {
        case displayOnly = 0
        case displayYesNo = 1
        case keyboardOnly = 2
        case none = 3
        case keyboardDisplay = 4
    }

    /// Low energy advertisements only, public and random addresses.
    static let lowEnergyDiscovery: UInt8 = 0x06

    var opcode: UInt16 {
        switch self {
        case .readVersion: 0x0001
        case .readIndexList: 0x0003
        case .readInfo: 0x0004
        case .setPowered: 0x0005
        case .setBondable: 0x0009
        case .setLowEnergy: 0x000D
        case .loadLongTermKeys: 0x0013
        case .disconnect: 0x0014
        case .readConnections: 0x0015
        case .setIOCapability: 0x0018
        case .pair: 0x0019
        case .cancelPairing: 0x001A
        case .unpair: 0x001B
        case .confirm(_, let accept): accept ? 0x001C : 0x001D
        case .passkey: 0x001E
        case .refusePasskey: 0x001F
        case .startDiscovery: 0x0023
        case .stopDiscovery: 0x0024
        case .setSecureConnections: 0x002D
        case .loadIdentityKeys: 0x0030
        case .addDevice: 0x0033
        case .removeDevice: 0x0034
        case .loadConnectionParameters: 0x0035
        case .setScanDuty: 0x004C
        case .readMonitorFeatures: 0x0051
        case .addMonitor: 0x0052
        case .removeMonitor: 0x0053
        }
    }

    /// The name in sentences for people.
    var name: String {
        let text = "\(self)"
        return String(text.prefix { $0 != "(" })
    }

    /// How long the kernel may take to answer. Pairing and power wait for a device; the rest is answered at once.
    var timeoutMs: Int64 {
        switch self {
        case .pair: 60_000
        case .setPowered: 10_000
        default: 5_000
        }
    }

    func encode(index: UInt16) -> [UInt8] {
        var parameters = ByteWriter()
        writeParameters(&parameters)
        var packet = ByteWriter()
        packet.u16(opcode)
        packet.u16(index)
        packet.u16(UInt16(parameters.bytes.count))
        packet.append(parameters.bytes)
        return packet.bytes
    }

    private func writeParameters(_ out: inout ByteWriter) {
        switch self {
        case .readVersion, .readIndexList, .readInfo, .readConnections, .readMonitorFeatures: break
        case .setPowered(let on), .setBondable(let on), .setLowEnergy(let on), .setSecureConnections(let on):
            out.u8(on ? 1 : 0)
        case .setIOCapability(let capability): out.u8(capability.rawValue)
        case .loadLongTermKeys(let keys):
            out.u16(UInt16(keys.count))
            for key in keys { key.write(&out) }
        case .loadIdentityKeys(let keys):
            out.u16(UInt16(keys.count))
            for key in keys { key.write(&out) }
        case .loadConnectionParameters(let list):
            out.u16(UInt16(list.count))
            for parameters in list { parameters.write(&out) }
        case .disconnect(let address), .cancelPairing(let address), .confirm(let address, _),
            .refusePasskey(let address), .removeDevice(let address):
            out.address(address)
        case .pair(let address, let capability):
            out.address(address)
            out.u8(capability.rawValue)
        case .unpair(let address, let disconnect):
            out.address(address)
            out.u8(disconnect ? 1 : 0)
        case .passkey(let address, let key):
            out.address(address)
            out.u32(key)
        case .startDiscovery, .stopDiscovery: out.u8(MgmtCommand.lowEnergyDiscovery)
        case .addDevice(let address):
            out.address(address)
            out.u8(0x02)  // connect whenever it is heard
        case .setScanDuty(let duty):
            out.u16(0x0013)
            out.u8(2)
            out.u16(duty.interval)
            out.u16(0x0014)
            out.u8(2)
            out.u16(duty.window)
        case .addMonitor: MonitorPattern.write(&out)
        case .removeMonitor(let handle): out.u16(handle)
        }
    }
}

/// How much of the time the receiver listens, in the radio's units of 0.625 ms.
public struct ScanDuty: Hashable, Sendable {
    public var interval: UInt16
    public var window: UInt16

    public static let shortest: UInt16 = 4
    public static let longest: UInt16 = 0x4000

    /// Always listening.
    public static let full = ScanDuty(interval: 96, window: 96)
    /// The kernel's own: 30 of 60 ms.
    public static let half = ScanDuty(interval: 96, window: 48)
    /// For when no adopted sensor needs the adapter: 30 of 300 ms.
    public static let idle = ScanDuty(interval: 480, window: 48)

    /// Nil where the radio does not know such times.
    public init?(intervalMs: Double, windowMs: Double) {
        let interval = (intervalMs / 0.625).rounded()
        let window = (windowMs / 0.625).rounded()
        let known = Double(ScanDuty.shortest)...Double(ScanDuty.longest)
        guard known.contains(interval), known.contains(window), window <= interval else { return nil }
        self.init(interval: UInt16(interval), window: UInt16(window))
    }

    init(interval: UInt16, window: UInt16) {
        self.interval = interval
        self.window = window
    }

    /// 0…1.
    public var share: Double { Double(window) / Double(interval) }
}
