import Hashing
import Testing

@testable import Automerge

/// Whatever the bytes, the answer is a document or an error, and an error changes nothing.
@Suite struct HostileTests {
    var limits: Limits {
        var limits = Limits()
        limits.operations = 1 << 14
        limits.changes = 1 << 12
        limits.inflatedBytes = 1 << 20
        limits.queuedChanges = 100
        return limits
    }

    func mutate(_ bytes: inout [UInt8], _ random: inout Seeded, from start: Int) {
        for _ in 0..<(1 + random.below(3)) where bytes.count > start + 1 {
            let at = start + random.below(bytes.count - start)
            switch random.below(7) {
            case 0: bytes[at] ^= 1 << UInt8(random.below(8))
            case 1: bytes[at] = UInt8(random.below(256))
            case 2: bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)]
            case 3: bytes.remove(at: at)
            case 4: bytes.insert(UInt8(random.below(256)), at: at)
            case 5: bytes.removeLast(min(random.below(8), bytes.count - start))
            default:
                let from = start + random.below(bytes.count - start)
                let piece = Array(bytes[from..<min(bytes.count, from + 1 + random.below(16))])
                bytes.insert(contentsOf: piece, at: at)
            }
        }
    }

    /// A chunk of the type with a right length and checksum around a body that is not right.
    func framed(_ kind: Chunk.Kind, _ body: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        _ = body.withUnsafeBytes { Chunk.write(kind, body: $0, to: &writer) }
        return writer.array
    }

    func body(of chunk: [UInt8]) throws -> [UInt8] {
        try chunk.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let body = try Chunk(&reader).body
            return Array(UnsafeRawBufferPointer(start: body.base, count: body.count))
        }
    }

    /// A history with everything in it, in pieces small enough that a mutation often hits something that matters.
    func history(_ random: Seeded) throws -> (document: Document, later: [Change]) {
        var edits = RandomEdits(random: random)
        var documents = [Document(actor: actor(1), limits: limits), Document(actor: actor(2), limits: limits)]
        for _ in 0..<4 {
            for index in 0..<2 { try edits.edit(&documents[index], times: 4) }
            try documents[0].merge(documents[1])
            try documents[1].merge(documents[0])
        }
        return (documents[0], try edits.edit(&documents[1], times: 6))
    }

    @Test func changes() throws {
        var random = Seeded(salt: 1)
        var accepted = 0
        for round in 0..<3_000 {
            if round % 200 == 0 { try oneHistoryOfChanges(&random, &accepted) }
        }
        // Some mutations change a value or a message only: were none accepted, the test would test nothing.
        #expect(accepted > 0, "seed \(random.seed)")
    }

    private func oneHistoryOfChanges(_ random: inout Seeded, _ accepted: inout Int) throws {
        let (document, later) = try history(random)
        let before = (document.dump(), document.save())
        for _ in 0..<200 {
            let change = later[random.below(later.count)]
            var bytes = try body(of: change.chunk)
            mutate(&bytes, &random, from: 0)
            let seed: Comment = "seed \(random.seed) \(hexText(bytes))"
            var copy = document
            do {
                let read = try Change(bytes: framed(.change, bytes), limits: limits)
                if try copy.apply(read).applied.isEmpty { continue }
                accepted += 1
                let again = try Document(loading: copy.save(), actor: actor(3), limits: limits)
                #expect(again.heads == copy.heads, seed)
                #expect(again.dump() == copy.dump(), seed)
            } catch {
                if random.below(20) == 0 {
                    #expect(copy.dump() == before.0, seed)
                    #expect(copy.save() == before.1, seed)
                }
            }
        }
    }

    @Test func documents() throws {
        var random = Seeded(salt: 2)
        for _ in 0..<8 {
            let (document, later) = try history(random)
            let whole = try body(of: document.save())
            for _ in 0..<250 {
                var bytes = whole
                mutate(&bytes, &random, from: 0)
                let seed: Comment = "seed \(random.seed) \(hexText(bytes))"
                guard let read = try? Document(loading: framed(.document, bytes), actor: actor(3), limits: limits)
                else { continue }
                let again = try Document(loading: read.save(), actor: actor(3), limits: limits)
                #expect(again.heads == read.heads, seed)
                #expect(again.dump() == read.dump(), seed)
                var merged = read
                _ = try? merged.apply(later)
                _ = merged.dump()
            }
        }
    }

    @Test func syncMessages() throws {
        var random = Seeded(salt: 3)
        for _ in 0..<8 {
            let (document, later) = try history(random)
            var sender = document
            try sender.apply(later)
            var state = SyncState()
            var messages: [[UInt8]] = []
            var receiver = Document(actor: actor(4), limits: limits)
            var theirs = SyncState()
            for _ in 0..<4 {
                if let message = sender.generateSyncMessage(for: &state) {
                    messages.append(message)
                    try receiver.receiveSyncMessage(message, from: &theirs)
                }
                if let message = receiver.generateSyncMessage(for: &theirs) {
                    messages.append(message)
                    try sender.receiveSyncMessage(message, from: &state)
                }
            }
            for _ in 0..<250 {
                var bytes = messages[random.below(messages.count)]
                mutate(&bytes, &random, from: 0)
                var copy = document
                var fresh = SyncState()
                if (try? copy.receiveSyncMessage(bytes, from: &fresh)) == nil {
                    #expect(copy.heads == document.heads, "seed \(random.seed) \(hexText(bytes))")
                }
                _ = copy.generateSyncMessage(for: &fresh)
                _ = try? SyncState(decoding: bytes)
            }
        }
    }

    @Test func limitsHold() throws {
        var small = Limits()
        small.operations = 10
        small.actors = 2
        small.depth = 3
        small.changes = 5
        small.valueBytes = 1_000
        small.queuedChanges = 2
        func refused(_ body: (inout Transaction) throws(AutomergeError) -> Void) {
            var document = Document(actor: actor(1), limits: small)
            do {
                try document.change(body)
                Issue.record("a limit did not hold")
            } catch { #expect(error.code == .tooLarge) }
            #expect(document.operationCount == 0)
        }
        refused { edit throws(AutomergeError) in
            for index in 0..<11 { try edit.put(.int(Int64(index)), in: .root, at: "\(index)") }
        }
        refused { edit throws(AutomergeError) in
            var object = ObjectID.root
            for _ in 0..<4 { object = try edit.putObject(.map, in: object, at: "deeper") }
        }
        refused { edit throws(AutomergeError) in
            try edit.put(.bytes([UInt8](repeating: 1, count: 2_000)), in: .root, at: "large")
        }
        // The same from others.
        var large = Document(actor: actor(1))
        for index in 0..<6 {
            try large.change { edit throws(AutomergeError) in try edit.put(.int(Int64(index)), in: .root, at: "a") }
        }
        #expect(throws: AutomergeError.self) { try Document(loading: large.save(), actor: actor(2), limits: small) }
        var document = Document(actor: actor(2), limits: small)
        #expect(throws: AutomergeError.self) { try document.apply(try large.changes()) }
        #expect(throws: AutomergeError.self) { try document.apply(Array(try large.changes()[1...])) }
        #expect(document.heads.isEmpty)
        #expect(document.queuedChanges.isEmpty)
    }

    /// Authors who number their operations as if they had not seen what they build on.
    @Test func countersMustGoOn() throws {
        var document = Document(actor: actor(1))
        for value in 0..<3 {
            try document.change { edit throws(AutomergeError) in try edit.put(.int(Int64(value)), in: .root, at: "a") }
        }
        let last = try document.changes().last!
        var bytes = try body(of: last.chunk)
        // deps, actor and their lengths, sequence; then the counter of the first operation.
        let at = 1 + 32 + 1 + 16 + 1
        #expect(bytes[at] == 3)
        bytes[at] = 2
        bytes[at - 1] = 3
        let change = try Change(bytes: framed(.change, bytes))
        var other = Document(actor: actor(2))
        try other.apply(Array(try document.changes().prefix(2)))
        do {
            try other.apply(change)
            Issue.record("it was taken")
        } catch { #expect(error.code == .outOfOrder || error.code == .unknownReference) }
    }
}
