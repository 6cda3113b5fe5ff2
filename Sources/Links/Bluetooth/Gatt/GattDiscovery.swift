/// Finds out what a device has, question by question: services, characteristics, and where notifications are switched on.
struct GattDiscovery {
    private enum Stage { case services, characteristics, descriptors(Int) }

    private var stage = Stage.services
    private var next: UInt16 = 1
    private(set) var database = GattDatabase()
    private(set) var isDone = false

    /// Types of the attributes that describe others.
    private enum Declaration {
        static let primary: UInt16 = 0x2800
        static let characteristic: UInt16 = 0x2803
        static let configuration: UInt16 = 0x2902
    }

    /// What to ask next; nil when all is known.
    var question: AttPacket.Request? {
        if isDone { return nil }
        switch stage {
        case .services: return .readByGroupType(next, 0xFFFF, Declaration.primary)
        case .characteristics: return .readByType(next, 0xFFFF, Declaration.characteristic)
        case .descriptors(let place): return .findInformation(next, database.characteristics[place].end)
        }
    }

    /// Takes the answer; false where it is none to what was asked, or leads nowhere.
    mutating func take(_ answer: AttPacket.Incoming) -> Bool {
        switch (stage, answer) {
        case (.services, .byGroup(let groups)):
            for (first, last, value) in groups where database.services.count < GattDatabase.mostCharacteristics {
                database.services.append((AttUUID(value), first, last))
            }
            return advance(past: groups.last?.1)
        case (.characteristics, .byType(let list)):
            for (handle, value) in list { add(declaration: handle, value) }
            return advance(past: list.last?.0)
        case (.descriptors(let place), .information(let list)):
            for (handle, type) in list where type.short == Declaration.configuration {
                database.characteristics[place].configuration = handle
            }
            let last = list.last?.0
            if database.characteristics[place].configuration != 0
                || last ?? 0xFFFF >= database.characteristics[place].end
            {
                nextDescriptors(after: place)
                return true
            }
            return advance(past: last)
        case (_, .error):
            // Whatever the reason: there is no more of this.
            nextStage()
            return true
        default: return false
        }
    }

    private mutating func add(declaration: UInt16, _ value: [UInt8]) {
        // Handle 0 is none: only a device that means harm declares something there.
        guard declaration > 0, value.count == 5 || value.count == 19,
            database.characteristics.count < GattDatabase.mostCharacteristics
        else { return }
        let handle = UInt16(value[1]) | UInt16(value[2]) << 8
        let service = database.services.first { $0.first <= declaration && declaration <= $0.last }
        if let last = database.characteristics.indices.last, database.characteristics[last].end >= declaration {
            database.characteristics[last].end = declaration - 1
        }
        database.characteristics.append(
            GattDatabase.Characteristic(
                uuid: AttUUID(Array(value[3...])), service: service?.uuid ?? AttUUID(0), declaration: declaration,
                value: handle, end: service?.last ?? 0xFFFF, properties: value[0]))
    }

    /// The questions must go forward, or a device could keep us asking for ever.
    private mutating func advance(past handle: UInt16?) -> Bool {
        guard let handle, handle >= next else { return false }
        if handle == 0xFFFF { nextStage() } else { next = handle + 1 }
        return true
    }

    private mutating func nextStage() {
        switch stage {
        case .services: (stage, next) = (.characteristics, 1)
        case .characteristics: nextDescriptors(after: -1)
        case .descriptors(let place): nextDescriptors(after: place)
        }
    }

    private mutating func nextDescriptors(after place: Int) {
        for candidate in (place + 1)..<max(place + 1, database.characteristics.count) {
            let item = database.characteristics[candidate]
            guard item.canNotify || item.canIndicate, item.value < item.end else { continue }
            (stage, next) = (.descriptors(candidate), item.value + 1)
            return
        }
        isDone = true
    }
}
