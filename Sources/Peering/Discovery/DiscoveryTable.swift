import Hashing

/// Who was heard on the local network lately. Bounded; strangers make room first. Pure: times are boot time in nanoseconds.
struct DiscoveryTable {
    struct Entry: Hashable {
        var instance: UInt64
        var number: UInt32
        var places: [String]
        var isPairing: Bool
        var heardAt: Int64
        var isKnown: Bool
    }

    static let most = 256
    /// Checked signatures a second, for those known here and for all others.
    static let checksOfKnown = 50.0
    static let checksOfStrangers = 10.0

    private(set) var entries: [Bytes32: Entry] = [:]
    private var known = Tokens(rate: DiscoveryTable.checksOfKnown)
    private var strangers = Tokens(rate: DiscoveryTable.checksOfStrangers)

    private struct Tokens {
        let rate: Double
        var left: Double
        var at: Int64 = 0

        init(rate: Double) { (self.rate, left) = (rate, rate) }

        mutating func take(now: Int64) -> Bool {
            left = min(rate, left + Double(max(0, now - at)) / 1e9 * rate)
            at = now
            guard left >= 1 else { return false }
            left -= 1
            return true
        }
    }

    /// Whether a packet is worth checking its signature: neither a repetition nor one too many.
    mutating func wants(_ announcement: Announcement, isKnown: Bool, now: Int64) -> Bool {
        if let entry = entries[announcement.endpoint], entry.instance == announcement.instance,
            announcement.number <= entry.number
        {
            return false
        }
        return isKnown ? known.take(now: now) : strangers.take(now: now)
    }

    /// Notes an announcement whose signature was checked. True when the sender is new here or restarted.
    mutating func note(_ announcement: Announcement, from source: String, isKnown: Bool, now: Int64) -> Bool {
        let before = entries[announcement.endpoint]
        if before == nil, entries.count >= DiscoveryTable.most {
            let victim = entries.min { left, right in
                (left.value.isKnown ? 1 : 0, left.value.heardAt) < (right.value.isKnown ? 1 : 0, right.value.heardAt)
            }
            if let victim, isKnown || !victim.value.isKnown { entries[victim.key] = nil } else { return false }
        }
        entries[announcement.endpoint] = Entry(
            instance: announcement.instance, number: announcement.number, places: announcement.places(from: source),
            isPairing: announcement.flags.contains(.pairing), heardAt: now, isKnown: isKnown)
        return before?.instance != announcement.instance
    }

    /// Endpoints whose box waits to be paired, heard within the last half minute.
    func pairing(now: Int64) -> [(endpoint: Bytes32, places: [String])] {
        entries.filter { $0.value.isPairing && now - $0.value.heardAt < 35_000_000_000 }
            .map { ($0.key, $0.value.places) }.sorted { $0.endpoint < $1.endpoint }
    }
}
