import Hashing

/// Ids against duplicates, and contents for those who missed them; both by age and with a cap.
struct SeenMessages {
    private let configuration: Configuration
    private var ids: Set<Bytes32> = []
    private var idOrder = TimerOrder()
    private var contents: [Bytes32: Payload] = [:]
    private var contentOrder = TimerOrder()
    private(set) var keptBytes = 0

    init(configuration: Configuration) { self.configuration = configuration }

    mutating func contains(_ id: Bytes32, now: Int64) -> Bool {
        expire(now)
        return ids.contains(id)
    }

    /// False where it was seen before.
    mutating func insert(_ id: Bytes32, now: Int64) -> Bool {
        expire(now)
        guard ids.insert(id).inserted else { return false }
        idOrder.insert(id, at: now + configuration.keepIDs)
        if ids.count > configuration.mostIDs, let oldest = idOrder.pop(upTo: .max) { ids.remove(oldest.id) }
        return true
    }

    mutating func keep(_ payload: Payload, now: Int64) {
        guard contents.updateValue(payload, forKey: payload.id) == nil else { return }
        contentOrder.insert(payload.id, at: now + configuration.keepContent)
        keptBytes += payload.content.count
        while keptBytes > configuration.mostKeptBytes, let oldest = contentOrder.pop(upTo: .max) { discard(oldest.id) }
    }

    mutating func content(_ id: Bytes32, now: Int64) -> Payload? {
        expire(now)
        return contents[id]
    }

    private mutating func expire(_ now: Int64) {
        while let (id, _) = idOrder.pop(upTo: now) { ids.remove(id) }
        while let (id, _) = contentOrder.pop(upTo: now) { discard(id) }
    }

    private mutating func discard(_ id: Bytes32) {
        if let payload = contents.removeValue(forKey: id) { keptBytes -= payload.content.count }
    }
}
