import Decoders
import Measurements
import System

/// From an advertisement to a sensor's readings. Everyone in the air is noted in a bounded table; what is said by an
/// adopted sensor is decoded, freed of repeats and handed on.
final class Scanner {
    /// A signal strength is a value of every sensor here.
    static let signal = AttributeDeclaration(
        name: "rssi", type: "signal", kind: .integer(scale: 0), unit: "dBm", range: -127...20)
    private static let signalSource = -1

    struct Counters: Hashable {
        var reports: UInt64 = 0
        var adopted: UInt64 = 0
        var delivered: UInt64 = 0
        var repeats: UInt64 = 0
        var replays: UInt64 = 0
        var refused: UInt64 = 0
        var samples: UInt64 = 0
    }

    private(set) var library: DecoderLibrary
    private(set) var table: DeviceTable
    private(set) var sensors: [AdoptedSensor] = []
    private var byNumber: [UInt64: Int] = [:]
    private var identities: [(key: [UInt8], sensor: Int)] = []
    private(set) var counters = Counters()
    private var readings = Readings()

    weak var owner: (any LinkOwner)?
    unowned let link: any Link
    /// An adopted sensor was heard: its session may connect.
    var onHeard: (Int) -> Void = { _ in }

    /// A connected sensor told times between heartbeats.
    var onBeats: (Int, [Double]) -> Void = { _, _ in }

    init(link: any Link, library: DecoderLibrary, capacity: Int = DeviceTable.most) {
        self.link = link
        self.library = library
        table = DeviceTable(capacity: capacity)
    }

    // MARK: Who is adopted

    /// Replaces the adopted sensors; those that stay keep their handle and counters.
    func adopt(_ list: [BluetoothSettings.Adopted]) {
        let before = sensors
        sensors = list.prefix(BluetoothSettings.mostAdopted).map { settings in
            before.first { $0.settings == settings } ?? AdoptedSensor(settings)
        }
        byNumber = [:]
        for (index, sensor) in sensors.enumerated() { byNumber[sensor.settings.address.number] = index }
        relabel()
    }

    /// Keys by which changing addresses are known; each belongs to the adopted sensor with that identity address.
    func identify(_ bonds: [Bond]) {
        identities = bonds.compactMap { bond in
            guard let key = bond.identityKey, let sensor = byNumber[bond.address.number] else { return nil }
            return (key.value, sensor)
        }
        relabel()
    }

    func replace(library: DecoderLibrary) {
        self.library = library
        for sensor in sensors { sensor.attributes.forgetSources() }
    }

    func index(of address: BluetoothAddress) -> Int? { byNumber[address.number] }

    private func relabel() {
        for place in 0..<table.count { table[place].adopted = adopted(table[place].address) }
    }

    private func adopted(_ address: BluetoothAddress) -> Int32 {
        if let index = byNumber[address.number] { return Int32(index) }
        guard address.isResolvable else { return -1 }
        for identity in identities where ResolvableAddress.belongs(address, to: identity.key) {
            return Int32(identity.sensor)
        }
        return -1
    }

    // MARK: Hearing

    /// One advertisement. What is no adopted sensor's costs a look-up and a copy.
    func heard(_ report: MgmtReport, adapter: UInt16, now: Int64) {
        counters.reports += 1
        let (place, isNew, _) = table.heard(report, adapter: adapter, now: now)
        if isNew { table[place].adopted = adopted(report.address) }
        let index = Int(table[place].adopted)
        guard index >= 0 else { return }
        counters.adopted += 1
        let sensor = sensors[index]
        sensor.lastHeard = now
        sensor.signal = report.signal
        sensor.adapter = adapter
        sensor.address = report.address
        let advertisement = Advertisement(data: report.data)
        if sensor.name.isEmpty, let name = advertisement.name { sensor.name = String(decoding: name, as: UTF8.self) }
        for element in advertisement {
            if let (source, bytes) = Scanner.frame(of: element) { take(bytes, source, for: sensor, now) }
        }
        onHeard(index)
    }

    /// The frame in an element, if it is of a kind that carries one.
    static func frame(of element: Advertisement.Element) -> (FrameSource, UnsafeRawBufferPointer)? {
        let bytes = element.bytes
        switch element.type {
        case Advertisement.Kind.manufacturer where bytes.count >= 2:
            return (
                .manufacturer(UInt16(bytes[0]) | UInt16(bytes[1]) << 8),
                UnsafeRawBufferPointer(rebasing: bytes[2...])
            )
        case Advertisement.Kind.serviceData16 where bytes.count >= 2:
            let uuid = BluetoothUUID(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
            return (.serviceData(uuid), UnsafeRawBufferPointer(rebasing: bytes[2...]))
        case Advertisement.Kind.serviceData128 where bytes.count >= 16:
            guard let uuid = BluetoothUUID(littleEndian: Array(bytes[0..<16])) else { return nil }
            return (.serviceData(uuid), UnsafeRawBufferPointer(rebasing: bytes[16...]))
        default: return nil
        }
    }

    /// A value a connected device sent: decoded by the same descriptions, never a repeat.
    func received(_ bytes: [UInt8], characteristic: AttUUID, sensor index: Int, now: Int64) {
        guard sensors.indices.contains(index), let uuid = BluetoothUUID(littleEndian: characteristic.bytes) else {
            return
        }
        bytes.withUnsafeBytes { take($0, .characteristic(uuid), for: sensors[index], now) }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ source: FrameSource, for sensor: AdoptedSensor, _ now: Int64) {
        readings.removeAll()
        let context = FrameContext(
            time: now, source: source, name: sensor.name, address: sensor.settings.address.number, key: sensor.key)
        switch library.decode(bytes, context, into: &readings) {
        case .unknown: sensor.counters.unknown += 1
        case .refused(let decoder, _, let refusal):
            sensor.counters.refused += 1
            counters.refused += 1
            present(sensor, decoder)
            if let handle = sensor.handle { owner?.fault(refusal.kind, detail: refusal.sentence, sensor: handle) }
        case .decoded(let decoder, let frame, let outcome):
            sensor.counters.frames += 1
            if case .characteristic = source {
                let beats = intervals(decoder)
                deliver(sensor, decoder, now)
                if !beats.isEmpty, let index = byNumber[sensor.settings.address.number] { onBeats(index, beats) }
                return
            }
            let fingerprint = Advertisement(data: bytes).fingerprint
            switch sensor.judge(outcome, kind: decoder << 8 | frame, fingerprint: fingerprint, now: now) {
            case .new:
                deliver(sensor, decoder, now)
            case .aRepeat:
                sensor.counters.repeats += 1
                counters.repeats += 1
            case .replay:
                sensor.counters.replays += 1
                counters.replays += 1
                guard let handle = sensor.handle else { return }
                owner?.fault(
                    "replayed_counters",
                    detail: "the counter went back: an old frame, or the device began anew (bothy sensor key tells so)",
                    sensor: handle)
            }
        }
    }

    /// Times between heartbeats among the readings, before they are renumbered.
    private func intervals(_ decoder: Int) -> [Double] {
        let attributes = library.descriptions[decoder].attributes
        return readings.entries.compactMap { entry in
            guard case .double(let value) = entry.value, attributes[Int(entry.attribute)].name == "rr" else {
                return nil
            }
            return value
        }
    }

    private func deliver(_ sensor: AdoptedSensor, _ decoder: Int, _ now: Int64) {
        guard !readings.entries.isEmpty else {
            present(sensor, decoder)
            return
        }
        var isNew = sensor.attributes.settle(
            &readings, from: 0, source: decoder, library.descriptions[decoder].attributes)
        if sensor.signal != 127 {
            let first = readings.entries.count
            readings.append(attribute: 0, time: now, .integer(Int64(sensor.signal)))
            if sensor.attributes.settle(&readings, from: first, source: Scanner.signalSource, [Scanner.signal]) {
                isNew = true
            }
        }
        if isNew || sensor.handle == nil {
            declare(sensor, library.descriptions[decoder].label, library.descriptions[decoder].kind)
        }
        guard let handle = sensor.handle else { return }
        counters.delivered += 1
        counters.samples += UInt64(readings.entries.count)
        owner?.deliver(readings, from: handle)
    }

    /// Readings that code made, of a sensor whose attributes it names itself.
    func deliver(_ made: Readings, sensor index: Int, source: Int, decoder: String, attributes: [AttributeDeclaration])
    {
        guard sensors.indices.contains(index), !made.entries.isEmpty else { return }
        let sensor = sensors[index]
        var made = made
        if sensor.attributes.settle(&made, from: 0, source: source, attributes) || sensor.handle == nil {
            declare(sensor, decoder, sensor.kind)
        }
        guard let handle = sensor.handle else { return }
        counters.delivered += 1
        counters.samples += UInt64(made.entries.count)
        owner?.deliver(made, from: handle)
    }

    func fault(_ kind: StaticString, _ detail: String, sensor index: Int) {
        guard let handle = sensors[index].handle else { return }
        owner?.fault(kind, detail: detail, sensor: handle)
    }

    /// Makes a sensor known even before its first value, so that its faults have a name.
    private func present(_ sensor: AdoptedSensor, _ decoder: Int) {
        guard sensor.handle == nil else { return }
        declare(sensor, library.descriptions[decoder].label, library.descriptions[decoder].kind)
    }

    func declare(_ sensor: AdoptedSensor, _ decoder: String, _ kind: String) {
        guard !sensor.isRefused, let owner else { return }
        (sensor.decoder, sensor.kind) = (decoder, kind)
        sensor.handle = owner.declare(
            SensorDeclaration(
                id: sensor.id, name: sensor.settings.name ?? (sensor.name.isEmpty ? sensor.id : sensor.name),
                kind: kind,
                origin: "ble:\(sensor.settings.address)", decoder: decoder, attributes: sensor.attributes.declared),
            from: link)
        if sensor.handle == nil { sensor.isRefused = true }
    }
}

extension Refusal {
    /// The name under which an owner counts it.
    var kind: StaticString {
        switch self {
        case .tooShort: "too_short"
        case .tooLong: "too_long"
        case .checksum: "checksum_errors"
        case .keyMissing: "key_missing"
        case .wrongKey: "wrong_key"
        case .malformedObjects: "malformed_objects"
        }
    }
}
