/// Why bytes from outside could not be read: what was being read, what was wrong with it, and where.
public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Problem: Hashable, Sendable {
        /// The bytes end before the field does.
        case truncated
        /// There are bytes after the end.
        case trailing
        /// A number or a length over its named maximum.
        case tooLarge
        /// A value that no version of the format knows.
        case unknown
        /// A second way to write the same thing; only the canonical one is read.
        case notCanonical
        /// Text that is not UTF-8.
        case notUTF8
        /// Fields that contradict each other.
        case inconsistent
        case checksum
    }

    public var field: String
    public var problem: Problem
    public var offset: Int

    public init(_ field: String, _ problem: Problem, at offset: Int) {
        self.field = field
        self.problem = problem
        self.offset = offset
    }

    public var description: String {
        let what =
            switch problem {
            case .truncated: "ends too early"
            case .trailing: "is followed by bytes that do not belong to it"
            case .tooLarge: "is over its maximum"
            case .unknown: "is not known to this version"
            case .notCanonical: "is not in its canonical form"
            case .notUTF8: "is not UTF-8"
            case .inconsistent: "contradicts the rest"
            case .checksum: "does not match its checksum"
            }
        return "\(field) \(what) (byte \(offset))"
    }
}
