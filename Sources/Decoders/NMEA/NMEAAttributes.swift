import Measurements

extension NMEADecoder {
    /// In the order of `Place`.
    static let standard: [AttributeDeclaration] = Place.allCases.map { place in
        switch place {
        case .position:
            AttributeDeclaration(
                name: "position", type: "geolocation", kind: .double,
                components: ["latitude", "longitude", "accuracy"], unit: "°", nominalRate: 1)
        case .altitude: metres("altitude", -2_000...100_000)
        case .speed:
            AttributeDeclaration(name: "speed", kind: .double, unit: "m/s", range: 0...1_200, nominalRate: 1)
        case .course: angle("course")
        case .heading: angle("heading")
        case .satellites: count("satellites", 0...200)
        case .satellitesInView: count("satellites_in_view", 0...3_200)
        case .fixQuality: count("fix_quality", 0...9)
        case .fixMode: count("fix_mode", 1...3)
        case .pdop: dilution("pdop")
        case .hdop: dilution("hdop")
        case .vdop: dilution("vdop")
        case .geoidSeparation: metres("geoid_separation", -200...200)
        }
    }

    private static func metres(_ name: String, _ range: ClosedRange<Double>) -> AttributeDeclaration {
        AttributeDeclaration(name: name, kind: .integer(scale: -3), unit: "m", range: range, nominalRate: 1)
    }

    private static func angle(_ name: String) -> AttributeDeclaration {
        AttributeDeclaration(
            name: name, type: "heading", kind: .integer(scale: -3), unit: "°", range: 0...360, nominalRate: 1)
    }

    private static func count(_ name: String, _ range: ClosedRange<Double>) -> AttributeDeclaration {
        AttributeDeclaration(name: name, kind: .integer(scale: 0), range: range, nominalRate: 1)
    }

    private static func dilution(_ name: String) -> AttributeDeclaration {
        AttributeDeclaration(name: name, kind: .integer(scale: -2), range: 0...100, nominalRate: 1)
    }
}
