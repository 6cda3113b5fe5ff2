import Measurements
import Notation

/// A frame and what must come of it, kept in the description's own file.
public struct Vector: Sendable {
    public enum Expected: Sendable, Hashable {
        /// All values by attribute, in order.
        case values([String: [Value]])
        case refusal(Refusal)
        /// The description must not take the frame for its own.
        case noMatch
    }

    public var bytes: [UInt8]
    public var context: FrameContext
    public var expected: Expected
    public var dedupe: Int64?
    public var counter: Int64?
    /// Where the example comes from.
    public var from: String
    public var line: Int

    init(_ part: Part, attributes: [AttributeDeclaration]) throws(DescriptionError) {
        try part.only(
            "hex", "service", "company", "characteristic", "serial", "name", "address", "key", "values", "refused",
            "matches", "dedupe", "counter", "from", "comment")
        line = part.line
        let frame = try part.required("hex")
        bytes = frame.node.text == "" ? [] : try frame.hex()
        from = try part["from"]?.text(atMost: 1024) ?? ""
        var source = FrameSource.serial
        if let service = part["service"] { source = .serviceData(try service.uuid()) }
        if let company = part["company"] { source = .manufacturer(UInt16(try company.integer(in: 0...0xffff))) }
        if let characteristic = part["characteristic"] { source = .characteristic(try characteristic.uuid()) }
        let address = try part["address"]?.hex(atMost: 6) ?? []
        context = FrameContext(
            time: 0, source: source, name: try part["name"]?.text() ?? "",
            address: address.reduce(0) { $0 << 8 | UInt64($1) }, key: try part["key"]?.hex(atMost: 64) ?? [])
        dedupe = try part["dedupe"]?.integer()
        counter = try part["counter"]?.integer()
        if let refused = part["refused"] {
            guard let refusal = Refusal(rawValue: try refused.text()) else {
                throw refused.error("one of \(Refusal.allCases.map(\.rawValue).joined(separator: ", ")) was expected")
            }
            expected = .refusal(refusal)
        } else if try part["matches"]?.boolean() == false {
            expected = .noMatch
        } else {
            expected = .values(try Vector.values(part.required("values"), attributes))
        }
    }

    private static func values(_ part: Part, _ attributes: [AttributeDeclaration])
        throws(DescriptionError) -> [String: [Value]]
    {
        var values: [String: [Value]] = [:]
        for (name, item) in try part.members(atMost: 256) {
            guard let declaration = attributes.first(where: { $0.name == name }) else {
                throw item.error("no attribute '\(name)' is declared")
            }
            var list: [Value] = []
            for one in try item.oneOrMore(atMost: 512) { list.append(try value(one, declaration.kind)) }
            values[name] = list
        }
        return values
    }

    private static func value(_ part: Part, _ kind: ValueKind) throws(DescriptionError) -> Value {
        switch kind {
        case .boolean: return .boolean(try part.boolean())
        case .text: return .text(try part.text(atMost: 512))
        case .double: return .double(try part.number())
        case .integer(let scale):
            guard let decimal = Decimal(try part.text()), let mantissa = decimal.mantissa(at: Int(scale)) else {
                throw part.error("a number with at most \(max(0, -Int(scale))) decimals was expected")
            }
            return .integer(mantissa)
        }
    }

    /// What is wrong, in words; nil when the description does what the vector says.
    func complaint(_ description: Description) -> String? {
        var readings = Readings()
        let result = bytes.withUnsafeBytes { description.decode($0, context, into: &readings) }
        guard let (_, outcome) = result else {
            return expected == .noMatch ? nil : "no layout fits the frame"
        }
        switch expected {
        case .noMatch: return "a layout fits, and none should"
        case .refusal(let refusal):
            let found = outcome.refusal.map { "refused with \($0.rawValue)" } ?? "decoded"
            return outcome.refusal == refusal ? nil : "\(found), not refused with \(refusal.rawValue)"
        case .values(let wanted):
            if let refusal = outcome.refusal { return "refused: \(refusal.sentence)" }
            if let dedupe, outcome.dedupe != dedupe { return "dedupe is \(said(outcome.dedupe)), not \(dedupe)" }
            if let counter, outcome.counter != counter { return "counter is \(said(outcome.counter)), not \(counter)" }
            return difference(readings, wanted, description.attributes)
        }
    }

    private func said(_ number: Int64?) -> String { number.map { "\($0)" } ?? "missing" }

    private func difference(_ readings: Readings, _ wanted: [String: [Value]], _ attributes: [AttributeDeclaration])
        -> String?
    {
        var found: [String: [Value]] = [:]
        for entry in readings.entries { found[attributes[Int(entry.attribute)].name, default: []].append(entry.value) }
        for name in Set(found.keys).union(wanted.keys).sorted() {
            let (left, right) = (found[name] ?? [], wanted[name] ?? [])
            let kind = attributes.first { $0.name == name }?.kind ?? .double
            let same = left.count == right.count && zip(left, right).allSatisfy { Vector.same($0, $1) }
            if !same {
                return "\(name) is \(Shown.list(left, kind)), not \(Shown.list(right, kind))"
            }
        }
        return nil
    }

    private static func same(_ found: Value, _ wanted: Value) -> Bool {
        if case .double(let left) = found, case .double(let right) = wanted {
            // Vectors are written with as many decimals as a person reads.
            return abs(left - right) <= max(1e-9, abs(right) * 1e-6)
        }
        return found == wanted
    }
}

/// A value as a person reads it.
public enum Shown {
    public static func value(_ value: Value, _ kind: ValueKind) -> String {
        switch value {
        case .integer(let mantissa):
            guard case .integer(let scale) = kind else { return "\(mantissa)" }
            return Decimal(mantissa: mantissa, exponent: Int(scale)).description
        case .double(let number): return "\(number)"
        case .boolean(let flag): return flag ? "true" : "false"
        case .text(let text): return text
        }
    }

    static func list(_ values: [Value], _ kind: ValueKind) -> String {
        values.isEmpty ? "absent" : values.map { value($0, kind) }.joined(separator: ", ")
    }
}
