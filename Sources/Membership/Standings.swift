import Hashing

/// Who stands how, among the records that count.
struct Standings {
    let log: ControlLog
    let valid: BitSet

    struct Standing {
        var role: Role
        var grant: Bytes32
        /// The earlier, the more senior: how far from the beginning, then by hash.
        var depth: Int
    }

    private func counts(_ number: Int, _ known: BitSet) -> Bool {
        valid.contains(number) && known.contains(number)
    }

    /// A key is in where something lets it in that every removal of it knew nothing after: being let in again at the same
    /// time as being removed is being removed.
    func standing(of key: Bytes32, in known: BitSet) -> Standing? {
        let records = (log.bySubject[key] ?? []).filter { counts($0, known) }
        let revokes = records.filter {
            if case .revoke = log.nodes[$0].record.kind { true } else { false }
        }
        let alive = records.filter { number in
            if case .revoke = log.nodes[number].record.kind { return false }
            return revokes.allSatisfy { log.nodes[number].past.contains($0) }
        }
        let isFounder = key == log.create.founder && revokes.isEmpty
        let grants = alive.filter {
            if case .grant(_, _, _, _, false) = log.nodes[$0].record.kind { true } else { false }
        }
        guard isFounder || !grants.isEmpty else { return nil }
        let first = grants.map { log.nodes[$0] }.min { ($0.depth, $0.hash) < ($1.depth, $1.hash) }
        return Standing(
            role: role(of: key, alive, isFounder: isFounder),
            grant: isFounder ? log.room : first?.hash ?? log.room,
            depth: isFounder ? 0 : first?.depth ?? 0)
    }

    /// Of what says a role: an owner stays one until he or the recovery key says otherwise; else what admins say, the
    /// lowest where they say it at the same time; else what an invitation gave.
    private func role(of key: Bytes32, _ alive: [Int], isFounder: Bool) -> Role {
        var owner = isFounder ? [nil] : [Int?]()
        var (said, invited): ([(Int, Role)], [Role]) = ([], [])
        for number in alive {
            switch log.nodes[number].record.kind {
            case .grant(_, let role, _, let proof, false):
                if role == .owner { owner.append(number) }
                if proof == nil { said.append((number, role)) } else { invited.append(role) }
            case .role(_, let role):
                if role == .owner { owner.append(number) }
                said.append((number, role))
            default: break
            }
        }
        let stepped = said.filter { number, role in
            let author = log.nodes[number].record.author
            return role != .owner && (author == key || author == log.create.recovery)
        }
        let isOwner = owner.contains { made in
            stepped.allSatisfy { step, _ in made.map { log.nodes[$0].past.contains(step) } ?? false }
        }
        if isOwner { return .owner }
        let newest = said.filter { number, role in
            role != .owner && !said.contains { log.nodes[$0.0].past.contains(number) && $0.1 != .owner }
        }
        return newest.map(\.1).min() ?? invited.max() ?? .viewer
    }

    func isProvisional(_ key: Bytes32, in known: BitSet) -> Bool {
        (log.bySubject[key] ?? []).contains { number in
            guard counts(number, known), case .grant(_, _, _, _, true) = log.nodes[number].record.kind
            else {
                return false
            }
            return true
        }
    }

    /// An invitation that stands: not taken back by anybody who might have known it.
    func invite(_ key: Bytes32, in known: BitSet) -> Invite? {
        var found: Invite?
        for number in log.ofRoom where counts(number, known) {
            switch log.nodes[number].record.kind {
            case .invite(let invite) where invite.key == key: found = found ?? invite
            case .uninvite(key): return nil
            default: break
            }
        }
        return found
    }

    func uses(of invite: Bytes32, by author: Bytes32, in known: BitSet) -> Int {
        (log.byAuthor[author] ?? []).count { number in
            guard counts(number, known),
                case .grant(_, _, _, let proof?, _) = log.nodes[number].record.kind
            else {
                return false
            }
            return proof.invite == invite
        }
    }

    /// Whether this key was made an owner by something that counts and that `number` did not know of.
    func isMadeOwner(_ key: Bytes32, besides number: Int, in known: BitSet) -> Bool {
        (log.bySubject[key] ?? []).contains { other in
            guard counts(other, known), log.areConcurrent(other, number) else { return false }
            switch log.nodes[other].record.kind {
            case .grant(_, .owner, _, _, _), .role(_, .owner): return true
            default: return false
            }
        }
    }
}
