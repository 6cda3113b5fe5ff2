// sources: Sources/Links/Bluetooth/ByteReader.swift Sources/Links/Bluetooth/BluetoothAddress.swift
// sources: Sources/Links/Bluetooth/Mgmt/MgmtEvent.swift Sources/Links/Bluetooth/Mgmt/MgmtKeys.swift
// sources: Sources/Links/Bluetooth/Mgmt/MgmtStatus.swift Sources/Links/Bluetooth/Scan/Advertisement.swift
// sources: Sources/Links/Bluetooth/Att/AttPacket.swift Sources/Links/Bluetooth/Gatt/GattDatabase.swift
// sources: Sources/Links/Bluetooth/Gatt/GattDiscovery.swift Sources/Links/Bluetooth/Gatt/SessionPlan.swift
// sources: Sources/Links/Bluetooth/Gatt/GattSession.swift Sources/Links/Bluetooth/Pairing/Bond.swift
// sources: Sources/Links/Bluetooth/Code/PolarFrame.swift

/// Any bytes are an event of the management channel, an attribute message, a bond, a database, a measurement frame, or a named
/// error; and whatever a device answers, a session ends or goes on.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let rest = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    rest.withUnsafeBytes { raw in
        switch start[0] & 7 {
        case 0: management(raw)
        case 1: _ = try? AttPacket.read(raw)
        case 2: if let bond = Bond(stored: rest) { precondition(Bond(stored: bond.stored) == bond) }
        case 3:
            if let database = GattDatabase(stored: rest) {
                precondition(GattDatabase(stored: database.stored) == database)
            }
        case 4: if let frame = try? PolarFrame(rest) { precondition(frame.count <= PolarFrame.mostSamples + 1) }
        default: session(raw)
        }
    }
    return 0
}

private func management(_ raw: UnsafeRawBufferPointer) {
    guard let packet = try? MgmtPacket(raw) else { return }
    _ = try? packet.event()
    guard let report = try? packet.report() else { return }
    let advertisement = Advertisement(data: report.data)
    for _ in advertisement {}
    _ = (advertisement.fingerprint, advertisement.services16, advertisement.name)
}

/// The bytes are what a device says, message after message, each after its length.
private func session(_ raw: UnsafeRawBufferPointer) {
    let wanted = AttUUID(0x2A37)
    var session = GattSession(
        plan: SessionPlan(parts: [.init(subscribe: [wanted], read: [.init(characteristic: wanted, everySeconds: 1)])]),
        bondLevel: 2)
    _ = session.handle(.connected(security: 1), now: 0)
    var offset = 0
    var now: Int64 = 0
    while offset < raw.count {
        let length = min(Int(raw[offset]), raw.count - offset - 1)
        let message = UnsafeRawBufferPointer(rebasing: raw[offset + 1..<offset + 1 + length])
        for case .raiseSecurity(let level) in session.handle(.received(message), now: now) {
            _ = session.handle(.secured(level: level), now: now)
        }
        now += 1_000_000
        offset += 1 + length
    }
}
