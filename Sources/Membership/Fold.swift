import Hashing

/// Who may do what, as the records of a room (or those that somebody knew of) add up to it. It depends on the set of
/// records alone: nobody's clock and no order of arrival has a say.
public struct Fold: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var role: Role
        /// The record that let it in.
        public var grant: Bytes32
    }

    /// A removal that counts.
    public struct Removal: Hashable, Sendable {
        public var record: Bytes32
        public var through: ControlRecord.Cut?
    }

    public internal(set) var members: [Bytes32: Member] = [:]
    /// Let in by somebody whose clock was not settled; an admin has to confirm.
    public internal(set) var provisional: Set<Bytes32> = []
    public internal(set) var invites: [Bytes32: Invite] = [:]
    public internal(set) var removals: [Bytes32: [Removal]] = [:]
    public internal(set) var generation: UInt64 = 0
    public internal(set) var commitment: Bytes32?
    public internal(set) var epochs: [Document: UInt64] = [:]
    public internal(set) var isClosed = false
    /// Records that do not count.
    public internal(set) var void: Set<Bytes32> = []

    public func role(of key: Bytes32) -> Role? { members[key]?.role }
}

extension ControlLog {
    /// What all records here add up to.
    public func fold() -> Fold { fold(in: everything) }

    /// What the records known at these heads add up to; nil where one is not here.
    public func fold(at heads: [Bytes32]) -> Fold? { closure(of: heads).map { fold(in: $0) } }

    func fold(in known: BitSet) -> Fold {
        let valid = Judgement(log: self, known: known).valid()
        var fold = Fold()
        let standings = Standings(log: self, valid: valid)
        for key in Set(bySubject.keys).union([create.founder]) {
            if let standing = standings.standing(of: key, in: known) {
                fold.members[key] = Fold.Member(role: standing.role, grant: standing.grant)
            } else if standings.isProvisional(key, in: known) {
                fold.provisional.insert(key)
            }
        }
        for (number, node) in nodes.enumerated() where known.contains(number) {
            guard valid.contains(number) else {
                fold.void.insert(node.hash)
                continue
            }
            switch node.record.kind {
            case .revoke(let key, let through):
                fold.removals[key, default: []].append(Fold.Removal(record: node.hash, through: through))
            case .invite(let invite):
                if standings.invite(invite.key, in: known) != nil { fold.invites[invite.key] = invite }
            case .rotate(let generation, let commitment):
                let isNewer = generation > fold.generation
                if isNewer || (generation == fold.generation && commitment < fold.commitment ?? commitment) {
                    fold.generation = generation
                    fold.commitment = commitment
                }
            case .epoch(let document, let number, _):
                fold.epochs[document] = max(fold.epochs[document] ?? 0, number)
            case .close: fold.isClosed = true
            case .grant, .role, .uninvite: break
            }
        }
        for key in fold.removals.keys { fold.removals[key]?.sort { $0.record < $1.record } }
        return fold
    }
}
