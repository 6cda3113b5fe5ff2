/// What somebody may do. Each includes the ones before.
public enum Scope: Int, Comparable, Sendable, CaseIterable {
    case view
    case operate
    case admin

    public static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
    public var name: String { "\(self)" }
    public init?(name: String) {
        guard let scope = Scope.allCases.first(where: { $0.name == name }) else { return nil }
        self = scope
    }
}

/// Who asks, as the audit trail names them, and what they may do.
public struct Principal: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Came over the Unix socket, whose permissions let them.
        case local(process: Int32, user: UInt32)
        case session
        case token
    }
    public var kind: Kind
    /// The session's or token's public id; never its secret.
    public var id: String
    public var scope: Scope

    public init(kind: Kind, id: String, scope: Scope) {
        self.kind = kind
        self.id = id
        self.scope = scope
    }

    /// `user 1000`, `token guest-3`.
    public var name: String {
        switch kind {
        case .local(_, let user): "user \(user)"
        case .session: "session \(id)"
        case .token: "token \(id)"
        }
    }
}
