/// A place in a text: line and column from 1, offset in Unicode scalars from 0.
public struct Position: Hashable, Sendable {
    public var line: Int
    public var column: Int
    public var offset: Int

    public init(line: Int, column: Int, offset: Int) {
        self.line = line
        self.column = column
        self.offset = offset
    }
}

/// A part of a YAML (or JSON) text that knows where it stood, so that whoever finds it wrong can say where.
public struct Node: Sendable {
    public enum Content: Sendable {
        /// `plain` is false for quoted text, which is never a number, a flag or null.
        case scalar(String, plain: Bool)
        case sequence([Node])
        case mapping([Member])
    }

    public struct Member: Sendable {
        public var key: String
        public var keyPosition: Position
        public var value: Node
    }

    public var content: Content
    public var start: Position
    /// Just after the last character.
    public var end: Position

    public init(content: Content, start: Position, end: Position) {
        self.content = content
        self.start = start
        self.end = end
    }

    /// The value of a key; nil for anything but a mapping.
    public subscript(key: String) -> Node? { members?.first { $0.key == key }?.value }

    public var members: [Member]? { if case .mapping(let members) = content { members } else { nil } }
    public var items: [Node]? { if case .sequence(let items) = content { items } else { nil } }

    /// The text of a scalar, whatever it looks like.
    public var text: String? { if case .scalar(let text, _) = content { text } else { nil } }

    public var isNull: Bool {
        guard case .scalar(let text, plain: true) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    public var boolean: Bool? {
        guard case .scalar(let text, plain: true) = content else { return nil }
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return nil
        }
    }

    public var integer: Int64? {
        guard case .scalar(let text, plain: true) = content else { return nil }
        let digits = text.filter { $0 != "_" }
        if digits.hasPrefix("0x") { return Int64(digits.dropFirst(2), radix: 16) }
        return Int64(digits)
    }

    public var double: Double? {
        guard case .scalar(let text, plain: true) = content else { return nil }
        // Double also reads "nan" and "infinity", which nobody means in a settings file.
        guard let number = Double(text), number.isFinite else { return nil }
        return number
    }

    /// `a list`, `a mapping`, `text` …, to say what was found where something else was expected.
    public var kindName: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let text, let plain):
            if isNull { "nothing" } else if plain, boolean != nil { "'\(text)'" } else { "'\(text)'" }
        }
    }

    public func error(_ problem: String) -> NotationError {
        NotationError(line: start.line, column: start.column, problem: problem)
    }
}
