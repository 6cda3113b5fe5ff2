import Measurements
import Notation

/// A description's attributes. One that may come several times in a frame (`"repeats": 3`) stands there as `door`,
/// `door_2`, `door_3`.
struct AttributeTable: Sendable {
    private(set) var declarations: [AttributeDeclaration] = []
    private var first: [String: Int] = [:]
    private var turns: [Int: Int] = [:]

    init(_ part: Part) throws(DescriptionError) {
        for item in try part.items(atMost: Program.mostAttributes) {
            let declaration = try AttributeTable.declaration(item)
            guard first[declaration.name] == nil else {
                throw item.error("the attribute '\(declaration.name)' is declared twice")
            }
            first[declaration.name] = declarations.count
            let repeats = try item["repeats"]?.integer(in: 1...16) ?? 0
            if repeats > 0 { turns[declarations.count] = Int(repeats) }
            declarations.append(declaration)
            for turn in 2..<max(2, repeats + 1) {
                var another = declaration
                another.name += "_\(turn)"
                declarations.append(another)
            }
        }
        guard declarations.count <= Program.mostAttributes else {
            throw part.error("more than \(Program.mostAttributes) attributes, repeats counted")
        }
    }

    init(_ declarations: [AttributeDeclaration]) {
        self.declarations = declarations
        for (index, declaration) in declarations.enumerated() { first[declaration.name] = index }
    }

    func index(_ name: String) -> Int? { first[name] }
    func repeats(_ index: Int) -> Int { turns[index] ?? 0 }

    func guess(_ name: String) -> String {
        Nearest.match(to: name, among: first.keys).map { "; did you mean '\($0)'?" } ?? ""
    }

    static func declaration(_ part: Part) throws(DescriptionError) -> AttributeDeclaration {
        try part.only("name", "type", "kind", "scale", "components", "unit", "range", "rate", "repeats", "comment")
        let name = try part.required("name").text(atMost: 64)
        // What Sensocto's server takes as an attribute's id.
        guard let head = name.utf8.first, isWord(head), head != 95, head != 45, name.utf8.allSatisfy(isWord) else {
            throw part.error("'\(name)' is not a name: letters, digits, '_' and '-', a letter or digit first")
        }
        var components: [String] = []
        for item in try part["components"]?.items(atMost: 32) ?? [] { components.append(try item.text()) }
        let scale = try part["scale"]?.integer(in: -18...18)
        let kindPart = part["kind"]
        let kind: ValueKind
        switch try kindPart?.text() ?? "integer" {
        case "integer": kind = .integer(scale: Int8(scale ?? 0))
        case "double": kind = .double
        case "boolean": kind = .boolean
        case "text": kind = .text
        case let other: throw (kindPart ?? part).error("'\(other)' is not integer, double, boolean or text")
        }
        if scale != nil, kindPart != nil, try kindPart?.text() != "integer" {
            throw part.error("only an integer has a scale")
        }
        return AttributeDeclaration(
            name: name, type: try part["type"]?.text(), kind: kind, components: components,
            unit: try part["unit"]?.text() ?? "", range: try part["range"]?.range(),
            nominalRate: try part["rate"]?.number() ?? 0)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 95 || byte == 45
    }
}

extension Part {
    func range() throws(DescriptionError) -> ClosedRange<Double> {
        let bounds = try items(atMost: 2)
        guard bounds.count == 2 else { throw error("[least, greatest] was expected") }
        let (low, high) = (try bounds[0].number(), try bounds[1].number())
        guard low <= high else { throw error("the least is greater than the greatest") }
        return low...high
    }
}
