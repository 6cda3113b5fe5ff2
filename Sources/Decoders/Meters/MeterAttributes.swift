import Measurements

/// What electricity meters count, by OBIS code; one table for DSMR telegrams and SML.
public struct MeterTable: Sendable {

    public let attributes: [AttributeDeclaration]
    /// By code, packed, for both.
    private let places: [UInt32: Int]

    static func key(_ c: UInt8, _ d: UInt8, _ e: UInt8) -> UInt32 { UInt32(c) << 16 | UInt32(d) << 8 | UInt32(e) }

    func attribute(_ c: UInt8, _ d: UInt8, _ e: UInt8) -> Int? { places[Self.key(c, d, e)] }

    private init(_ rows: [(code: (UInt8, UInt8, UInt8), AttributeDeclaration)]) {
        attributes = rows.map(\.1)
        var places: [UInt32: Int] = [:]
        for (index, row) in rows.enumerated() { places[Self.key(row.code.0, row.code.1, row.code.2)] = index }
        self.places = places
    }

    /// P1 gives whole watt-hours and watts.
    public static let dsmr = MeterTable(rows(energyScale: -3, powerScale: 0) + others)
    /// SML gives tenths of a watt-hour and often hundredths of a watt.
    public static let sml = MeterTable(rows(energyScale: -4, powerScale: -2))

    private static func rows(energyScale: Int8, powerScale: Int8) -> [(
        code: (UInt8, UInt8, UInt8), AttributeDeclaration
    )] {
        var rows: [(code: (UInt8, UInt8, UInt8), AttributeDeclaration)] = []
        func add(_ c: UInt8, _ d: UInt8, _ e: UInt8, _ name: String, _ scale: Int8, _ unit: String, _ most: Double) {
            let signed = unit == "W" || unit == "A" ? -most : 0
            rows.append(
                (
                    (c, d, e),
                    AttributeDeclaration(
                        name: name, type: unit == "kWh" ? "energy" : unit == "W" ? "power" : name,
                        kind: .integer(scale: scale), unit: unit, range: signed...most)
                ))
        }
        for (c, direction) in [(UInt8(1), "import"), (2, "export")] {
            add(c, 8, 0, "energy_\(direction)", energyScale, "kWh", 1e9)
            add(c, 8, 1, "energy_\(direction)_tariff_1", energyScale, "kWh", 1e9)
            add(c, 8, 2, "energy_\(direction)_tariff_2", energyScale, "kWh", 1e9)
            add(c, 7, 0, "power_\(direction)", powerScale, "W", 1e6)
        }
        add(16, 7, 0, "power", powerScale, "W", 1e6)
        // Older German meters give their power, without a sign, here.
        add(15, 7, 0, "power_absolute", powerScale, "W", 1e6)
        for phase: UInt8 in 1...3 {
            let base = phase * 20
            add(base + 1, 7, 0, "power_import_l\(phase)", powerScale, "W", 1e6)
            add(base + 2, 7, 0, "power_export_l\(phase)", powerScale, "W", 1e6)
            add(base + 16, 7, 0, "power_l\(phase)", powerScale, "W", 1e6)
            add(base + 11, 7, 0, "current_l\(phase)", -3, "A", 1e4)
            add(base + 12, 7, 0, "voltage_l\(phase)", -1, "V", 1e3)
        }
        add(14, 7, 0, "frequency", -2, "Hz", 100)
        return rows
    }

    private static let others: [(code: (UInt8, UInt8, UInt8), AttributeDeclaration)] = [
        ((96, 14, 0), AttributeDeclaration(name: "tariff", kind: .integer(scale: 0), range: 0...9999)),
        ((96, 7, 21), AttributeDeclaration(name: "power_failures", kind: .integer(scale: 0), range: 0...99999)),
        ((96, 7, 9), AttributeDeclaration(name: "long_power_failures", kind: .integer(scale: 0), range: 0...99999)),
        // Of meters behind this one, whose kind the telegram tells (`DSMRDecoder.places`).
        ((0, 0, 3), AttributeDeclaration(name: "gas", kind: .integer(scale: -3), unit: "m³", range: 0...1e7)),
        ((0, 0, 7), AttributeDeclaration(name: "water", kind: .integer(scale: -3), unit: "m³", range: 0...1e7)),
        ((0, 0, 4), AttributeDeclaration(name: "heat", kind: .integer(scale: -3), unit: "GJ", range: 0...1e7)),
    ]
}
