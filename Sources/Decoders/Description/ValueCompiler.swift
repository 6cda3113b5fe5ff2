import Measurements

/// The second half of a field: from the number to a value of the attribute's kind.
extension FieldCompiler {
    mutating func compile(
        value: Part, of field: Part, _ attribute: Int, absent: Assembler.Label, _ note: UInt16, last: Bool
    ) throws(DescriptionError) {
        if value.path != field.path {
            try value.only(
                "at", "type", "of", "sum", "bits", "signed", "sign_bit", "absent", "divide", "modulo", "times", "plus",
                "negative", "scale", "factor", "offset", "power", "lookup", "labels", "range", "count", "optional",
                "comment", "constant")
        }
        let declaration = attributes.declarations[attribute]
        let repeats = Int64(attributes.repeats(attribute))
        if declaration.kind == .text, value["labels"] == nil {
            return try compile(text: value, attribute, absent: absent, note, repeats: repeats, last: last)
        }
        let held = try compile(source: value, absent: absent, note)
        switch declaration.kind {
        case .integer(let scale):
            guard held == .whole else { throw value.error("a floating type needs an attribute of kind double") }
            for key in ["factor", "offset", "power", "lookup", "labels"] where value[key] != nil {
                throw value.error("'\(key)' needs an attribute of another kind than integer")
            }
            try compile(integer: value, declaration, scale, absent: absent, note)
            assembler.add(.emitInteger, flag: last, a: attribute, y: repeats, note: note)
        case .double:
            try compile(double: value, held, absent: absent, note)
            if let range = try value["range"]?.range() ?? declaration.range {
                assembler.add(
                    .withinDouble, to: absent, x: range.lowerBound.bits, y: range.upperBound.bits, note: note)
            }
            assembler.add(.emitDouble, flag: last, a: attribute, y: repeats, note: note)
        case .boolean:
            guard held == .whole else { throw value.error("a floating type is no boolean") }
            assembler.add(.emitBoolean, flag: last, a: attribute, y: repeats, note: note)
        case .text:
            guard held == .whole else { throw value.error("a floating type has no labels") }
            assembler.labels.append(Program.Labels(texts: try labels(value.required("labels"))))
            assembler.add(
                .emitLabel, flag: last, to: absent, a: attribute, x: Int64(assembler.labels.count - 1), y: repeats,
                note: note)
        }
    }

    private mutating func compile(
        integer value: Part, _ declaration: AttributeDeclaration, _ scale: Int8, absent: Assembler.Label, _ note: UInt16
    ) throws(DescriptionError) {
        let own = Int(try value["scale"]?.integer(in: -18...18) ?? Int64(scale))
        let shift = own - Int(scale)
        guard shift >= 0, shift <= 18 else {
            throw value.error("its scale \(own) is finer than the attribute's, \(scale): digits would be lost")
        }
        if shift > 0 { assembler.add(.times, to: absent, x: PowerOfTen.whole(shift), note: note) }
        guard let range = try value["range"]?.range() ?? declaration.range else { return }
        func mantissa(_ bound: Double, _ rule: FloatingPointRoundingRule) -> Int64 {
            let exact = scale < 0 ? bound * PowerOfTen.double(-Int(scale)) : bound / PowerOfTen.double(Int(scale))
            // 12.30 is a hair beside 1230 hundredths in binary.
            let near = exact.rounded()
            let value = abs(exact - near) < 1e-6 * max(1, abs(near)) ? near : exact.rounded(rule)
            return Int64(exactly: value) ?? (value < 0 ? .min : .max)
        }
        assembler.add(
            .withinInteger, to: absent, x: mantissa(range.lowerBound, .up), y: mantissa(range.upperBound, .down),
            note: note)
    }

    private mutating func compile(double value: Part, _ held: Held, absent: Assembler.Label, _ note: UInt16)
        throws(DescriptionError)
    {
        if held == .whole {
            if let list = value["lookup"] {
                var table: [Double] = []
                for item in try list.items(atMost: 256) { table.append(try item.number()) }
                assembler.lookups.append(table)
                assembler.add(.lookup, to: absent, a: assembler.lookups.count - 1, note: note)
            } else if let power = value["power"] {
                assembler.add(.powerOf, x: try power.number().bits)
            } else {
                let scale = Int(try value["scale"]?.integer(in: -18...18) ?? 0)
                assembler.add(
                    scale < 0 ? .toDoubleDivided : .toDoubleTimes, x: PowerOfTen.whole(abs(scale)))
            }
        } else if value["scale"] != nil {
            throw value.error("a floating type has no scale; use 'factor'")
        }
        if let factor = value["factor"] { assembler.add(.factor, x: try factor.number().bits) }
        if let offset = value["offset"] { assembler.add(.offset, x: try offset.number().bits) }
    }

    private mutating func compile(
        text value: Part, _ attribute: Int, absent: Assembler.Label, _ note: UInt16, repeats: Int64, last: Bool
    ) throws(DescriptionError) {
        let type = try value.required("type")
        let operation: Instruction.Operation
        switch try type.text() {
        case "text": operation = .emitText
        case "hex": operation = .emitHex
        default: throw type.error("an attribute of kind text has type text or hex, or 'labels' for its numbers")
        }
        var length = -1
        if let count = value["count"], try count.text() != "rest" {
            if let register = assembler.knownRegister(try count.text()) {
                length = -2 - register
            } else {
                length = Int(try count.integer(in: 0...255))
            }
        }
        assembler.add(
            operation, flag: last, to: absent, a: attribute, b: length,
            x: try value["at"]?.integer(in: -512...512) ?? .min, y: repeats, note: note)
    }

    private func labels(_ part: Part) throws(DescriptionError) -> [Int64: String] {
        var texts: [Int64: String] = [:]
        for (key, label) in try part.members(atMost: 256) {
            guard let number = Part.integer(key) else { throw label.error("'\(key)' is not a whole number") }
            texts[number] = try label.text()
        }
        return texts
    }
}

extension Double {
    /// Its bits, to travel in an instruction.
    var bits: Int64 { Int64(bitPattern: bitPattern) }
}
