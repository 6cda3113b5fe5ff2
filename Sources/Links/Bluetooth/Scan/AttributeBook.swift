import Measurements

/// The attributes one sensor has shown, from whichever descriptions: its readings are renumbered from a description's list
/// to its own, in which each name stands once.
struct AttributeBook {
    private(set) var declared: [AttributeDeclaration] = []
    /// For each source (a description, or a decoder in code) the sensor's attribute for each of the source's; -1 while it
    /// has not come.
    private var places: [Int: [Int16]] = [:]
    /// Values that came when the sensor had as many attributes as a sensor may have.
    private(set) var dropped: UInt64 = 0

    /// Renumbers from entry `first` on. True where the sensor now has attributes it had not: declare it again first.
    mutating func settle(_ readings: inout Readings, from first: Int, source: Int, _ all: [AttributeDeclaration])
        -> Bool
    {
        let before = declared.count
        var map = places[source] ?? []
        if map.count != all.count { map = [Int16](repeating: -1, count: all.count) }
        var overflowed = false
        for index in first..<readings.entries.count {
            let attribute = Int(readings.entries[index].attribute)
            if map[attribute] < 0 { map[attribute] = place(for: all[attribute]) }
            if map[attribute] < 0 { overflowed = true }
        }
        if overflowed {
            let count = readings.entries.count
            var at = -1
            readings.entries.removeAll {
                at += 1
                return at >= first && map[Int($0.attribute)] < 0
            }
            dropped += UInt64(count - readings.entries.count)
        }
        for index in first..<readings.entries.count {
            readings.entries[index].attribute = UInt16(map[Int(readings.entries[index].attribute)])
        }
        places[source] = map
        return declared.count > before
    }

    /// Descriptions were reloaded: their numbers mean something else now. What was declared stays.
    mutating func forgetSources() { places = [:] }

    private mutating func place(for declaration: AttributeDeclaration) -> Int16 {
        var declaration = declaration
        if let known = declared.firstIndex(where: { $0.name == declaration.name }) {
            if declared[known].kind == declaration.kind, declared[known].components == declaration.components {
                return Int16(known)
            }
            // The same word for something else, from another description.
            declaration.name += "_2"
            if let second = declared.firstIndex(of: declaration) { return Int16(second) }
        }
        guard declared.count < SensorDeclaration.mostAttributes else { return -1 }
        declared.append(declaration)
        return Int16(declared.count - 1)
    }
}
