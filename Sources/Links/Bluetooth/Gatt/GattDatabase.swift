/// What a device has: its services and their characteristics, as discovered. Kept by the hash the device gives of it, so
/// that the next connection need not ask again.
struct GattDatabase: Hashable, Sendable {
    struct Characteristic: Hashable, Sendable {
        var uuid: AttUUID
        var service: AttUUID
        var declaration: UInt16
        var value: UInt16
        /// The last handle that may belong to it.
        var end: UInt16
        var properties: UInt8
        /// Where notifications are switched on; 0 where there is no such place.
        var configuration: UInt16 = 0

        var canRead: Bool { properties & 0x02 != 0 }
        var canNotify: Bool { properties & 0x10 != 0 }
        var canIndicate: Bool { properties & 0x20 != 0 }
    }

    static let mostCharacteristics = 256

    /// Sixteen bytes; empty where the device gives none.
    var hash: [UInt8] = []
    var services: [(uuid: AttUUID, first: UInt16, last: UInt16)] = []
    var characteristics: [Characteristic] = []

    static func == (left: GattDatabase, right: GattDatabase) -> Bool { left.stored == right.stored }
    func hash(into hasher: inout Hasher) { hasher.combine(stored) }

    func characteristic(_ uuid: AttUUID) -> Characteristic? { characteristics.first { $0.uuid == uuid } }
    func characteristic(value handle: UInt16) -> Characteristic? { characteristics.first { $0.value == handle } }

    private static let version: UInt8 = 1

    /// As kept on disk.
    var stored: [UInt8] {
        var out = ByteWriter()
        func add(_ uuid: AttUUID) {
            out.u8(UInt8(uuid.bytes.count))
            out.append(uuid.bytes)
        }
        out.u8(GattDatabase.version)
        out.u8(UInt8(hash.count))
        out.append(hash)
        out.u16(UInt16(services.count))
        for service in services {
            add(service.uuid)
            out.u16(service.first)
            out.u16(service.last)
        }
        out.u16(UInt16(characteristics.count))
        for item in characteristics {
            add(item.uuid)
            add(item.service)
            for handle in [item.declaration, item.value, item.end, item.configuration] { out.u16(handle) }
            out.u8(item.properties)
        }
        return out.bytes
    }

    init() {}

    /// Nil where the bytes are not what `stored` wrote.
    init?(stored bytes: [UInt8]) {
        let database = bytes.withUnsafeBytes { raw -> GattDatabase? in
            var reader = ByteReader(raw)
            func uuid() -> AttUUID { AttUUID(reader.array(Int(reader.u8()))) }
            guard reader.u8() == GattDatabase.version else { return nil }
            var database = GattDatabase()
            database.hash = reader.array(Int(reader.u8()))
            for _ in 0..<min(Int(reader.u16()), GattDatabase.mostCharacteristics) {
                let type = uuid()
                let first = reader.u16()
                database.services.append((type, first, reader.u16()))
            }
            for _ in 0..<min(Int(reader.u16()), GattDatabase.mostCharacteristics) {
                let (type, service) = (uuid(), uuid())
                let (declaration, value, end, configuration) = (reader.u16(), reader.u16(), reader.u16(), reader.u16())
                database.characteristics.append(
                    Characteristic(
                        uuid: type, service: service, declaration: declaration, value: value, end: end,
                        properties: reader.u8(), configuration: configuration))
            }
            return reader.ranOut || reader.remaining > 0 ? nil : database
        }
        guard let database else { return nil }
        self = database
    }
}
