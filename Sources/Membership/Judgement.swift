import Hashing

/// Which records count. A record counts where its author could do that under what it knew, and where nothing that it did
/// not know takes it away: a removal voids what the removed did at the same time, the senior's first.
struct Judgement {
    let log: ControlLog
    let known: BitSet
    /// Pairs of records of one author with one number.
    private let twins: [Bytes32: [(Int, Int)]]

    init(log: ControlLog, known: BitSet) {
        self.log = log
        self.known = known
        var twins: [Bytes32: [(Int, Int)]] = [:]
        for (author, numbers) in log.byAuthor {
            var seen: [UInt64: Int] = [:]
            for number in numbers where known.contains(number) {
                let sequence = log.nodes[number].record.sequence
                if let other = seen[sequence] { twins[author, default: []].append((other, number)) }
                seen[sequence] = seen[sequence] ?? number
            }
        }
        self.twins = twins
    }

    func valid() -> BitSet {
        // Removals that counted until a less senior one took their ground away.
        var denied = BitSet()
        while true {
            var void = denied
            voidTwins(&void)
            var valid = evaluate(void)
            var effective: [Int] = []
            var decided = BitSet()
            while true {
                if voidUninvited(&void, valid) || voidProtected(&void, valid) {
                    valid = evaluate(void)
                    continue
                }
                let next = next(valid, except: decided)
                if next.isEmpty { break }
                for number in next {
                    effective.append(number)
                    decided.insert(number)
                    guard take(number, sparing: decided, &void) else { continue }
                    valid = evaluate(void)
                    break
                }
            }
            guard let broken = effective.first(where: { !valid.contains($0) && !void.contains($0) })
            else { return valid }
            denied.insert(broken)
        }
    }

    /// Of two records with one number the lower hash counts.
    private func voidTwins(_ void: inout BitSet) {
        for author in twins.keys {
            let numbers = (log.byAuthor[author] ?? []).filter { known.contains($0) }
            for number in numbers {
                let isBeaten = numbers.contains {
                    log.nodes[$0].record.sequence == log.nodes[number].record.sequence
                        && log.nodes[$0].hash < log.nodes[number].hash
                }
                if isBeaten { void.insert(number) }
            }
        }
    }

    /// The removals to decide on next, the most senior's first: those that no other undecided one could void; where all
    /// could void each other in circles, that of the most senior alone.
    private func next(_ valid: BitSet, except done: BitSet) -> [Int] {
        let open = log.removals.filter {
            known.contains($0) && valid.contains($0) && !done.contains($0)
        }
        let isOpen = open.reduce(into: BitSet()) { $0.insert($1) }
        let safe = open.filter { number in
            !(log.bySubject[log.nodes[number].record.author] ?? []).contains {
                isOpen.contains($0) && log.areConcurrent($0, number)
            }
        }
        let standings = Standings(log: log, valid: valid)
        func seniority(_ number: Int) -> (Int, Bytes32, Bytes32) {
            let node = log.nodes[number]
            if node.record.author == log.create.recovery { return (-1, .zero, node.hash) }
            let standing = standings.standing(of: node.record.author, in: node.past)
            return (standing?.depth ?? .max, standing?.grant ?? .zero, node.hash)
        }
        let sorted = (safe.isEmpty ? open : safe).map { ($0, seniority($0)) }.sorted { $0.1 < $1.1 }
            .map(\.0)
        return safe.isEmpty ? Array(sorted.prefix(1)) : sorted
    }

    /// An owner falls by own signature or the recovery key alone, also where the remover did not know him for one.
    private func voidProtected(_ void: inout BitSet, _ valid: BitSet) -> Bool {
        let standings = Standings(log: log, valid: valid)
        var isAny = false
        for number in log.removals where known.contains(number) && valid.contains(number) {
            let record = log.nodes[number].record
            guard let subject = record.subject, record.author != log.create.recovery,
                standings.isMadeOwner(subject, besides: number, in: known)
            else { continue }
            void.insert(number)
            isAny = true
        }
        return isAny
    }

    /// Voids what the removed or demoted did at the same time; true where that was anything.
    private func take(_ number: Int, sparing decided: BitSet, _ void: inout BitSet) -> Bool {
        guard let subject = log.nodes[number].record.subject else { return false }
        var isAny = false
        for other in log.byAuthor[subject] ?? []
        where known.contains(other) && !void.contains(other) && log.areConcurrent(number, other)
            && !decided.contains(other)
        {
            void.insert(other)
            isAny = true
        }
        return isAny
    }

    /// Who came in by an invitation while it was taken back is not in.
    private func voidUninvited(_ void: inout BitSet, _ valid: BitSet) -> Bool {
        var isAny = false
        for number in log.ofRoom where known.contains(number) && valid.contains(number) {
            guard case .uninvite(let invite) = log.nodes[number].record.kind else { continue }
            for (other, grant) in log.nodes.enumerated()
            where known.contains(other) && !void.contains(other) {
                guard case .grant(_, _, _, let proof?, _) = grant.record.kind, proof.invite == invite,
                    log.areConcurrent(number, other)
                else { continue }
                void.insert(other)
                isAny = true
            }
        }
        return isAny
    }

    /// Goes through the records, each after those it knew.
    private func evaluate(_ void: BitSet) -> BitSet {
        var valid = BitSet()
        for number in log.nodes.indices where known.contains(number) && !void.contains(number) {
            if isAllowed(number, Standings(log: log, valid: valid)) { valid.insert(number) }
        }
        return valid
    }

    // MARK: Who may do what

    private func isAllowed(_ number: Int, _ standings: Standings) -> Bool {
        let node = log.nodes[number]
        let isRecovery = node.record.author == log.create.recovery
        let standing = standings.standing(of: node.record.author, in: node.past)
        guard let role = isRecovery ? .owner : standing?.role, !isSuspended(node, standings),
            !isClosed(in: node.past, standings)
        else { return false }
        switch node.record.kind {
        case .grant, .revoke, .role: return mayChange(node, role, isRecovery, standings)
        case .invite(let invite):
            return role >= .admin && invite.role <= role && invite.role != .owner
                && (invite.mostUses == 0 || invite.admitter != nil)
        case .uninvite: return role >= .admin
        case .rotate(let generation, _):
            return role >= .admin
                && generation == 1
                    + greatest(in: node.past, standings) {
                        if case .rotate(let number, _) = $0 { number } else { nil }
                    }
        case .epoch(let document, let epoch, _):
            return role >= .admin
                && epoch == 1
                    + greatest(in: node.past, standings) {
                        if case .epoch(document, let number, _) = $0 { number } else { nil }
                    }
        case .close: return role == .owner
        }
    }

    private func mayChange(
        _ node: ControlLog.Node, _ role: Role, _ isRecovery: Bool, _ standings: Standings
    ) -> Bool {
        guard let subject = node.record.subject else { return false }
        let current = standings.standing(of: subject, in: node.past)
        let isOwn = subject == node.record.author
        // Nobody but himself and the recovery key touches an owner.
        if current?.role == .owner, !isOwn, !isRecovery { return false }
        switch node.record.kind {
        case .grant(let key, let new, _, .some(let proof), _):
            guard let invite = standings.invite(proof.invite, in: node.past), new <= invite.role,
                current == nil,
                invite.admitter.map({ $0 == node.record.author }) ?? (role >= .member)
            else { return false }
            let uses = standings.uses(of: invite.key, by: node.record.author, in: node.past)
            return key != node.record.author && (invite.mostUses == 0 || uses < Int(invite.mostUses))
        case .grant(_, let new, _, nil, _):
            return !isOwn && role >= .admin && new <= role
        case .revoke: return current != nil && (isOwn || isRecovery || role >= .admin)
        case .role(_, let new):
            guard let current else { return false }
            return isOwn ? new < current.role : role >= .admin && new <= role
        default: return false
        }
    }

    private func isClosed(in past: BitSet, _ standings: Standings) -> Bool {
        log.ofRoom.contains { number in
            guard past.contains(number), standings.valid.contains(number),
                case .close = log.nodes[number].record.kind
            else { return false }
            return true
        }
    }

    private func greatest(
        in past: BitSet, _ standings: Standings, _ value: (ControlRecord.Kind) -> UInt64?
    ) -> UInt64 {
        var greatest: UInt64 = 0
        for number in log.ofRoom where past.contains(number) && standings.valid.contains(number) {
            if let value = value(log.nodes[number].record.kind) { greatest = max(greatest, value) }
        }
        return min(greatest, .max - 1)
    }

    /// Whoever signed two records with one number does nothing more, until somebody else who knew both lets it in anew.
    private func isSuspended(_ node: ControlLog.Node, _ standings: Standings) -> Bool {
        (twins[node.record.author] ?? []).contains { first, second in
            guard log.nodes[first].record.sequence < node.record.sequence else { return false }
            return !(log.bySubject[node.record.author] ?? []).contains { pardon in
                guard node.past.contains(pardon), standings.valid.contains(pardon),
                    log.nodes[pardon].record.author != node.record.author,
                    case .grant = log.nodes[pardon].record.kind
                else { return false }
                return log.nodes[pardon].past.contains(first) && log.nodes[pardon].past.contains(second)
            }
        }
    }
}
