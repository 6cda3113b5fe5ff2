import Measurements
import Notation

/// The `lines` part of a serial description (and of a port's settings).
extension LineLayout {
    init(_ part: Part, attributes: AttributeTable) throws(DescriptionError) {
        try part.only("form", "separator", "columns", "header", "bind", "pattern", "assign", "decimal", "comment")
        var bindings: [Binding] = []
        var columns = 0
        var isHeader = false
        if let list = part["columns"] {
            let items = try list.items(atMost: LineLayout.mostColumns)
            columns = items.count
            for (index, item) in items.enumerated() where !item.node.isNull && item.node.text != "-" {
                bindings.append(Binding(source: "\(index + 1)", attribute: try attributes.required(item)))
            }
        }
        for (name, item) in try part["bind"]?.members(atMost: LineLayout.mostColumns) ?? [] {
            let attribute = try attributes.required(Part(node: item.node, path: item.path, text: name))
            for source in try item.oneOrMore(atMost: 32) {
                bindings.append(Binding(source: try source.text(), attribute: attribute))
            }
        }
        let formPart = try part.required("form")
        let separators = try part["separator"]?.separators()
        let form: Form
        switch try formPart.text() {
        case "csv":
            isHeader = try part["header"]?.boolean() ?? false
            guard isHeader != (columns > 0) else {
                throw part.error("csv needs 'columns', or 'header': true and 'bind'")
            }
            let separator = separators?.first ?? UInt8(ascii: ",")
            form = isHeader ? .header(separator: separator) : .columns(separator: separator, columns: columns)
        case "json": form = .json
        case "keyvalue":
            let assign = try part["assign"]?.separators().first ?? UInt8(ascii: "=")
            form = .keyValue(separators: separators ?? Array(",; \t".utf8), assign: assign)
        case "pattern":
            let pattern = try part.required("pattern")
            let text = try pattern.text(atMost: 1_024)
            do throws(Pattern.Failure) { form = .pattern(try Pattern(text)) } catch { throw pattern.error("\(error)") }
        case let other: throw formPart.error("'\(other)' is not csv, json, keyvalue or pattern")
        }
        if case .pattern(let pattern) = form {
            for binding in bindings where !pattern.groups.contains(binding.source) {
                throw part.error("the pattern has no group '\(binding.source)'")
            }
        }
        guard !bindings.isEmpty else { throw part.error("no attribute is bound; see 'bind' or 'columns'") }
        for binding in bindings {
            let declaration = attributes.declarations[binding.attribute]
            let count = bindings.filter { $0.attribute == binding.attribute }.count
            guard count == declaration.width else {
                throw part.error("\(declaration.name) takes \(declaration.width) values, \(count) are bound")
            }
        }
        self.init(form: form, attributes: attributes.declarations, bindings: bindings)
        if let decimal = try part["decimal"]?.separators().first { point = decimal }
    }
}

extension Part {
    /// A part whose text is a member's name, to complain about in the member's place.
    init(node: Node, path: String, text: String) {
        self.init(node: Node(content: .scalar(text, plain: false), start: node.start, end: node.end), path: path)
    }

    func separators() throws(DescriptionError) -> [UInt8] {
        guard let text = node.text, !text.isEmpty, text.utf8.count <= 8 else {
            throw error("one or a few characters were expected")
        }
        return Array(text.utf8)
    }
}

extension AttributeTable {
    func required(_ name: Part) throws(DescriptionError) -> Int {
        let text = try name.text()
        guard let index = index(text) else { throw name.error("no attribute '\(text)' is declared" + guess(text)) }
        return index
    }
}
