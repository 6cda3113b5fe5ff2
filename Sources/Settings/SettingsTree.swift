/// Settings after reading: every value checked, every absent one filled in, each knowing where it came from.
public struct SettingsTree: Sendable {
    public enum Origin: Hashable, Sendable, CustomStringConvertible {
        case fallback
        case file(String, line: Int)
        case commandLine(String)

        public var description: String {
            switch self {
            case .fallback: "default"
            case .file(let name, let line): "\(name):\(line)"
            case .commandLine(let flag): flag
            }
        }
    }

    public enum Content: Sendable {
        case absent
        case flag(Bool)
        /// Whole numbers, sizes in bytes, durations in milliseconds.
        case whole(Int64)
        case decimal(Double)
        case text(String)
        case list([SettingsTree])
        case record([Entry])
    }

    public struct Entry: Sendable {
        public var name: String
        public var value: SettingsTree
    }

    public var content: Content
    public var origin: Origin
    /// As one would write it, for people.
    public var written: String

    public init(_ content: Content, origin: Origin, written: String) {
        self.content = content
        self.origin = origin
        self.written = written
    }

    /// The value of a name that the schema has; asking for another is a mistake in the program.
    public subscript(name: String) -> SettingsTree {
        guard case .record(let entries) = content, let entry = entries.first(where: { $0.name == name }) else {
            preconditionFailure("the schema has no setting '\(name)' here")
        }
        return entry.value
    }

    public var isAbsent: Bool { if case .absent = content { true } else { false } }
    public var flag: Bool { if case .flag(let flag) = content { flag } else { false } }
    public var whole: Int64 { if case .whole(let number) = content { number } else { 0 } }
    public var text: String { if case .text(let text) = content { text } else { "" } }
    public var optionalText: String? { isAbsent ? nil : text }
    public var optionalWhole: Int64? { if case .whole(let number) = content { number } else { nil } }
    public var items: [SettingsTree] { if case .list(let items) = content { items } else { [] } }
    public var entries: [Entry] { if case .record(let entries) = content { entries } else { [] } }

    public var decimal: Double {
        switch content {
        case .decimal(let number): number
        case .whole(let number): Double(number)
        default: 0
        }
    }

    /// Every scalar with its path: `store.cap`, `serial[0].port`.
    public func leaves(under path: String = "") -> [(path: String, value: SettingsTree)] {
        switch content {
        case .record(let entries):
            return entries.flatMap { $0.value.leaves(under: path.isEmpty ? $0.name : "\(path).\($0.name)") }
        case .list(let items):
            return items.enumerated().flatMap { $0.element.leaves(under: "\(path)[\($0.offset)]") }
        case .absent: return []
        default: return [(path, self)]
        }
    }
}
