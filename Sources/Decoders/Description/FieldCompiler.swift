import Measurements

/// Turns the fields of a description into steps.
struct FieldCompiler {
    static let mostFields = 256
    static let mostParts = 32

    var assembler = Assembler()
    let attributes: AttributeTable
    /// The object table whose entries are still to be compiled.
    var pendingTable: Part?
    /// Where a source names no type: the bits of a Modbus device.
    var defaultType: RawType?

    init(attributes: AttributeTable) { self.attributes = attributes }

    mutating func compile(fields part: Part) throws(DescriptionError) {
        for field in try part.items(atMost: Self.mostFields) { try compile(field: field) }
    }

    mutating func compile(field: Part) throws(DescriptionError) {
        guard !assembler.isFull else {
            throw field.error("the description has more than \(Program.mostInstructions) steps")
        }
        try field.only(
            "attribute", "let", "skip", "at", "type", "of", "sum", "bits", "signed", "sign_bit", "absent", "divide",
            "modulo", "times", "plus", "negative", "scale", "factor", "offset", "power", "lookup", "labels", "range",
            "when", "repeat", "values", "count", "optional", "comment", "constant")
        let after = assembler.label()
        if let when = field["when"] { try compile(condition: when, otherwise: after) }
        if let skip = field["skip"] {
            assembler.add(.skip, a: Int(try skip.integer(in: 0...512)))
        } else if let name = field["let"] {
            try compile(name: name.text(), field)
        } else {
            let name = try field.required("attribute")
            let text = try name.text()
            guard let attribute = attributes.index(text) else {
                throw name.error("no attribute '\(text)' is declared" + attributes.guess(text))
            }
            if let turns = field["repeat"] {
                try compile(field, attribute, repeated: turns)
            } else {
                try compile(sample: field, attribute)
            }
        }
        assembler.place(after)
    }

    private mutating func compile(name: String, _ field: Part) throws(DescriptionError) {
        guard let register = assembler.register(name) else { throw field.error("more than 32 names") }
        let note = assembler.note(name, line: field.line)
        let absent = assembler.label()
        let end = assembler.label()
        guard try compile(source: field, absent: absent, note) == .whole else {
            throw field.error("a name holds a whole number, and this type is a floating one")
        }
        assembler.add(.store, a: register)
        assembler.add(.jump, to: end)
        assembler.place(absent)
        assembler.add(.constant, x: 0)
        assembler.add(.store, a: register)
        assembler.place(end)
    }

    /// A sample again and again: `"rest"`, a number, or a name that holds one.
    private mutating func compile(_ field: Part, _ attribute: Int, repeated turns: Part) throws(DescriptionError) {
        for source in try field["values"]?.items(atMost: Self.mostParts) ?? [field] where source["at"] != nil {
            throw source.error("a repeated field reads on from the cursor and has no 'at'")
        }
        let text = try turns.text()
        let top = assembler.label()
        let done = assembler.label()
        if text == "rest" {
            assembler.place(top)
            assembler.add(.unlessMore, to: done)
            try compile(sample: field, attribute)
            assembler.add(.jump, to: top)
        } else {
            guard let counter = assembler.temporary() else { throw turns.error("more than 32 names") }
            if let count = Part.integer(text) {
                assembler.add(.constant, x: min(max(0, count), 512))
            } else if let register = assembler.knownRegister(text) {
                assembler.add(.fetch, a: register)
            } else {
                throw turns.error("\"rest\", a number, or a name that was set before was expected")
            }
            assembler.add(.store, a: counter)
            assembler.place(top)
            assembler.add(.countDown, to: done, a: counter)
            assembler.add(.unlessMore, to: done)
            try compile(sample: field, attribute)
            assembler.add(.jump, to: top)
            assembler.release()
        }
        assembler.place(done)
    }

    private mutating func compile(sample field: Part, _ attribute: Int) throws(DescriptionError) {
        let declaration = attributes.declarations[attribute]
        let absent = assembler.label()
        let note = assembler.note(declaration.name, line: field.line)
        if declaration.width > 1 {
            let parts = try field.required("values").items(atMost: Self.mostParts)
            guard parts.count == declaration.width else {
                throw field.error("\(declaration.name) has \(declaration.width) components, here are \(parts.count)")
            }
            let end = assembler.label()
            let torn = assembler.label()
            assembler.add(.mark)
            for (index, part) in parts.enumerated() {
                try compile(
                    value: part, of: field, attribute, absent: torn, note, last: index == parts.count - 1)
            }
            assembler.add(.jump, to: end)
            assembler.place(torn)
            assembler.add(.rollBack)
            assembler.place(end)
        } else {
            try compile(value: field, of: field, attribute, absent: absent, note, last: true)
        }
        assembler.place(absent)
    }

    enum Held { case whole, floating }

    /// The steps from bytes to a number in the accumulator, before it gets its scale.
    mutating func compile(source: Part, absent: Assembler.Label, _ note: UInt16, inSum: Bool = false)
        throws(DescriptionError) -> Held
    {
        var held = Held.whole
        if let sum = source["sum"] {
            guard let register = assembler.temporary() else { throw sum.error("more than 32 names") }
            assembler.add(.constant, x: 0)
            assembler.add(.store, a: register)
            guard !inSum else { throw sum.error("a sum within a sum") }
            for part in try sum.items(atMost: Self.mostParts) {
                try part.only(
                    "at", "type", "of", "bits", "signed", "sign_bit", "absent", "divide", "modulo", "times", "plus",
                    "negative", "constant", "optional", "comment")
                guard try compile(source: part, absent: absent, note, inSum: true) == .whole else {
                    throw part.error("a sum is of whole numbers")
                }
                assembler.add(.accumulate, to: absent, a: register, note: note)
            }
            assembler.add(.fetch, a: register)
            assembler.release()
        } else if let name = source["of"] {
            try compile(fetch: name, note)
        } else if let constant = source["constant"] {
            assembler.add(.constant, x: try constant.integer())
        } else {
            var type = defaultType ?? .u8
            if let part = source["type"] {
                type = try part.type()
            } else if defaultType == nil {
                throw source.error("'type' is missing")
            }
            let optional = try source["optional"]?.boolean() ?? false
            let at = try source["at"]?.integer(in: -512...512)
            assembler.add(
                .load, raw: type, flag: at != nil, to: absent, a: Int(at ?? 0), b: optional ? 0 : 1, note: note)
            if type.isFloating { held = .floating }
        }
        if held == .whole { try compile(steps: source, absent: absent, note) }
        return held
    }

    private mutating func compile(fetch name: Part, _ note: UInt16) throws(DescriptionError) {
        let text = try name.text()
        guard let register = assembler.knownRegister(text) else {
            throw name.error("'\(text)' was not set before; a field with \"let\": \"\(text)\" sets it")
        }
        assembler.add(.fetch, a: register, note: note)
    }

    /// Everything that is done to a whole number, always in this order.
    private mutating func compile(steps source: Part, absent: Assembler.Label, _ note: UInt16) throws(DescriptionError)
    {
        if let bits = source["bits"] {
            let range = try bits.items(atMost: 2)
            guard range.count == 2 else { throw bits.error("[first bit, how many] was expected; bit 0 is the lowest") }
            let first = try range[0].integer(in: 0...63)
            let count = try range[1].integer(in: 1...(64 - first))
            let signed = try source["signed"]?.boolean() ?? false
            assembler.add(.bits, flag: signed, a: Int(first), b: Int(count))
        }
        if let bit = source["sign_bit"] { assembler.add(.signBit, a: Int(try bit.integer(in: 1...62))) }
        for value in try source["absent"]?.oneOrMore(atMost: 16) ?? [] {
            assembler.add(.absentIf, to: absent, x: try value.integer(), note: note)
        }
        for (key, operation) in [("divide", Instruction.Operation.divide), ("modulo", .modulo)] {
            guard let by = source[key] else { continue }
            let value = try by.integer()
            guard value != 0 else { throw by.error("0 divides nothing") }
            assembler.add(operation, x: value)
        }
        if let times = source["times"] { assembler.add(.times, to: absent, x: try times.integer(), note: note) }
        if let plus = source["plus"] { assembler.add(.plus, to: absent, x: try plus.integer(), note: note) }
        if let when = source["negative"] {
            let positive = assembler.label()
            guard let register = assembler.temporary() else { throw when.error("more than 32 names") }
            // The condition needs the accumulator for itself.
            assembler.add(.store, a: register)
            let keep = assembler.label()
            try compile(condition: when, otherwise: keep)
            assembler.add(.fetch, a: register)
            assembler.add(.negate, to: absent, note: note)
            assembler.add(.jump, to: positive)
            assembler.place(keep)
            assembler.add(.fetch, a: register)
            assembler.place(positive)
            assembler.release()
        }
    }
}
