import CYAML

/// Reads one YAML document into nodes. Anchors, aliases and tags are refused: in a settings file they are mistakes or
/// attacks (a few aliases unfold into gigabytes).
public struct YAMLReader {
    public static let greatestDepth = 32
    public static let mostNodes = 100_000
    public static let mostBytes = 4 << 20

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var nodes = 0

    /// Nil for an empty document, one of comments alone.
    public static func read(_ bytes: [UInt8]) throws(NotationError) -> Node? {
        guard bytes.count <= mostBytes else {
            throw NotationError(line: 1, column: 1, problem: "more than \(mostBytes >> 20) MiB")
        }
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            throw NotationError(line: 1, column: 1, problem: "no memory for the parser")
        }
        defer { yaml_parser_delete(parser) }
        let result: Result<Node?, NotationError> = bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            var reader = YAMLReader(parser: parser)
            do throws(NotationError) { return .success(try reader.stream()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    public static func read(_ text: String) throws(NotationError) -> Node? { try read(Array(text.utf8)) }

    private init(parser: UnsafeMutablePointer<yaml_parser_t>) { self.parser = parser }

    private mutating func stream() throws(NotationError) -> Node? {
        try skip(YAML_STREAM_START_EVENT)
        var event = try next()
        guard event.type == YAML_DOCUMENT_START_EVENT else {
            yaml_event_delete(&event)
            return nil
        }
        yaml_event_delete(&event)
        let root = try node(try next(), depth: 0)
        try skip(YAML_DOCUMENT_END_EVENT)
        var end = try next()
        defer { yaml_event_delete(&end) }
        guard end.type == YAML_STREAM_END_EVENT else {
            throw NotationError(at: end.start_mark, "a second document ('---') begins; only one is read")
        }
        return root.isNull ? nil : root
    }

    private func next() throws(NotationError) -> yaml_event_t {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw parserError() }
        return event
    }

    private func skip(_ type: yaml_event_type_t) throws(NotationError) {
        var event = try next()
        defer { yaml_event_delete(&event) }
        guard event.type == type else { throw NotationError(at: event.start_mark, "cannot be read here") }
    }

    private mutating func node(_ first: yaml_event_t, depth: Int) throws(NotationError) -> Node {
        var event = first
        defer { yaml_event_delete(&event) }
        nodes += 1
        guard nodes <= YAMLReader.mostNodes else {
            throw NotationError(at: event.start_mark, "more than \(YAMLReader.mostNodes) values")
        }
        guard depth <= YAMLReader.greatestDepth else {
            throw NotationError(at: event.start_mark, "nested deeper than \(YAMLReader.greatestDepth)")
        }
        switch event.type {
        case YAML_SCALAR_EVENT: return try scalar(event)
        case YAML_SEQUENCE_START_EVENT:
            guard event.data.sequence_start.anchor == nil else { throw anchorError(event) }
            return try sequence(from: event.start_mark, depth: depth)
        case YAML_MAPPING_START_EVENT:
            guard event.data.mapping_start.anchor == nil else { throw anchorError(event) }
            return try mapping(from: event.start_mark, depth: depth)
        case YAML_ALIAS_EVENT: throw anchorError(event)
        default: throw NotationError(at: event.start_mark, "a value was expected")
        }
    }

    private func scalar(_ event: yaml_event_t) throws(NotationError) -> Node {
        let scalar = event.data.scalar
        guard scalar.anchor == nil else { throw anchorError(event) }
        let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        return Node(
            content: .scalar(text, plain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
            start: Position(event.start_mark), end: Position(event.end_mark))
    }

    private mutating func sequence(from start: yaml_mark_t, depth: Int) throws(NotationError) -> Node {
        var items: [Node] = []
        while true {
            var event = try next()
            if event.type == YAML_SEQUENCE_END_EVENT {
                defer { yaml_event_delete(&event) }
                return Node(content: .sequence(items), start: Position(start), end: Position(event.end_mark))
            }
            items.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func mapping(from start: yaml_mark_t, depth: Int) throws(NotationError) -> Node {
        var members: [Node.Member] = []
        var seen: Set<String> = []
        while true {
            var event = try next()
            if event.type == YAML_MAPPING_END_EVENT {
                defer { yaml_event_delete(&event) }
                return Node(content: .mapping(members), start: Position(start), end: Position(event.end_mark))
            }
            let key = try node(event, depth: depth + 1)
            guard let name = key.text else { throw key.error("a key must be text, not \(key.kindName)") }
            guard seen.insert(name).inserted else { throw key.error("the key '\(name)' stands here twice") }
            members.append(
                Node.Member(key: name, keyPosition: key.start, value: try node(try next(), depth: depth + 1)))
        }
    }

    private func anchorError(_ event: yaml_event_t) -> NotationError {
        NotationError(at: event.start_mark, "anchors (&) and aliases (*) are not read; write the value out")
    }

    private func parserError() -> NotationError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "cannot be read"
        let context = parser.pointee.context.map { " (\(String(cString: $0)))" } ?? ""
        return NotationError(at: parser.pointee.problem_mark, problem + context)
    }
}

extension Position {
    fileprivate init(_ mark: yaml_mark_t) {
        // libyaml's index counts characters, so a byte offset has to be found from line and column where it is needed.
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1, offset: Int(mark.index))
    }
}

extension NotationError {
    fileprivate init(at mark: yaml_mark_t, _ problem: String) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1, problem: problem)
    }
}
