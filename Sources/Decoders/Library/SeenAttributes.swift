import Measurements

/// Which of a description's attributes a device has shown, in the order in which they came. A sensor declares only
/// those: a family may describe more than a sensor may have.
public struct SeenAttributes: Sendable {
    private let all: [AttributeDeclaration]
    /// The sensor's attribute for each of the description's; -1 while it has not come.
    private var place: [Int16]
    public private(set) var declared: [AttributeDeclaration] = []
    /// Values that came after the sensor had as many attributes as a sensor may have.
    public private(set) var dropped = 0

    public init(_ description: Description) { self.init(description.attributes) }

    public init(_ attributes: [AttributeDeclaration]) {
        all = attributes
        place = [Int16](repeating: -1, count: attributes.count)
    }

    /// Renumbers the readings for the sensor. True when it now has attributes that it had not: declare it again first.
    public mutating func settle(_ readings: inout Readings) -> Bool {
        let before = declared.count
        var overflowed = false
        for index in readings.entries.indices {
            let attribute = Int(readings.entries[index].attribute)
            if place[attribute] < 0 {
                guard declared.count < SensorDeclaration.mostAttributes else {
                    overflowed = true
                    continue
                }
                place[attribute] = Int16(declared.count)
                declared.append(all[attribute])
            }
        }
        if overflowed {
            let count = readings.entries.count
            readings.entries.removeAll { place[Int($0.attribute)] < 0 }
            dropped += count - readings.entries.count
        }
        for index in readings.entries.indices {
            readings.entries[index].attribute = UInt16(place[Int(readings.entries[index].attribute)])
        }
        return declared.count > before
    }
}
