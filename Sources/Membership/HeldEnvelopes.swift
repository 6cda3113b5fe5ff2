import Hashing

/// Envelopes that wait for what they build on.
struct HeldEnvelopes: Sendable {
    struct Held: Sendable {
        var envelope: Envelope
        var facts: ChangeFacts
        var hash: Bytes32
        var bytes: Int
    }

    private(set) var entries: [Held] = []
    private var byAuthor: [Bytes32: Int] = [:]

    var bytes: Int { byAuthor.values.reduce(0, +) }

    mutating func insert(_ envelope: Envelope, _ facts: ChangeFacts, _ hash: Bytes32) -> Bool {
        if entries.contains(where: { $0.hash == hash }) { return true }
        let size = envelope.bytes.count + 32 * facts.deps.count + 128
        guard byAuthor[envelope.author, default: 0] + size <= HeldRecords.mostBytesAnAuthor,
            bytes + size <= HeldRecords.mostBytes
        else { return false }
        entries.append(Held(envelope: envelope, facts: facts, hash: hash, bytes: size))
        byAuthor[envelope.author, default: 0] += size
        return true
    }

    mutating func remove(_ hash: Bytes32) {
        guard let place = entries.firstIndex(where: { $0.hash == hash }) else { return }
        let entry = entries.remove(at: place)
        byAuthor[entry.envelope.author, default: 0] -= entry.bytes
        if byAuthor[entry.envelope.author] == 0 { byAuthor[entry.envelope.author] = nil }
    }
}
