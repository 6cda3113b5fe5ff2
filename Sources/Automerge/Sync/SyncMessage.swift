import Hashing

/// What one side tells the other: its heads, what it has and needs, and changes.
struct SyncMessage {
    struct Have {
        var lastSync: [ChangeHash] = []
        var filter = BloomFilter()
    }

    /// What the sender of a message understands, from its trailer.
    struct Abilities: Equatable {
        var documents = false
        var wantsReset = false
        var isReadOnly = false
    }

    enum Payload {
        case changes([Change])
        /// Chunks one after another, often one whole document.
        case chunks([UInt8])
    }

    private static let first: UInt8 = 0x42
    private static let second: UInt8 = 0x43
    /// Both versions are understood here.
    private static let trailer: [UInt8] = [2, 1, 2]
    private static let maximumHaves = 64

    var heads: [ChangeHash]
    var need: [ChangeHash]
    var have: [Have]
    var payload: Payload
    var abilities = Abilities()

    init(heads: [ChangeHash], need: [ChangeHash], have: [Have], payload: Payload) {
        self.heads = heads
        self.need = need
        self.have = have
        self.payload = payload
    }

    init(_ bytes: [UInt8], _ limits: Limits) throws(AutomergeError) {
        self = try bytes.read { bytes throws(AutomergeError) in
            var reader = ByteReader(bytes)
            return try SyncMessage(&reader, limits)
        }
    }

    private init(_ reader: inout ByteReader, _ limits: Limits) throws(AutomergeError) {
        let version = try reader.byte()
        guard version == SyncMessage.first || version == SyncMessage.second else {
            throw AutomergeError(.malformed, "this is not a sync message", at: 0)
        }
        heads = try reader.hashes(limit: limits.heads)
        need = try reader.hashes(limit: limits.changes)
        have = []
        for _ in 0..<(try reader.length("summaries", limit: SyncMessage.maximumHaves)) {
            let lastSync = try reader.hashes(limit: limits.heads)
            let start = reader.offset
            have.append(Have(lastSync: lastSync, filter: try BloomFilter(try reader.lengthPrefixed(), origin: start)))
        }
        let count = try reader.length("changes", limit: limits.changes)
        if version == SyncMessage.first {
            var changes: [Change] = []
            for _ in 0..<count {
                let length = try reader.length("a change", limit: reader.count)
                var item = try reader.slice(length)
                changes.append(try Change(try Chunk(&item), limits))
                guard item.isAtEnd else { throw item.failure(.malformed, "bytes follow a change") }
            }
            payload = .changes(changes)
        } else {
            var chunks: [UInt8] = []
            for _ in 0..<count { chunks += try reader.lengthPrefixed() }
            payload = .chunks(chunks)
        }
        // The trailer is optional, and so is what may follow it one day.
        if !reader.isAtEnd { abilities = SyncMessage.abilities(try reader.lengthPrefixed()) }
    }

    private static func abilities(_ bytes: UnsafeRawBufferPointer) -> Abilities {
        var abilities = Abilities()
        for byte in bytes {
            if byte == 2 { abilities.documents = true }
            if byte & 0x80 != 0 {
                abilities.wantsReset = byte & 1 != 0
                abilities.isReadOnly = byte & 2 != 0
            }
        }
        return abilities
    }

    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 1_024)
        if case .changes = payload { writer.byte(SyncMessage.first) } else { writer.byte(SyncMessage.second) }
        writer.hashes(heads)
        writer.hashes(need)
        writer.uleb(UInt64(have.count))
        for have in have {
            writer.hashes(have.lastSync)
            writer.lengthPrefixed(have.filter.encoded)
        }
        switch payload {
        case .changes(let changes):
            writer.uleb(UInt64(changes.count))
            for change in changes { writer.lengthPrefixed(change.bytes) }
        case .chunks(let bytes):
            writer.uleb(1)
            writer.lengthPrefixed(bytes)
        }
        writer.append(SyncMessage.trailer)
        return writer.array
    }
}

extension ByteWriter {
    mutating func hashes(_ hashes: [ChangeHash]) {
        uleb(UInt64(hashes.count))
        for hash in hashes { withUnsafeBytes(of: hash) { append($0) } }
    }
}
