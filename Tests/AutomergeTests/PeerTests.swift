import Automerge
import Foundation
import Testing

/// Histories of several authors, some of them the Rust core: equal heads, equal content, both ways.
@Suite(.serialized) struct PeerTests {
    @Test(arguments: Peer.Version.available)
    func historiesMeet(_ version: Peer.Version) throws {
        let peer = try Peer(version)
        for round in 0..<10 {
            var edits = RandomEdits(random: Seeded(salt: UInt64(round)), counters: false)
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            var ours = [Document(actor: actor(1)), Document(actor: actor(3))]
            try peer.new("theirs", actor: actor(2))
            for exchange in 0..<3 {
                for index in ours.indices { try edits.edit(&ours[index], times: 12) }
                try peer.ask(["op": "edit", "doc": "theirs", "seed": edits.random.below(1 << 30), "count": 12])
                try ours[0].merge(ours[1])
                try ours[0].load(try peer.save("theirs"))
                try peer.load("ours", ours[0].save())
                try peer.ask(["op": "merge", "doc": "theirs", "other": "ours"])
                try ours[1].load(try peer.save("theirs"))
                let content = try peer.content("theirs")
                for document in ours {
                    #expect(try peer.heads("theirs") == document.headTexts, seed)
                    expectEqual(content, try document.content(marks: peer.readsMarks), seed)
                }
                #expect(ours[0].dump() == ours[1].dump(), "\(seed) exchange \(exchange)")
            }
        }
    }

    /// What one wrote as single changes the other reads, and takes the same hashes.
    @Test(arguments: Peer.Version.available)
    func changesAreTheSame(_ version: Peer.Version) throws {
        let peer = try Peer(version)
        var edits = RandomEdits(random: Seeded())
        var document = Document(actor: actor(1))
        var bytes: [UInt8] = []
        for change in try edits.edit(&document, times: 80) { bytes += change.bytes }
        try peer.load("changes", bytes)
        #expect(try peer.heads("changes") == document.headTexts, "seed \(edits.random.seed)")
        let hashes = try peer.ask(["op": "hashes", "doc": "changes"])["hashes"] as? [String]
        #expect(try document.changes().map { hexText($0.hash.bytes) } == hashes, "seed \(edits.random.seed)")
    }

    @Test(arguments: Peer.Version.available, [true, false])
    func synchronises(_ version: Peer.Version, weStart: Bool) throws {
        let peer = try Peer(version)
        for round in 0..<8 {
            var edits = RandomEdits(random: Seeded(salt: UInt64(round)), counters: false)
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            var ours = Document(actor: actor(1))
            try edits.edit(&ours, times: edits.random.below(30))
            try peer.load("theirs", ours.save(), actor: actor(2))
            try edits.edit(&ours, times: edits.random.below(40))
            try peer.ask(["op": "edit", "doc": "theirs", "seed": round, "count": edits.random.below(40)])
            var state = SyncState()
            try peer.ask(["op": "connect", "doc": "theirs"])
            var rounds = 0
            var quiet = 0
            var ourTurn = weStart
            while quiet < 2, rounds < 40 {
                rounds += 1
                let message = try exchange(peer, &ours, &state, ourTurn)
                quiet = message ? 0 : quiet + 1
                ourTurn.toggle()
            }
            #expect(rounds / 2 <= 10, seed)
            #expect(try peer.heads("theirs") == ours.headTexts, seed)
            expectEqual(try peer.content("theirs"), try ours.content(marks: peer.readsMarks), seed)
        }
    }

    /// One message in the direction of the turn; false if there is none.
    private func exchange(
        _ peer: Peer, _ ours: inout Document, _ state: inout SyncState, _ ourTurn: Bool
    ) throws -> Bool {
        if ourTurn {
            guard let message = ours.generateSyncMessage(for: &state) else { return false }
            try peer.ask(["op": "receive", "doc": "theirs", "message": Data(message).base64EncodedString()])
        } else {
            let answer = try peer.ask(["op": "generate", "doc": "theirs"])
            guard let message = try peer.bytes(answer, "message") else { return false }
            try ours.receiveSyncMessage(message, from: &state)
        }
        return true
    }

    /// Messages that are lost or come in another order; then both begin a new connection with what they kept.
    @Test func synchronisesWithLossAndReorder() throws {
        let peer = try Peer(.newer)
        for round in 0..<5 {
            var edits = RandomEdits(random: Seeded(salt: UInt64(round)), counters: false)
            let seed: Comment = "seed \(edits.random.seed) round \(round)"
            var ours = Document(actor: actor(1))
            try peer.new("theirs", actor: actor(2))
            var state = SyncState()
            for connection in 0..<6 {
                state = try SyncState(decoding: state.encoded)
                try peer.ask(["op": "connect", "doc": "theirs"])
                let isLast = connection == 5
                if !isLast {
                    try edits.edit(&ours, times: 6)
                    try peer.ask(["op": "edit", "doc": "theirs", "seed": edits.random.below(1 << 30), "count": 6])
                }
                var (toUs, toThem): ([[UInt8]], [[UInt8]]) = ([], [])
                for _ in 0..<(isLast ? 24 : 6) {
                    if let message = ours.generateSyncMessage(for: &state) { toThem.append(message) }
                    if let message = try peer.bytes(peer.ask(["op": "generate", "doc": "theirs"]), "message") {
                        toUs.append(message)
                    }
                    if !isLast, edits.random.below(3) == 0 { toThem.shuffle(using: &edits.random) }
                    if isLast || edits.random.below(3) > 0, !toThem.isEmpty {
                        let message = Data(toThem.removeFirst()).base64EncodedString()
                        try peer.ask(["op": "receive", "doc": "theirs", "message": message])
                    }
                    if isLast || edits.random.below(3) > 0, !toUs.isEmpty {
                        try ours.receiveSyncMessage(toUs.removeFirst(), from: &state)
                    }
                    if !isLast, edits.random.below(4) == 0 { toUs.removeAll() }
                }
            }
            #expect(try peer.heads("theirs") == ours.headTexts, seed)
            expectEqual(try peer.content("theirs"), try ours.content(marks: peer.readsMarks), seed)
        }
    }
}
