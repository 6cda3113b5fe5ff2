import Hashing

/// What a room's authority says about what came: what to do with it, and what else to get.
public enum AuthorityDirective: Hashable, Sendable {
    /// Counts from now on: apply its change, store it, pass it on. Always after what it builds on.
    case admit(Bytes32)
    /// Counted and counts no longer: build the document anew without it.
    case withdraw(Bytes32)
    case askRecords([Bytes32])
    case askChanges([Bytes32])
    case refuse(Bytes32, Refusal)
    /// Two envelopes with one number, each signed: kept as proof.
    case equivocation(author: Bytes32, Bytes32, Bytes32)
    /// Who may do what has changed.
    case folded
}

/// All authority of one room: the control log, and which envelopes count under it. A value; what it says depends on the
/// set of what it was given, not on the order.
public struct Authority: Sendable {
    struct Entry: Sendable {
        var envelope: Envelope
        var facts: ChangeFacts
        /// What its author was at that time; nil where it might not write.
        var refusal: Refusal?
    }

    public private(set) var control: ControlLog
    public private(set) var fold: Fold
    let verify: Verify
    /// Envelopes that are sound in themselves, whether they count or not.
    private(set) var entries: [Bytes32: Entry] = [:]
    private(set) var byChange: [Bytes32: [Bytes32]] = [:]
    /// By author and number; more than one is an equivocation.
    private(set) var chains: [Bytes32: [UInt64: [Bytes32]]] = [:]
    public private(set) var admitted: Set<Bytes32> = []
    /// Numbers that an author used more than once.
    private var forks: [Bytes32: Set<UInt64>] = [:]
    /// Envelopes that do not count, by author: kept only because somebody may yet build on them.
    private var idle: [Bytes32: Int] = [:]
    private var waiting = HeldEnvelopes()
    /// Taken since what counts was last found.
    private var fresh: [Bytes32] = []
    private var folds: [[Bytes32]: Fold] = [:]
    /// The documents' first changes, which nobody sent, with their last operation.
    private let genesis: [Bytes32: UInt64]

    /// Folds at earlier heads that are kept; all go when there are more.
    static let mostFolds = 256
    /// Envelopes of one author that do not count; further ones are refused until some do.
    public static let mostIdle = 2_048

    public init(
        create: CreateRecord, genesis: [ChangeFacts], verify: @escaping Verify = Ed25519.verify
    ) {
        control = ControlLog(create: create, verify: verify)
        self.verify = verify
        self.genesis = Dictionary(genesis.map { ($0.hash, $0.lastOp) }, uniquingKeysWith: max)
        fold = control.fold()
    }

    public func role(of key: Bytes32) -> Role? { fold.role(of: key) }
    public var heldBytes: Int { waiting.bytes + control.heldBytes }

    /// Envelopes of an author that count, as a remover names the last of them.
    public func cut(of author: Bytes32) -> ControlRecord.Cut? {
        let own = (chains[author] ?? [:]).flatMap { number, hashes in hashes.map { (number, $0) } }
        let last = own.filter { admitted.contains($0.1) }.max { ($0.0, $1.1) < ($1.0, $0.1) }
        return last.map { ControlRecord.Cut(sequence: $0.0, hash: $0.1) }
    }

    // MARK: What comes

    public mutating func receive(_ record: ControlRecord) -> [AuthorityDirective] {
        receive([record])
    }

    /// As many as came together: who may do what is found anew once.
    public mutating func receive(_ records: [ControlRecord]) -> [AuthorityDirective] {
        var out: [AuthorityDirective] = []
        var isAny = false
        for record in records {
            switch control.add(record) {
            case .known: break
            case .held(let missing): out.append(.askRecords(missing))
            case .refused(let why): out.append(.refuse(record.hash, why))
            case .taken: isAny = true
            }
        }
        guard isAny else { return out }
        fold = control.fold()
        out.append(.folded)
        takeWaiting(&out)
        settle(&out)
        return out
    }

    public mutating func receive(_ envelope: Envelope, _ facts: ChangeFacts) -> [AuthorityDirective] {
        let hash = envelope.hash
        if entries[hash] != nil { return [] }
        var out: [AuthorityDirective] = []
        guard envelope.room == control.room else { return [.refuse(hash, .otherRoom)] }
        guard verify(envelope.author, envelope.message, envelope.signature) else {
            return [.refuse(hash, .signature)]
        }
        guard idle[envelope.author, default: 0] < Authority.mostIdle else { return [.refuse(hash, .authorFull)] }
        guard facts.hash == envelope.change,
            facts.actor == Actor.of(envelope.author, room: control.room, log: envelope.log)
        else { return [.refuse(hash, .actor)] }
        fresh = []
        guard take(envelope, facts, hash, &out) else { return out }
        takeWaiting(&out)
        // A second envelope with one number changes what counts of those after it.
        if fresh.contains(where: { forks[entries[$0]?.envelope.author ?? .zero] != nil }) {
            settle(&out)
        } else {
            settleFresh(&out)
        }
        return out
    }

    /// Takes an envelope whose surroundings are here, or lets it wait; true where it was taken.
    private mutating func take(
        _ envelope: Envelope, _ facts: ChangeFacts, _ hash: Bytes32, _ out: inout [AuthorityDirective]
    ) -> Bool {
        let lacks = lacking(envelope, facts)
        guard lacks.isEmpty else {
            guard waiting.insert(envelope, facts, hash) else {
                out.append(.refuse(hash, .authorFull))
                return false
            }
            if !lacks.records.isEmpty { out.append(.askRecords(lacks.records)) }
            if !lacks.changes.isEmpty { out.append(.askChanges(lacks.changes)) }
            return false
        }
        if let refusal = check(envelope, facts) {
            out.append(.refuse(hash, refusal))
            return false
        }
        entries[hash] = Entry(envelope: envelope, facts: facts)
        byChange[envelope.change, default: []].append(hash)
        fresh.append(hash)
        for twin in chains[envelope.author]?[envelope.sequence] ?? [] {
            forks[envelope.author, default: []].insert(envelope.sequence)
            out.append(.equivocation(author: envelope.author, min(hash, twin), max(hash, twin)))
        }
        chains[envelope.author, default: [:]][envelope.sequence, default: []].append(hash)
        return true
    }

    private mutating func takeWaiting(_ out: inout [AuthorityDirective]) {
        var isAny = true
        while isAny {
            isAny = false
            for entry in waiting.entries where lacking(entry.envelope, entry.facts).isEmpty {
                waiting.remove(entry.hash)
                if take(entry.envelope, entry.facts, entry.hash, &out) { isAny = true }
            }
        }
    }

    private struct Lacks {
        var records: [Bytes32] = []
        var changes: [Bytes32] = []
        /// An earlier envelope of the same author, which the log brings by itself.
        var isPreviousMissing = false
        var isEmpty: Bool { records.isEmpty && changes.isEmpty && !isPreviousMissing }
    }

    private func lacking(_ envelope: Envelope, _ facts: ChangeFacts) -> Lacks {
        Lacks(
            records: envelope.controlHeads.filter { !control.contains($0) },
            changes: facts.deps.filter { byChange[$0] == nil && genesis[$0] == nil },
            isPreviousMissing: envelope.sequence > 0 && entries[envelope.previous] == nil)
    }

    // MARK: Sound in itself

    /// What can be said for ever, whatever else becomes known.
    private func check(_ envelope: Envelope, _ facts: ChangeFacts) -> Refusal? {
        guard let known = control.closure(of: envelope.controlHeads) else { return .headsWentBack }
        guard control.wasEverGranted(envelope.author, in: known) else { return .neverGranted }
        if envelope.sequence == 0 {
            guard envelope.previous == .zero else { return .previous }
        } else {
            guard let before = entries[envelope.previous]?.envelope, before.author == envelope.author,
                before.sequence + 1 == envelope.sequence, before.log == envelope.log
            else { return .previous }
            guard before.controlHeads.allSatisfy({ control.index[$0].map(known.contains) ?? false })
            else {
                return .headsWentBack
            }
        }
        let last = facts.deps.map { dep in
            genesis[dep] ?? (byChange[dep] ?? []).compactMap { entries[$0]?.facts.lastOp }.max() ?? 0
        }
        guard facts.startOp == 1 + (last.max() ?? 0), facts.operations <= 1 << 40,
            facts.startOp <= 1 << 40
        else {
            return .startOp
        }
        return nil
    }

    // MARK: What counts

    /// What came adds to what counts, and changes nothing else of it.
    private mutating func settleFresh(_ out: inout [AuthorityDirective]) {
        var more: Set<Bytes32> = []
        for hash in fresh {
            let refusal = judge(hash)
            entries[hash]?.refusal = refusal
            if let refusal {
                out.append(.refuse(hash, refusal))
            } else {
                vouch(hash, &more, besides: admitted)
            }
        }
        for hash in inOrder(more) { out.append(.admit(hash)) }
        admitted.formUnion(more)
        for hash in fresh where !more.contains(hash) {
            if let author = entries[hash]?.envelope.author { idle[author, default: 0] += 1 }
        }
    }

    /// Finds anew what counts, and says what changed.
    private mutating func settle(_ out: inout [AuthorityDirective]) {
        var wanted: Set<Bytes32> = []
        for hash in entries.keys.sorted() {
            let before = entries[hash]?.refusal
            let refusal = judge(hash)
            entries[hash]?.refusal = refusal
            if refusal == nil { vouch(hash, &wanted) }
            if let refusal, refusal != before, !admitted.contains(hash) {
                out.append(.refuse(hash, refusal))
            }
        }
        for hash in admitted.subtracting(wanted).sorted() { out.append(.withdraw(hash)) }
        for hash in inOrder(wanted.subtracting(admitted)) { out.append(.admit(hash)) }
        admitted = wanted
        idle = [:]
        for (hash, entry) in entries where !wanted.contains(hash) { idle[entry.envelope.author, default: 0] += 1 }
    }

    /// Why an envelope does not count by itself; nil where it does.
    private mutating func judge(_ hash: Bytes32) -> Refusal? {
        guard let envelope = entries[hash]?.envelope else { return .previous }
        let then = fold(at: envelope.controlHeads)
        if then.isClosed { return .closed }
        let needs = envelope.document.writer
        for key in [envelope.author, envelope.onBehalfOf].compactMap({ $0 }) {
            guard let role = then.role(of: key), role >= needs else { return .role(needs: needs) }
        }
        return standsOnItsBranch(envelope, hash) ?? withinCuts(envelope, hash)
    }

    private mutating func fold(at heads: [Bytes32]) -> Fold {
        if let known = folds[heads] { return known }
        if folds.count >= Authority.mostFolds { folds = [:] }
        let fold = control.fold(at: heads) ?? Fold()
        folds[heads] = fold
        return fold
    }

    /// After two envelopes with one number nothing of their author counts, until it was let in anew by who knew; and
    /// never what stands on the greater hash.
    private func standsOnItsBranch(_ envelope: Envelope, _ hash: Bytes32) -> Refusal? {
        guard let numbers = forks[envelope.author]?.filter({ $0 <= envelope.sequence }),
            !numbers.isEmpty
        else {
            return nil
        }
        var ancestor = hash
        while let entry = entries[ancestor]?.envelope {
            if numbers.contains(entry.sequence), chains[entry.author]?[entry.sequence]?.min() != ancestor {
                return .otherBranch
            }
            if entry.sequence == 0 { break }
            ancestor = entry.previous
        }
        let pardoned = pardon(of: envelope)
        let isSuspended = numbers.contains { number in
            number < envelope.sequence && pardoned.map { $0 < number } ?? true
        }
        return isSuspended ? .suspended : nil
    }

    /// The newest envelope that somebody who let this author in had seen, as far as the envelope knew of it.
    private func pardon(of envelope: Envelope) -> UInt64? {
        guard let known = control.closure(of: envelope.controlHeads) else { return nil }
        return (control.bySubject[envelope.author] ?? []).compactMap { number -> UInt64? in
            let node = control.nodes[number]
            guard known.contains(number), !fold.void.contains(node.hash),
                node.record.author != envelope.author,
                case .grant(_, _, let seen, nil, false) = node.record.kind, seen > 0
            else { return nil }
            return seen
        }.max()
    }

    /// Within the cut of every removal that no later letting-in that it knew has followed. Where several removed at one
    /// time, the one that had seen most counts.
    private func withinCuts(_ envelope: Envelope, _ hash: Bytes32) -> Refusal? {
        guard let removals = fold.removals[envelope.author], !removals.isEmpty,
            let known = control.closure(of: envelope.controlHeads)
        else { return nil }
        let grants = (control.bySubject[envelope.author] ?? []).filter {
            if case .grant = control.nodes[$0].record.kind {
                !fold.void.contains(control.nodes[$0].hash)
            } else {
                false
            }
        }
        func follows(_ grant: Int, _ removal: Fold.Removal) -> Bool {
            control.index[removal.record].map { control.nodes[grant].past.contains($0) } ?? false
        }
        let open = removals.filter { removal in
            !grants.contains { known.contains($0) && follows($0, removal) }
        }
        for removal in open {
            let sameTime = removals.filter { other in
                !grants.contains { grant in
                    (follows(grant, removal) && isBefore(grant, other))
                        || (follows(grant, other) && isBefore(grant, removal))
                }
            }
            if !sameTime.contains(where: { isWithin($0.through, envelope, hash) }) { return .cutOff }
        }
        return nil
    }

    private func isBefore(_ grant: Int, _ removal: Fold.Removal) -> Bool {
        control.index[removal.record].map { control.nodes[$0].past.contains(grant) } ?? false
    }

    private func isWithin(_ cut: ControlRecord.Cut?, _ envelope: Envelope, _ hash: Bytes32) -> Bool {
        guard let cut, envelope.sequence <= cut.sequence else { return false }
        if forks[envelope.author] == nil { return envelope.sequence < cut.sequence || hash == cut.hash }
        guard entries[cut.hash] != nil else { return envelope.sequence < cut.sequence }
        var ancestor = cut.hash
        while let entry = entries[ancestor]?.envelope, entry.sequence > envelope.sequence {
            ancestor = entry.previous
        }
        return ancestor == hash
    }

    // MARK: What it builds on

    /// Whoever builds on a change vouches for it, so that no honest change is orphaned.
    private func vouch(
        _ hash: Bytes32, _ wanted: inout Set<Bytes32>, besides known: Set<Bytes32> = []
    ) {
        var todo = [hash]
        while let next = todo.popLast() {
            guard !known.contains(next), wanted.insert(next).inserted, let facts = entries[next]?.facts
            else { continue }
            for dep in facts.deps {
                // One of those that carry it is enough; the lowest is the same everywhere.
                if let carrier = byChange[dep]?.min() { todo.append(carrier) }
            }
        }
    }

    /// What is built on comes first.
    private func inOrder(_ hashes: Set<Bytes32>) -> [Bytes32] {
        var (order, done): ([Bytes32], Set<Bytes32>) = ([], [])
        for root in hashes.sorted() {
            var stack: [(hash: Bytes32, isReady: Bool)] = [(root, false)]
            while let (hash, isReady) = stack.popLast() {
                if isReady {
                    if done.insert(hash).inserted { order.append(hash) }
                    continue
                }
                guard !done.contains(hash) else { continue }
                stack.append((hash, true))
                for dep in entries[hash]?.facts.deps ?? [] {
                    for carrier in byChange[dep] ?? []
                    where hashes.contains(carrier) && !done.contains(carrier) {
                        stack.append((carrier, false))
                    }
                }
            }
        }
        return order
    }
}
