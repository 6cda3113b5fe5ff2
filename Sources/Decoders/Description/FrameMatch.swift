import Measurements

/// Which frames a layout is for. Everything that is given must fit.
struct FrameMatch: Sendable {
    struct Pattern: Sendable {
        var at: Int
        var bytes: [UInt8]
        var mask: [UInt8]
    }
    struct Name: Sendable {
        var bytes: [UInt8]
        /// More may follow (`GVH5075*`).
        var isPrefix: Bool
    }

    var sources: [FrameSource] = []
    /// Some thermometers put values where the company id belongs.
    var anyCompany = false
    var names: [Name] = []
    var lengths: ClosedRange<Int> = 0...Program.mostBytes
    var patterns: [Pattern] = []
    /// Sets its first own register to 1 where its condition holds.
    var condition: Program?

    init() {}

    func fits(_ frame: UnsafeRawBufferPointer, _ context: FrameContext) -> Bool {
        if !anyCompany, !sources.isEmpty, !sources.contains(context.source) { return false }
        if anyCompany, case .manufacturer = context.source {} else if anyCompany { return false }
        guard lengths.contains(frame.count) else { return false }
        for pattern in patterns {
            let start = pattern.at < 0 ? frame.count + pattern.at : pattern.at
            guard start >= 0, start + pattern.bytes.count <= frame.count else { return false }
            for index in pattern.bytes.indices
            where frame[start + index] & pattern.mask[index] != pattern.bytes[index] & pattern.mask[index] {
                return false
            }
        }
        if !names.isEmpty, !names.contains(where: { $0.fits(context.name) }) { return false }
        guard let condition else { return true }
        var none = Readings()
        var trace = NoTrace()
        return condition.run(frame, context, into: &none, trace: &trace).dedupe == 1
    }
}

extension FrameMatch.Name {
    func fits(_ name: String) -> Bool {
        let count = name.utf8.count
        guard isPrefix ? count >= bytes.count : count == bytes.count else { return false }
        return name.utf8.starts(with: bytes)
    }
}

extension FrameMatch {
    init(_ part: Part) throws(DescriptionError) {
        try part.only("service", "company", "characteristic", "serial", "name", "length", "bytes", "when", "comment")
        for (key, source) in [
            ("service", FrameSource.serviceData), ("characteristic", FrameSource.characteristic),
        ] {
            for item in try part[key]?.oneOrMore(atMost: 32) ?? [] {
                guard let uuid = BluetoothUUID(try item.text()) else {
                    throw item.error("'\(try item.text())' is not a UUID: four hexadecimal digits or the long form")
                }
                sources.append(source(uuid))
            }
        }
        for item in try part["company"]?.oneOrMore(atMost: 32) ?? [] {
            if try item.text() == "any" {
                anyCompany = true
            } else {
                sources.append(.manufacturer(UInt16(try item.integer(in: 0...0xffff))))
            }
        }
        if try part["serial"]?.boolean() == true { sources.append(.serial) }
        for item in try part["name"]?.oneOrMore(atMost: 64) ?? [] {
            let text = try item.text(atMost: 64)
            let isPrefix = text.hasSuffix("*")
            names.append(Name(bytes: Array((isPrefix ? text.dropLast() : text[...]).utf8), isPrefix: isPrefix))
        }
        if let length = part["length"] {
            if length.node.items != nil {
                let range = try length.range()
                guard range.lowerBound >= 0, range.upperBound <= Double(Program.mostBytes) else {
                    throw length.error("a frame has 0 to \(Program.mostBytes) bytes")
                }
                lengths = Int(range.lowerBound)...Int(range.upperBound)
            } else {
                let count = Int(try length.integer(in: 0...Int64(Program.mostBytes)))
                lengths = count...count
            }
        }
        for item in try part["bytes"]?.oneOrMore(atMost: 16) ?? [] {
            try item.only("at", "hex", "mask", "comment")
            let bytes = try item.required("hex").hex()
            let mask = try item["mask"]?.hex() ?? [UInt8](repeating: 0xff, count: bytes.count)
            guard mask.count == bytes.count else { throw item.error("'mask' has another length than 'hex'") }
            patterns.append(
                Pattern(at: Int(try item["at"]?.integer(in: -512...512) ?? 0), bytes: bytes, mask: mask))
        }
        if let when = part["when"] { condition = try FrameMatch.program(when) }
    }

    private static func program(_ part: Part) throws(DescriptionError) -> Program {
        var compiler = FieldCompiler(attributes: AttributeTable([]))
        for name in FrameLayout.given { _ = compiler.assembler.register(name) }
        guard let result = compiler.assembler.register("match") else { throw part.error("more than 32 names") }
        let otherwise = compiler.assembler.label()
        try compiler.compile(condition: part, otherwise: otherwise)
        compiler.assembler.add(.constant, x: 1)
        compiler.assembler.add(.store, a: result)
        compiler.assembler.place(otherwise)
        compiler.assembler.add(.end)
        compiler.assembler.settle()
        return Program(compiler.assembler, dedupe: result, counter: nil)
    }
}
