import Hashing

/// A room's id is the hash of its CreateRecord: whoever has the record can check the id, and the id names one founder.
public typealias RoomID = Bytes32

/// What somebody may do in a room; a lower case may do all that a higher one may.
public enum Role: UInt8, Hashable, Sendable, CaseIterable, Comparable {
    case owner = 1
    case admin = 2
    case member = 3
    case viewer = 4

    /// `owner` is the greatest.
    public static func < (left: Role, right: Role) -> Bool { left.rawValue > right.rawValue }

    public var name: String {
        switch self {
        case .owner: "owner"
        case .admin: "admin"
        case .member: "member"
        case .viewer: "viewer"
        }
    }
}

public enum Document: UInt8, Hashable, Sendable, CaseIterable {
    case settings = 1
    case content = 2

    public var name: String { self == .settings ? "settings" : "content" }

    /// The least role that may write it.
    public var writer: Role { self == .settings ? .admin : .member }
}

/// What is really signed: `bothy/<kind>/1`, a zero byte, the body.
public enum SignedText {
    public static func bytes(_ kind: StaticString, _ body: [UInt8]) -> [UInt8] {
        kind.withUTF8Buffer { Array("bothy/".utf8) + Array($0) + Array("/1\0".utf8) } + body
    }
}

/// Whether 64 bytes are that key's signature over that message.
public typealias Verify =
    @Sendable (_ key: Bytes32, _ message: [UInt8], _ signature: [UInt8]) -> Bool
