/// Conditions: `{"of": "flags", "bit": 0}`, lists of them (all must hold), `any`, `not`.
extension FieldCompiler {
    static let deepestCondition = 8

    /// Steps that go on when the condition holds and jump to `otherwise` when not. They use the accumulator.
    mutating func compile(condition part: Part, otherwise: Assembler.Label, depth: Int = 0) throws(DescriptionError) {
        guard depth < Self.deepestCondition else { throw part.error("conditions nested too deep") }
        if part.node.items != nil {
            for item in try part.items(atMost: 32) {
                try compile(condition: item, otherwise: otherwise, depth: depth + 1)
            }
            return
        }
        if let all = part["all"] {
            try part.only("all", "comment")
            return try compile(condition: all, otherwise: otherwise, depth: depth + 1)
        }
        if let any = part["any"] {
            try part.only("any", "comment")
            let holds = assembler.label()
            for item in try any.items(atMost: 32) {
                let following = assembler.label()
                try compile(condition: item, otherwise: following, depth: depth + 1)
                assembler.add(.jump, to: holds)
                assembler.place(following)
            }
            assembler.add(.jump, to: otherwise)
            assembler.place(holds)
            return
        }
        if let not = part["not"] {
            try part.only("not", "comment")
            let fails = assembler.label()
            try compile(condition: not, otherwise: fails, depth: depth + 1)
            assembler.add(.jump, to: otherwise)
            assembler.place(fails)
            return
        }
        try compile(comparison: part, otherwise: otherwise)
    }

    private mutating func compile(comparison part: Part, otherwise: Assembler.Label) throws(DescriptionError) {
        try part.only("of", "at", "type", "bit", "mask", "is", "min", "max", "comment")
        let note = assembler.note("condition", line: part.line)
        if let name = part["of"] {
            guard let register = assembler.knownRegister(try name.text()) else {
                throw name.error("'\(try name.text())' was not set before")
            }
            assembler.add(.fetch, a: register)
        } else {
            let type = try part.required("type").type()
            guard !type.isFloating else { throw part.error("a condition compares whole numbers") }
            let at = try part.required("at").integer(in: -512...512)
            assembler.add(.load, raw: type, flag: true, to: otherwise, a: Int(at), b: 0, note: note)
        }
        if let bit = part["bit"] {
            let mask = Int64(1) << (try bit.integer(in: 0...62))
            let wanted = try part["is"]?.integer(in: 0...1) ?? 1
            assembler.add(.unlessMasked, to: otherwise, x: wanted == 1 ? mask : 0, y: mask)
        } else if part["min"] != nil || part["max"] != nil {
            assembler.add(
                .unlessWithin, to: otherwise, x: try part["min"]?.integer() ?? .min,
                y: try part["max"]?.integer() ?? .max)
        } else {
            let mask = try part["mask"]?.integer() ?? -1
            let values = try part.required("is").oneOrMore(atMost: 64)
            let holds = assembler.label()
            for (index, value) in values.enumerated() {
                let following = assembler.label()
                let isLast = index == values.count - 1
                assembler.add(
                    .unlessMasked, to: isLast ? otherwise : following, x: try value.integer(), y: mask)
                assembler.add(.jump, to: holds)
                assembler.place(following)
            }
            assembler.place(holds)
        }
    }
}
