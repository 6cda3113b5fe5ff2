import Hashing

/// What identifies a change: the SHA-256 of its bytes.
public typealias ChangeHash = Bytes32

/// Who writes: any bytes, usually 16. One actor never writes two changes with one sequence number, so draw a new one
/// whenever a document was restored from a copy.
public struct ActorID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public static func < (left: ActorID, right: ActorID) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

    public var description: String {
        String(decoding: bytes.flatMap { [hexDigit($0 >> 4), hexDigit($0 & 15)] }, as: UTF8.self)
    }
}

private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

/// Identifies an operation, and what the operation made: a value, an element of a list, an object.
public struct OperationID: Hashable, Sendable, CustomStringConvertible {
    public let counter: UInt32
    public let actor: ActorID

    public init(counter: UInt32, actor: ActorID) {
        self.counter = counter
        self.actor = actor
    }

    public var description: String { "\(counter)@\(actor)" }
}

/// A map, list or text within a document. It stays the same in every replica.
public struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    /// The operation that made the object; nil for the root.
    public let operation: OperationID?

    public init(_ operation: OperationID) { self.operation = operation }
    private init() { operation = nil }

    /// The map that every document is.
    public static let root = ObjectID()

    public var description: String { operation.map { "\($0)" } ?? "root" }
}

public enum ObjectKind: UInt8, Hashable, Sendable {
    case map
    case list
    case text
    /// A map by another name, from old documents.
    case table

    var isSequence: Bool { self == .list || self == .text }
}

/// Where a value stands within its object.
public enum Key: Hashable, Sendable, CustomStringConvertible {
    case name(String)
    case index(Int)

    public var description: String {
        switch self {
        case .name(let name): name
        case .index(let index): "\(index)"
        }
    }
}

extension Key: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral name: String) { self = .name(name) }
    public init(integerLiteral index: Int) { self = .index(index) }
}
