import Hashing

/// Why something was not taken. Each is shown and counted with its sentence.
public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    // A record or an envelope by itself.
    case malformed(MalformedRecord)
    case otherRoom
    case signature
    case joinProof
    // Its place.
    case sequence
    case neverGranted
    case headsWentBack
    case previous
    // Its change.
    case actor
    case startOp
    case buildsOnStranger
    // Authority.
    case role(needs: Role)
    case cutOff
    case suspended
    case otherBranch
    case closed
    // Bounds.
    case roomFull
    case authorFull

    public var description: String {
        switch self {
        case .malformed(let what): "it is not a record: \(what)"
        case .otherRoom: "it belongs to another room"
        case .signature: "it is not signed by the author it names"
        case .joinProof: "the request to join is not signed with the invitation's secret"
        case .sequence: "it does not follow its author's previous record"
        case .neverGranted: "its author was never let into the room"
        case .headsWentBack: "it forgets control records that its author knew before"
        case .previous: "it does not follow its author's previous envelope"
        case .actor: "its change is made in another's name"
        case .startOp: "its change counts its operations from a wrong number"
        case .buildsOnStranger: "it builds on a change by somebody who was never let into the room"
        case .role(let needs):
            "its author may not do that; it takes \(needs == .owner ? "an owner" : "at least the role \(needs.name)")"
        case .cutOff: "its author was removed before"
        case .suspended:
            "its author signed two things with one number and is suspended until an admin acts"
        case .otherBranch: "its author signed another with the same number, and that one counts"
        case .closed: "the room is closed"
        case .roomFull: "the room has as many control records as a room may have"
        case .authorFull: "too much of its author waits for what is not here yet"
        }
    }
}
