import Notation

/// Holds a settings file against the schema. All problems are found in one reading, not the first alone.
public struct SettingsReader {
    public static let mostProblems = 20

    private let file: String
    private var problems: [SettingsError.Problem] = []

    /// `text` is the whole file; an empty one is complete.
    public static func read(
        _ text: [UInt8], file: String, schema: [Setting]
    ) throws(SettingsError) -> SettingsTree {
        var reader = SettingsReader(file: file)
        let root: Node?
        do throws(NotationError) {
            root = try YAMLReader.read(text)
        } catch {
            throw SettingsError(problems: [
                .init(file: file, line: error.line, column: error.column, key: "", problem: error.problem)
            ])
        }
        let tree = reader.record(root, schema, path: "")
        guard reader.problems.isEmpty else { throw SettingsError(problems: reader.problems) }
        return tree
    }

    private init(file: String) { self.file = file }

    private mutating func value(_ node: Node?, _ shape: Shape, path: String, fallback: String?) -> SettingsTree {
        switch shape {
        case .scalar(let scalar): return self.scalar(node, scalar, path: path, fallback: fallback)
        case .record(let settings): return record(node, settings, path: path)
        case .list(let element, let most): return list(node, element, most: most, path: path)
        case .table(let element, let most): return table(node, element, most: most, path: path)
        }
    }

    private mutating func record(_ node: Node?, _ settings: [Setting], path: String) -> SettingsTree {
        var members: [Node.Member] = []
        if let node, !node.isNull {
            if let found = node.members {
                members = found
            } else {
                report(node.start, path, "a mapping (key: value) was expected, not \(node.kindName)")
            }
        }
        for member in members where !settings.contains(where: { $0.name == member.key }) {
            var problem = "no such setting"
            if let near = Nearest.match(to: member.key, among: settings.map(\.name)) {
                problem += "; did you mean '\(near)'?"
            } else {
                problem += "; known here: \(settings.map(\.name).sorted().joined(separator: ", "))"
            }
            report(member.keyPosition, join(path, member.key), problem)
        }
        let entries = settings.map { setting in
            let member = members.first { $0.key == setting.name }
            if setting.required, member == nil, let node {
                report(node.start, join(path, setting.name), "is missing; \(setting.summary)")
            }
            return SettingsTree.Entry(
                name: setting.name,
                value: value(
                    member?.value, setting.shape, path: join(path, setting.name), fallback: setting.fallback))
        }
        return SettingsTree(.record(entries), origin: origin(node), written: "")
    }

    private mutating func list(_ node: Node?, _ element: Shape, most: Int, path: String) -> SettingsTree {
        guard let node, !node.isNull else { return SettingsTree(.list([]), origin: .fallback, written: "[]") }
        // One thing where a list may stand is a list of one.
        if case .scalar = element, node.text != nil {
            let only = value(node, element, path: path, fallback: nil)
            return SettingsTree(.list([only]), origin: origin(node), written: only.written)
        }
        guard let items = node.items else {
            report(node.start, path, "a list ('- …') was expected, not \(node.kindName)")
            return SettingsTree(.list([]), origin: origin(node), written: "[]")
        }
        if items.count > most { report(node.start, path, "at most \(most) entries, not \(items.count)") }
        let read = items.prefix(most).enumerated().map {
            value($0.element, element, path: "\(path)[\($0.offset)]", fallback: nil)
        }
        return SettingsTree(.list(read), origin: origin(node), written: "")
    }

    private mutating func table(_ node: Node?, _ element: Shape, most: Int, path: String) -> SettingsTree {
        guard let node, !node.isNull else { return SettingsTree(.record([]), origin: .fallback, written: "{}") }
        guard let members = node.members else {
            report(node.start, path, "a mapping (key: value) was expected, not \(node.kindName)")
            return SettingsTree(.record([]), origin: origin(node), written: "{}")
        }
        if members.count > most { report(node.start, path, "at most \(most) entries, not \(members.count)") }
        let read = members.prefix(most).map { member in
            SettingsTree.Entry(
                name: member.key, value: value(member.value, element, path: join(path, member.key), fallback: nil))
        }
        return SettingsTree(.record(read), origin: origin(node), written: "")
    }

    private mutating func scalar(_ node: Node?, _ scalar: Scalar, path: String, fallback: String?) -> SettingsTree {
        if let node, !node.isNull {
            if let text = node.text, let content = scalar.content(of: node) {
                return SettingsTree(content, origin: origin(node), written: text)
            }
            report(node.start, path, "\(scalar.expectation) was expected, not \(node.kindName)")
            return SettingsTree(.absent, origin: origin(node), written: "")
        }
        guard let fallback else { return SettingsTree(.absent, origin: .fallback, written: "") }
        let position = Position(line: 0, column: 0, offset: 0)
        let written = Node(content: .scalar(fallback, plain: true), start: position, end: position)
        guard let content = scalar.content(of: written) else {
            preconditionFailure("the default '\(fallback)' of \(path) is not \(scalar.expectation)")
        }
        return SettingsTree(content, origin: .fallback, written: fallback)
    }

    private func origin(_ node: Node?) -> SettingsTree.Origin {
        node.map { .file(file, line: $0.start.line) } ?? .fallback
    }

    private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private mutating func report(_ at: Position, _ key: String, _ problem: String) {
        guard problems.count < SettingsReader.mostProblems else { return }
        problems.append(.init(file: file, line: at.line, column: at.column, key: key, problem: problem))
    }
}

extension Scalar {
    /// Nil where the node is not what was asked for.
    func content(of node: Node) -> SettingsTree.Content? {
        guard let text = node.text else { return nil }
        switch self {
        case .flag: return node.boolean.map { .flag($0) }
        case .whole(let range): return node.integer.flatMap { range.contains($0) ? .whole($0) : nil }
        case .decimal(let range): return node.double.flatMap { range.contains($0) ? .decimal($0) : nil }
        case .text(let most): return text.unicodeScalars.count <= most ? .text(text) : nil
        case .choice(let words): return words.contains(text) ? .text(text) : nil
        case .bytes(let range):
            return Quantity.bytes(of: text).flatMap { range.contains($0) ? .whole($0) : nil }
        case .duration(let range, let words):
            if words.contains(text) { return .text(text) }
            return Quantity.milliseconds(of: text).flatMap { range.contains($0) ? .whole($0) : nil }
        }
    }
}
