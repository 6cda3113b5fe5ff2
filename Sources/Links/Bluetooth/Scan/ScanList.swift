import Decoders
import Measurements

/// What `bothy scan` shows of one device.
public struct HeardDevice: Hashable, Sendable {
    public var address: BluetoothAddress
    public var name: String
    /// dBm.
    public var signal: Int
    public var ageMs: Int64
    public var reports: UInt64
    public var adapter: UInt16
    /// The family that claims it; empty for none.
    public var family: String
    public var title: String
    /// `temperature 24.3 °C`, as far as they can be read without a key.
    public var values: [String]
    public var needsKey: Bool
    public var isAdopted: Bool
    /// What to type to receive it.
    public var command: String
}

extension Scanner {
    static let mostShown = 200

    /// The nearest first; at most `limit` of those heard within `within` ms.
    func snapshot(now: Int64, within: Int64 = 60_000, limit: Int = Scanner.mostShown) -> [HeardDevice] {
        var found: [HeardDevice] = []
        table.forEachNewestFirst { place in
            guard now - table[place].lastHeard <= within * 1_000_000 else { return false }
            found.append(describe(place, now))
            return true
        }
        found.sort { ($0.signal, $1.address.packed) > ($1.signal, $0.address.packed) }
        return Array(found.prefix(limit))
    }

    private func describe(_ place: Int, _ now: Int64) -> HeardDevice {
        let entry = table[place]
        var device = HeardDevice(
            address: entry.address, name: table.name(at: place) ?? "", signal: Int(entry.signal),
            ageMs: (now - entry.lastHeard) / 1_000_000, reports: entry.reports, adapter: entry.adapter, family: "",
            title: "", values: [], needsKey: false, isAdopted: entry.adopted >= 0, command: "")
        let key = entry.adopted >= 0 ? sensors[Int(entry.adopted)].key : []
        table.withData(at: place) { recognise(Advertisement(data: $0), key, &device) }
        let id = entry.address.description.lowercased()
        if !device.isAdopted, !device.family.isEmpty {
            device.command = "bothy sensor add \(id) --decoder \(device.family)" + (device.needsKey ? " --key …" : "")
        }
        return device
    }

    private func recognise(_ advertisement: Advertisement, _ key: [UInt8], _ device: inout HeardDevice) {
        var readings = Readings()
        for element in advertisement {
            guard let (source, bytes) = Scanner.frame(of: element) else { continue }
            readings.removeAll()
            let context = FrameContext(
                time: 0, source: source, name: device.name, address: device.address.number, key: key)
            switch library.decode(bytes, context, into: &readings) {
            case .decoded(let decoder, _, _): claim(decoder, &device, readings)
            case .refused(let decoder, _, let refusal):
                claim(decoder, &device, Readings())
                if refusal == .keyMissing || refusal == .wrongKey { device.needsKey = true }
            case .unknown: break
            }
        }
        guard device.family.isEmpty else { return }
        // What it names first is what it mostly is; that it has a battery comes after.
        for service in advertisement.services16.map({ BluetoothUUID($0) }) {
            guard let decoder = library.descriptions.firstIndex(where: { $0.gatt?.services.contains(service) == true })
            else { continue }
            claim(decoder, &device, Readings())
            return
        }
    }

    private func claim(_ decoder: Int, _ device: inout HeardDevice, _ readings: Readings) {
        let description = library.descriptions[decoder]
        if device.family.isEmpty { (device.family, device.title) = (description.name, description.title) }
        for entry in readings.entries {
            let attribute = description.attributes[Int(entry.attribute)]
            let unit = attribute.unit.isEmpty ? "" : " " + attribute.unit
            device.values.append("\(attribute.name) \(entry.value.text(attribute.kind))\(unit)")
        }
    }
}

extension Value {
    /// For people: an integer at its declared scale.
    func text(_ kind: ValueKind) -> String {
        switch (self, kind) {
        case (.integer(let mantissa), .integer(let scale)) where scale < 0:
            let places = Int(-scale)
            var digits = String(mantissa.magnitude)
            if digits.count <= places { digits = String(repeating: "0", count: places + 1 - digits.count) + digits }
            return (mantissa < 0 ? "-" : "") + digits.dropLast(places) + "." + digits.suffix(places)
        case (.integer(let mantissa), .integer(let scale)) where scale > 0:
            return String(mantissa) + String(repeating: "0", count: mantissa == 0 ? 0 : Int(scale))
        case (.integer(let mantissa), _): return String(mantissa)
        case (.double(let value), _): return String(value)
        case (.boolean(let value), _): return value ? "yes" : "no"
        case (.text(let value), _): return value
        }
    }
}
