import Hashing

/// Letting somebody in: what a member checks who is asked by a joiner, before it signs the grant.
extension Authority {
    public enum AdmissionRefusal: Error, Hashable, Sendable, CustomStringConvertible {
        case unknownInvite
        case takenBack
        case proof
        case expired
        case notAdmitter
        case usedUp
        case alreadyIn
        case mayNotAdmit

        public var description: String {
            switch self {
            case .unknownInvite:
                "the room has no such invitation; perhaps the record of it has not come here yet"
            case .takenBack: "this invitation was taken back"
            case .proof:
                "the request is not signed with the ticket's secret, for this key and this connection"
            case .expired: "this invitation has expired"
            case .notAdmitter: "this invitation has a limit, and somebody else counts its uses"
            case .usedUp: "this invitation was used as often as it may be"
            case .alreadyIn: "this key is in the room already"
            case .mayNotAdmit: "only members let others in"
            }
        }
    }

    /// How sure an admitter is of the time.
    public enum Clock: Hashable, Sendable {
        /// Unix seconds, settled.
        case settled(UInt64)
        /// The newest settled time that is known, if any: time is at least that.
        case atLeast(UInt64?)
    }

    /// The kind of record that lets a joiner in; `me` is the member that signs it.
    public func admit(
        _ key: Bytes32, by proof: JoinProof, endpoints: (joiner: Bytes32, mine: Bytes32), me: Bytes32,
        clock: Clock
    ) throws(AdmissionRefusal) -> ControlRecord.Kind {
        guard let own = fold.role(of: me), own >= .member else { throw .mayNotAdmit }
        guard proof.joinerEndpoint == endpoints.joiner, proof.admitterEndpoint == endpoints.mine,
            proof.holds(room: control.room, key: key, verify)
        else { throw .proof }
        guard let invite = fold.invites[proof.invite] else {
            let wasThere = control.records.contains {
                if case .uninvite(proof.invite) = $0.kind { true } else { false }
            }
            throw wasThere ? .takenBack : .unknownInvite
        }
        guard fold.role(of: key) == nil else { throw .alreadyIn }
        if let admitter = invite.admitter, admitter != me { throw .notAdmitter }
        if invite.mostUses > 0 {
            let uses = control.records.count { record in
                guard case .grant(_, _, _, let used?, _) = record.kind, !fold.void.contains(record.hash)
                else { return false }
                return used.invite == invite.key && record.author == me
            }
            guard uses < Int(invite.mostUses) else { throw .usedUp }
        }
        var isProvisional = false
        if invite.notAfter > 0 {
            switch clock {
            case .settled(let now): guard now <= invite.notAfter else { throw .expired }
            case .atLeast(let known):
                if let known, known > invite.notAfter { throw .expired }
                // A wrong clock locks nobody out: an admin with a right one says yes or no.
                isProvisional = true
            }
        }
        return .grant(key, invite.role, known: 0, via: proof, isProvisional: isProvisional)
    }
}
