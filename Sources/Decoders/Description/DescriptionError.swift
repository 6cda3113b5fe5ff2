import Notation

/// What is wrong with a description file, and where.
public struct DescriptionError: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    /// `frames[0].fields[2].type`; empty for the file as a whole.
    public var field: String
    public var problem: String

    public init(file: String = "", line: Int, field: String, problem: String) {
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem
    }

    public var description: String { "\(file):\(line): \(field.isEmpty ? "" : field + ": ")\(problem)" }
}

/// A part of a description file that knows its name, so that every complaint does.
struct Part {
    var node: Node
    var path: String

    /// A file may be written with comments and trailing text as YAML allows; JSON is a part of it.
    static func read(_ bytes: [UInt8]) throws(DescriptionError) -> Part {
        let node: Node?
        do throws(NotationError) { node = try YAMLReader.read(bytes) } catch {
            throw DescriptionError(line: error.line, field: "", problem: error.problem)
        }
        guard let node else { throw DescriptionError(line: 1, field: "", problem: "the file is empty") }
        return Part(node: node, path: "")
    }

    func error(_ problem: String) -> DescriptionError {
        DescriptionError(line: node.start.line, field: path, problem: problem)
    }

    var line: Int { node.start.line }

    /// Refuses unknown keys, with what was probably meant.
    func only(_ keys: String...) throws(DescriptionError) {
        guard let members = node.members else { throw error("an object was expected, not \(node.kindName)") }
        for member in members where !keys.contains(member.key) {
            let guess = Nearest.match(to: member.key, among: keys).map { "; did you mean '\($0)'?" } ?? ""
            throw DescriptionError(
                line: member.keyPosition.line, field: path.isEmpty ? member.key : "\(path).\(member.key)",
                problem: "there is no such field here\(guess)")
        }
    }

    subscript(key: String) -> Part? {
        guard let value = node[key] else { return nil }
        return Part(node: value, path: path.isEmpty ? key : "\(path).\(key)")
    }

    func required(_ key: String) throws(DescriptionError) -> Part {
        guard let part = self[key] else { throw error("'\(key)' is missing") }
        return part
    }

    func items(atMost most: Int) throws(DescriptionError) -> [Part] {
        guard let items = node.items else { throw error("a list was expected, not \(node.kindName)") }
        guard items.count <= most else { throw error("more than \(most) entries") }
        return items.enumerated().map { Part(node: $0.element, path: "\(path)[\($0.offset)]") }
    }

    /// One thing, or a list of them.
    func oneOrMore(atMost most: Int) throws(DescriptionError) -> [Part] {
        node.items == nil ? [self] : try items(atMost: most)
    }

    func members(atMost most: Int) throws(DescriptionError) -> [(key: String, part: Part)] {
        guard let members = node.members else { throw error("an object was expected, not \(node.kindName)") }
        guard members.count <= most else { throw error("more than \(most) members") }
        return members.map { ($0.key, Part(node: $0.value, path: "\(path).\($0.key)")) }
    }

    func text(atMost most: Int = 256) throws(DescriptionError) -> String {
        guard let text = node.text, !text.isEmpty else { throw error("text was expected, not \(node.kindName)") }
        guard text.utf8.count <= most else { throw error("more than \(most) characters") }
        return text
    }

    /// `12`, or `"0x0c"`.
    func integer(in range: ClosedRange<Int64> = .min ... .max) throws(DescriptionError) -> Int64 {
        guard let text = node.text, let value = Part.integer(text) else {
            throw error("a whole number was expected, not \(node.kindName)")
        }
        guard range.contains(value) else { throw error("\(value) is not in \(range.lowerBound)…\(range.upperBound)") }
        return value
    }

    static func integer(_ text: String) -> Int64? {
        if text.hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) }
        return Int64(text)
    }

    func number() throws(DescriptionError) -> Double {
        guard let text = node.text, let value = Double(text), value.isFinite else {
            throw error("a number was expected, not \(node.kindName)")
        }
        return value
    }

    func boolean() throws(DescriptionError) -> Bool {
        guard let value = node.boolean else { throw error("true or false was expected, not \(node.kindName)") }
        return value
    }

    func hex(atMost most: Int = 512) throws(DescriptionError) -> [UInt8] {
        let text = try text(atMost: 4 * most).filter { $0 != " " && $0 != ":" }
        guard let bytes = Hex.decode(text) else { throw error("pairs of hexadecimal digits were expected") }
        guard bytes.count <= most else { throw error("more than \(most) bytes") }
        return bytes
    }

    func type(_ name: String? = nil) throws(DescriptionError) -> RawType {
        var name = name ?? ""
        if name.isEmpty { name = try text() }
        guard let type = RawType(name: name) else {
            let guess = Nearest.match(to: name, among: RawType.allCases.map { "\($0)" })
            throw error("there is no type '\(name)'" + (guess.map { "; did you mean '\($0)'?" } ?? ""))
        }
        return type
    }
}
