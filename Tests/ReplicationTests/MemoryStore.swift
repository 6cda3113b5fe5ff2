import Hashing
import Measurements
import Replication

/// A store in memory that does what the directives say, and counts what a real one would have written twice.
struct MemoryStore {
    struct StoredChain {
        var entries: [[UInt8]] = []
        var hashes: [Bytes32] = []
        var indexes: [UInt64: [Leaf]] = [:]
        var complete = Ranges()
        var partial = Ranges()
    }

    private(set) var logs: [LogKey: [StoredChain]] = [:]
    private(set) var blobs: [Bytes32: [UInt8]] = [:]
    private(set) var lost: [LogKey: [StreamNumber: Ranges]] = [:]
    var receipts: [LogKey: [Signed<Receipt>]] = [:]
    private(set) var duplicates = 0

    func chains(_ key: LogKey) -> [Chain] {
        (logs[key] ?? []).map {
            Chain(
                count: UInt64($0.entries.count), head: $0.hashes.last ?? .zero, complete: $0.complete,
                partial: $0.partial)
        }
    }

    mutating func take(_ author: Author) {
        for position in (logs[author.key]?.first?.entries.count ?? 0)..<author.entries.count {
            storeEntries(author.key, 0, UInt64(position), [author.entries[position]])
            storeIndex(author.key, 0, UInt64(position), author.indexes[position])
            for leaf in author.indexes[position] {
                if let block = author.blocks[leaf.address] { blobs[leaf.address] = block }
            }
            settle(author.key, 0, UInt64(position))
        }
    }

    mutating func storeEntries(_ key: LogKey, _ chain: Int, _ first: UInt64, _ entries: [[UInt8]]) {
        while (logs[key]?.count ?? 0) <= chain { logs[key, default: []].append(StoredChain()) }
        for (index, entry) in entries.enumerated() {
            let position = first + UInt64(index)
            guard let facts = try? Signing.reading.read(entry, of: key, at: position, isNew: false) else { continue }
            if position < UInt64(logs[key]![chain].entries.count) {
                duplicates += 1
                continue
            }
            logs[key]![chain].entries.append(entry)
            logs[key]![chain].hashes.append(facts.hash)
            if facts.count == 0 {
                logs[key]![chain].indexes[position] = []
                logs[key]![chain].complete.insert(position..<position + 1)
            }
            for loss in facts.losses {
                let other = LogKey(kind: .run, author: key.author, log: loss.log)
                lost[other, default: [:]][loss.stream, default: Ranges()].insert(loss.numbers)
                for chain in (logs[other] ?? []).indices {
                    for position in logs[other]![chain].indexes.keys { settle(other, chain, position) }
                }
            }
        }
    }

    mutating func storeIndex(_ key: LogKey, _ chain: Int, _ position: UInt64, _ leaves: [Leaf]) {
        logs[key]![chain].indexes[position] = leaves
    }

    mutating func storeAttachments(_ key: LogKey, _ chain: Int, _ position: UInt64, _ received: [Received]) {
        for item in received {
            if blobs.updateValue(item.bytes, forKey: item.leaf.address) != nil { duplicates += 1 }
        }
        settle(key, chain, position)
    }

    func held(_ key: LogKey, _ chain: Int, _ position: UInt64) -> Ranges {
        var held = Ranges()
        for (number, leaf) in (logs[key]![chain].indexes[position] ?? []).enumerated() {
            let isLost = lost[key]?[leaf.stream]?.contains(leaf.numbers) ?? false
            if isLost || blobs[leaf.address] != nil { held.insert(UInt64(number)..<UInt64(number) + 1) }
        }
        return held
    }

    private mutating func settle(_ key: LogKey, _ chain: Int, _ position: UInt64) {
        guard let leaves = logs[key]![chain].indexes[position] else { return }
        let held = held(key, chain, position)
        if held.contains(0..<UInt64(leaves.count)) {
            logs[key]![chain].complete.insert(position..<position + 1)
            logs[key]![chain].partial.remove(position..<position + 1)
        } else if !held.isEmpty {
            logs[key]![chain].partial.insert(position..<position + 1)
        }
    }

    /// Drops the blocks of an entry, as a ring does; the chain itself stays.
    mutating func evict(_ key: LogKey, _ position: UInt64) {
        for leaf in logs[key]![0].indexes[position] ?? [] { blobs[leaf.address] = nil }
        logs[key]![0].complete.remove(position..<position + 1)
        logs[key]![0].partial.remove(position..<position + 1)
        settle(key, 0, position)
    }

    private func chain(_ key: LogKey, holding hash: Bytes32) -> StoredChain? {
        logs[key]?.first { $0.hashes.last == hash } ?? logs[key]?.first { $0.hashes.contains(hash) }
    }

    private func chain(_ key: LogKey, _ position: UInt64, _ hash: Bytes32) -> StoredChain? {
        logs[key]?.first { position < $0.hashes.count && $0.hashes[Int(position)] == hash }
    }

    /// The event that answers a directive; nil where it needs none.
    mutating func answer(_ directive: Directive) -> Event? {
        switch directive {
        case .loadEntries(let token, let key, let tip, let first, let count, let mostBytes):
            guard let chain = chain(key, holding: tip), first < chain.entries.count else {
                return .loadedEntries(token, [])
            }
            var bytes = 0
            let entries = chain.entries[Int(first)...].prefix(Int(count)).prefix {
                bytes += $0.count
                return bytes <= mostBytes || bytes == $0.count
            }
            return .loadedEntries(token, Array(entries))
        case .loadIndex(let token, let key, let position, let entry):
            return .loadedIndex(token, chain(key, position, entry)?.indexes[position])
        case .loadAttachments(let token, let key, let position, let entry, let leaves, let mostBytes):
            return loadAttachments(token, key, position, entry, leaves, mostBytes)
        case .open(let token, let key, let chain, let position):
            guard let log = logs[key], chain < log.count, position < log[chain].entries.count else {
                return .opened(token, nil)
            }
            return .opened(
                token,
                Opened(
                    entry: log[chain].entries[Int(position)], leaves: log[chain].indexes[position],
                    held: held(key, chain, position)))
        case .storeEntries(let token, let key, let chain, let first, let entries):
            storeEntries(key, chain, first, entries)
            return .stored(token)
        case .storeIndex(let key, let chain, let position, let leaves):
            storeIndex(key, chain, position, leaves)
            return nil
        case .storeAttachments(let token, let key, let chain, let position, let received):
            storeAttachments(key, chain, position, received)
            return .stored(token)
        case .complete(let key, let chain, let position):
            logs[key]![chain].complete.insert(position..<position + 1)
            logs[key]![chain].partial.remove(position..<position + 1)
            return nil
        case .dropChain(let key, let chain):
            if let count = logs[key]?.count, chain < count { logs[key]!.remove(at: chain) }
            return nil
        case .keepReceipt(let receipt):
            let key = LogKey(RunKey(gateway: receipt.record.gateway, run: receipt.record.run))
            receipts[key] = (receipts[key] ?? []).filter { $0.record.hub != receipt.record.hub } + [receipt]
            return nil
        default: return nil
        }
    }

    private func loadAttachments(
        _ token: Token, _ key: LogKey, _ position: UInt64, _ entry: Bytes32, _ leaves: Ranges, _ mostBytes: Int
    ) -> Event {
        let index = chain(key, position, entry)?.indexes[position] ?? []
        var found: [Attachment] = []
        var notHeld = Ranges()
        var bytes = 0
        for number in leaves.ranges.joined() {
            guard number < index.count, let blob = blobs[index[Int(number)].address] else {
                notHeld.insert(number..<number + 1)
                continue
            }
            bytes += blob.count
            if bytes > mostBytes, !found.isEmpty { break }
            found.append(Attachment(leaf: number, bytes: blob))
        }
        return .loadedAttachments(token, found, notHeld: notHeld)
    }
}
