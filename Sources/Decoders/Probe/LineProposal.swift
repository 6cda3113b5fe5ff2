import Notation

/// Writes a description for lines that were heard, for a person to complete: names, units and ranges only they know.
enum LineProposal {
    static let mostAttributes = 32

    static func description(_ form: LineGuess.Form, _ lines: [[UInt8]], baud: Int) -> String {
        let sample = lines.last ?? []
        var bindings: [(name: String, source: String, kind: JSON)] = []
        var layout: [JSON.Member] = []
        switch form {
        case .json:
            layout.append(.init("form", "json"))
            if let value = try? JSONReader.read(sample) { flatten(value, path: "", into: &bindings) }
        case .keyValue(let assign):
            layout += [.init("form", "keyvalue"), .init("assign", .string(String(UnicodeScalar(assign))))]
            for pair in LineGuess.pairs(sample, assign) ?? [] {
                bindings.append((pair.key, pair.key, LineGuess.isNumber(pair.value) ? "double" : "text"))
            }
        case .csv(let separator, _):
            layout += [.init("form", "csv"), .init("separator", .string(String(UnicodeScalar(separator))))]
            for (index, column) in LineGuess.split(sample, separator).enumerated() {
                bindings.append(("column_\(index + 1)", "\(index + 1)", LineGuess.isNumber(column) ? "double" : "text"))
            }
        }
        bindings = Array(bindings.prefix(mostAttributes))
        let names = bindings.map { identifier($0.name) }
        if case .csv = form {
            layout.append(.init("columns", .array(names.map { .string($0) })))
        } else {
            layout.append(
                .init("bind", .object(zip(names, bindings).map { .init($0, .string($1.source)) })))
        }
        let attributes = zip(names, bindings).map { JSON.object([.init("name", .string($0)), .init("kind", $1.kind)]) }
        return JSONWriter.pretty([
            "decoder": "my-board", "version": 1, "title": "Found by listening",
            "comment":
                "Give the attributes names, units and ranges: [least, greatest]. Lines have no checksum, so a range is what keeps nonsense out.",
            "attributes": .array(attributes),
            "serial": ["baud": .integer(Int64(baud)), "lines": .object(layout)],
        ])
    }

    private static func flatten(
        _ value: JSON, path: String, into bindings: inout [(name: String, source: String, kind: JSON)]
    ) {
        func below(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        switch value {
        case .object(let members):
            for member in members { flatten(member.value, path: below(member.key), into: &bindings) }
        case .array(let items):
            for (index, item) in items.enumerated() { flatten(item, path: below("\(index)"), into: &bindings) }
        case .integer, .double: bindings.append((path, path, "double"))
        case .boolean: bindings.append((path, path, "boolean"))
        case .string: bindings.append((path, path, "text"))
        case .null: break
        }
    }

    private static func identifier(_ text: String) -> String {
        let word = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? Character($0.lowercased()) : "_" })
        let trimmed = String(word.drop { $0 == "_" }.prefix(60))
        return trimmed.isEmpty ? "value" : trimmed
    }
}
