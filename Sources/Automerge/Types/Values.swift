/// A value that is not an object.
public enum ScalarValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case uint(UInt64)
    case int(Int64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// A number to which concurrent increments add up.
    case counter(Int64)
    /// Milliseconds since 1970.
    case timestamp(Int64)
    /// Of a type that this implementation does not know; kept as it came.
    case unknown(type: UInt8, bytes: [UInt8])
}

/// What stands at a key of a map or an index of a list.
public enum Value: Hashable, Sendable {
    case scalar(ScalarValue)
    case object(ObjectKind, ObjectID)

    public var scalar: ScalarValue? {
        if case .scalar(let scalar) = self { scalar } else { nil }
    }

    public var object: ObjectID? {
        if case .object(_, let id) = self { id } else { nil }
    }
}

/// The type numbers of the format.
enum ValueType {
    static let null: UInt32 = 0
    static let no: UInt32 = 1
    static let yes: UInt32 = 2
    static let uint: UInt32 = 3
    static let int: UInt32 = 4
    static let double: UInt32 = 5
    static let string: UInt32 = 6
    static let bytes: UInt32 = 7
    static let counter: UInt32 = 8
    static let timestamp: UInt32 = 9
}

/// The action numbers of the format.
enum Action {
    static let makeMap: UInt8 = 0
    static let set: UInt8 = 1
    static let makeList: UInt8 = 2
    static let delete: UInt8 = 3
    static let makeText: UInt8 = 4
    static let increment: UInt8 = 5
    static let makeTable: UInt8 = 6
    static let mark: UInt8 = 7
    static let count: UInt8 = 8

    static func kind(madeBy action: UInt8) -> ObjectKind? {
        switch action {
        case makeMap: .map
        case makeList: .list
        case makeText: .text
        case makeTable: .table
        default: nil
        }
    }

    static func making(_ kind: ObjectKind) -> UInt8 {
        switch kind {
        case .map: makeMap
        case .list: makeList
        case .text: makeText
        case .table: makeTable
        }
    }
}
