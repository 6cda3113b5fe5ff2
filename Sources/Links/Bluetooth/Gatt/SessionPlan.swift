/// What to do with a connected device: from its description, or for a moment's errand.
struct SessionPlan: Hashable, Sendable {
    struct Write: Hashable, Sendable {
        var characteristic: AttUUID
        var bytes: [UInt8]
        var withoutResponse = false
    }

    struct Read: Hashable, Sendable {
        var characteristic: AttUUID
        /// 0: once.
        var everySeconds = 0
    }

    /// For one of the things a device may be; several parts may apply to one device.
    struct Part: Hashable, Sendable {
        /// Applies where the device has one of these; empty: in any case.
        var services: [AttUUID] = []
        var subscribe: [AttUUID] = []
        var read: [Read] = []
        /// In this order, after subscribing.
        var write: [Write] = []
    }

    var parts: [Part] = []
    /// Whether the link is encrypted before anything else.
    var bonded = false

    func parts(for database: GattDatabase) -> [Part] {
        parts.filter { part in
            part.services.isEmpty || part.services.contains { uuid in database.services.contains { $0.uuid == uuid } }
        }
    }
}

/// Why a session ended, in words.
enum SessionFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case noAnswer
    case malformed(String)
    case discoveryStuck
    case nothingToDo
    case needsPairing
    case refused(AttError)

    var description: String {
        switch self {
        case .noAnswer: "the device did not answer for 30 s"
        case .malformed(let what): what
        case .discoveryStuck: "the device's list of services does not end"
        case .nothingToDo: "the device has none of the characteristics that its description names"
        case .needsPairing: "the device asks for pairing: bothy sensor pair <address>"
        case .refused(let error): "the device refused: \(error)"
        }
    }
}
