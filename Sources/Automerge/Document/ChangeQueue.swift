import Hashing

/// Changes that came before what they depend on. Bounded: what does not fit is refused.
struct ChangeQueue {
    private struct Place: Hashable {
        var actor: ActorID
        var sequence: Int
    }

    private var changes: [ChangeHash: Change] = [:]
    private var places: [Place: ChangeHash] = [:]
    /// Per missing change, who waits for it.
    private var waiting: [ChangeHash: [ChangeHash]] = [:]
    private(set) var byteCount = 0

    var isEmpty: Bool { changes.isEmpty }
    var all: [Change] { changes.values.sorted { $0.hash < $1.hash } }
    var missing: [ChangeHash] { waiting.keys.filter { changes[$0] == nil } }

    func contains(_ hash: ChangeHash) -> Bool { changes[hash] != nil }

    /// `missing` are those of its dependencies that are not in the document.
    mutating func add(_ change: Change, missing: [ChangeHash], _ limits: Limits) throws(AutomergeError) {
        guard changes[change.hash] == nil else { return }
        let place = Place(actor: change.actor, sequence: change.sequence)
        guard places[place] == nil else {
            throw AutomergeError(
                .equivocation, "actor \(change.actor) has another change with sequence number \(change.sequence)")
        }
        guard changes.count < limits.queuedChanges, byteCount + change.chunk.count <= limits.queuedBytes else {
            throw AutomergeError(
                .tooLarge,
                "more changes wait for others than the limits of \(limits.queuedChanges) and \(limits.queuedBytes) bytes"
            )
        }
        changes[change.hash] = change
        places[place] = change.hash
        byteCount += change.chunk.count
        for hash in missing { waiting[hash, default: []].append(change.hash) }
    }

    /// Who waited for `hash`. They stay until they are taken.
    mutating func waiters(for hash: ChangeHash) -> [Change] {
        guard !waiting.isEmpty else { return [] }
        return (waiting.removeValue(forKey: hash) ?? []).compactMap { changes[$0] }
    }

    mutating func remove(_ change: Change) {
        guard changes.removeValue(forKey: change.hash) != nil else { return }
        places[Place(actor: change.actor, sequence: change.sequence)] = nil
        byteCount -= change.chunk.count
    }
}
