/// Why bytes, a change or an edit were refused: what, and for bytes from outside, where.
public struct AutomergeError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Hashable, Sendable {
        /// The bytes end before what they announce.
        case truncated
        /// Not the magic bytes, checksum, hash or heads that belong here.
        case corrupt
        /// Bytes that the format does not allow.
        case malformed
        /// A declared bound (see `Limits`) would be passed.
        case tooLarge
        /// An operation refers to an object, element or value that is not there.
        case unknownReference
        /// A change does not follow what it must follow: sequence numbers, operation counters, order of a document.
        case outOfOrder
        /// A second change with the same author and sequence number.
        case equivocation
        /// There is no such object, key or index.
        case notFound
        /// The object is of another kind, or the value of another type.
        case wrongType
        /// Heads or changes that this document does not have.
        case unknownChange
        /// The other side of a synchronisation does not keep to the protocol.
        case protocolViolation
    }

    public var code: Code
    /// Where in the bytes that were handed in, if it was bytes.
    public var offset: Int?
    public var detail: String

    @inline(never)
    public init(_ code: Code, _ detail: String, at offset: Int? = nil) {
        self.code = code
        self.offset = offset
        self.detail = detail
    }

    public var description: String {
        offset.map { "\(detail) (at byte \($0))" } ?? detail
    }
}
