import Notation

/// Changes a settings file as text: only the value asked for changes, comments and order stay.
public enum SettingsEditor {
    /// Sets `path` (`store.cap`) to `value`, written as YAML. The result is checked by whoever asked for it.
    public static func set(_ path: [String], to value: String, in text: String) throws(NotationError) -> String {
        let root = try YAMLReader.read(text)
        var node = root
        var depth = 0
        while depth < path.count, let next = node?[path[depth]] {
            node = next
            depth += 1
        }
        if depth == path.count, let node { return replace(node, with: value, in: text) }
        guard node == nil || node?.members != nil || node?.isNull == true else {
            throw node!.error("'\(path[..<depth].joined(separator: "."))' holds \(node!.kindName), not settings")
        }
        return insert(Array(path[depth...]), value, under: depth == 0 ? root : node, depth: depth, in: text)
    }

    /// Appends an item, given as lines of YAML without indentation, to the list at `path` (`bluetooth.sensors`); makes the
    /// list where there is none.
    public static func append(_ item: [String], to path: String, in text: String) throws(NotationError) -> String {
        let names = path.split(separator: ".").map(String.init)
        guard let root = try YAMLReader.read(text), let found = member(names, of: root) else {
            let emptied = try set(names, to: "[]", in: text)
            guard member(names, of: try YAMLReader.read(emptied)) != nil else { return emptied }
            return try append(item, to: path, in: emptied)
        }
        let list = found.value
        let lines = item.enumerated().map { ($0 == 0 ? "- " : "  ") + $1 }
        guard let last = list.items?.last else {
            guard list.isNull || list.items != nil else {
                throw list.error("'\(path)' holds \(list.kindName), not a list")
            }
            let indent = String(repeating: " ", count: found.keyPosition.column + 1)
            return splice(replace(list, with: "", in: text), afterLine: list.start.line, lines.map { indent + $0 })
        }
        guard list.start.line != found.keyPosition.line else {
            throw list.error("'\(path)' is written on one line ([…]); write its entries on lines of their own first")
        }
        let indent = String(repeating: " ", count: list.start.column - 1)
        return splice(text, afterLine: lastLine(of: last), lines.map { indent + $0 })
    }

    private static func member(_ names: [String], of root: Node?) -> Node.Member? {
        var node = root
        var found: Node.Member?
        for name in names {
            found = node?.members?.first { $0.key == name }
            node = found?.value
        }
        return found
    }

    private static func replace(_ node: Node, with value: String, in text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var start = node.start.offset
        // An empty value begins right after the colon.
        if node.start.offset == node.end.offset, start > 0, scalars[start - 1] == ":" {
            return string(scalars[..<start]) + (value.isEmpty ? "" : " " + value) + string(scalars[node.end.offset...])
        }
        if value.isEmpty { while start > 0, scalars[start - 1] == " " { start -= 1 } }
        return string(scalars[..<start]) + value + string(scalars[min(node.end.offset, scalars.count)...])
    }

    private static func insert(
        _ missing: [String], _ value: String, under parent: Node?, depth: Int, in text: String
    ) -> String {
        let members = parent?.members ?? []
        let column = members.first.map { $0.keyPosition.column - 1 } ?? 2 * depth
        var lines: [String] = []
        for (index, name) in missing.enumerated() {
            let indent = String(repeating: " ", count: column + 2 * index)
            lines.append(indent + name + ":" + (index == missing.count - 1 ? " " + value : ""))
        }
        if depth == 0 { return withFinalNewline(text) + lines.joined(separator: "\n") + "\n" }
        let after = members.last.map { lastLine(of: $0.value) } ?? parent?.start.line ?? 1
        return splice(text, afterLine: after, lines)
    }

    /// The line on which a value's own text ends: a block's end mark lies on the line of whatever follows it.
    private static func lastLine(of node: Node) -> Int {
        switch node.content {
        case .scalar: return node.end.column == 1 ? max(node.start.line, node.end.line - 1) : node.end.line
        case .sequence(let items): return items.last.map { lastLine(of: $0) } ?? node.end.line
        case .mapping(let members): return members.last.map { lastLine(of: $0.value) } ?? node.end.line
        }
    }

    private static func splice(_ text: String, afterLine line: Int, _ added: [String]) -> String {
        var lines = withFinalNewline(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines.insert(contentsOf: added, at: min(line, lines.count - 1))
        return lines.joined(separator: "\n")
    }

    private static func withFinalNewline(_ text: String) -> String {
        text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
    }

    private static func string(_ scalars: ArraySlice<UnicodeScalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
