import Measurements

/// Which of a Modbus device's four tables.
public enum ModbusTable: UInt8, Sendable, CaseIterable {
    case coil = 1
    case discrete = 2
    case holding = 3
    case input = 4

    /// The function that reads it has the same number.
    var function: UInt8 { rawValue }
    var isBits: Bool { self == .coil || self == .discrete }
    /// Most a single request may ask for.
    var most: Int { isBits ? 2000 : 125 }
}

/// The order in which a device sends the bytes of a number of several registers; `abcd` is the standard's.
public enum WordOrder: String, Sendable, CaseIterable {
    case abcd, cdab, badc, dcba
}

/// A value in a Modbus device: where it is, and the field that reads it from its bytes in standard order.
public struct ModbusRegister: Sendable {
    public var table: ModbusTable
    public var address: Int
    /// Registers, or bits of a bit table.
    public var count: Int
    public var order: WordOrder
    public var everyMs: Int
    let program: Program
    /// For explanations: the attribute's name.
    public var name: String

    /// Reads the value from a reply's data, which begins at `first`.
    func decode(
        _ data: UnsafeRawBufferPointer, from first: Int, at time: BootTime, into readings: inout Readings
    ) -> FrameOutcome {
        var trace = NoTrace()
        let context = FrameContext(time: time, source: .serial)
        if table.isBits {
            let bit = address - first
            guard bit / 8 < data.count else { return FrameOutcome(refusal: .tooShort) }
            var value = data[bit / 8] >> UInt8(bit % 8) & 1
            return withUnsafeBytes(of: &value) { program.run($0, context, into: &readings, trace: &trace) }
        }
        let start = 2 * (address - first)
        guard start >= 0, start + 2 * count <= data.count else { return FrameOutcome(refusal: .tooShort) }
        return withUnsafeTemporaryAllocation(byteCount: 2 * count, alignment: 8) { bytes in
            for index in 0..<2 * count { bytes[index] = data[start + place(index)] }
            return program.run(UnsafeRawBufferPointer(bytes), context, into: &readings, trace: &trace)
        }
    }

    /// Where the byte that stands at `index` in standard order was sent.
    private func place(_ index: Int) -> Int {
        switch order {
        case .abcd: index
        case .badc: index ^ 1
        case .cdab: 2 * (count - 1 - index / 2) + index % 2
        case .dcba: 2 * count - 1 - index
        }
    }
}

extension FrameOutcome {
    init(refusal: Refusal) {
        self.init()
        self.refusal = refusal
    }
}

/// What a description says of a Modbus device.
public struct ModbusDescription: Sendable {
    public static let mostRegisters = 256

    /// The address the device leaves its factory with.
    public var unit: UInt8
    public var registers: [ModbusRegister]

    init(_ part: Part, attributes: AttributeTable) throws(DescriptionError) {
        try part.only("unit", "every_ms", "order", "registers", "comment")
        unit = UInt8(try part["unit"]?.integer(in: 0...255) ?? 1)
        let every = try part["every_ms"]?.integer(in: 20...86_400_000) ?? 10_000
        let order = try part["order"]?.order() ?? .abcd
        registers = []
        for item in try part.required("registers").items(atMost: ModbusDescription.mostRegisters) {
            registers.append(try ModbusRegister(item, attributes, everyMs: Int(every), order: order))
        }
    }
}

extension ModbusRegister {
    /// A register is a field of the engine with a table and an address.
    static let ownKeys = ["table", "address", "order", "every_ms"]

    init(_ part: Part, _ attributes: AttributeTable, everyMs: Int, order: WordOrder) throws(DescriptionError) {
        let tablePart = try part.required("table")
        switch try tablePart.text() {
        case "holding": table = .holding
        case "input": table = .input
        case "coil": table = .coil
        case "discrete": table = .discrete
        default: throw tablePart.error("one of holding, input, coil, discrete was expected")
        }
        address = Int(try part.required("address").integer(in: 0...65_535))
        self.order = try part["order"]?.order() ?? order
        self.everyMs = Int(try part["every_ms"]?.integer(in: 20...86_400_000) ?? Int64(everyMs))
        name = try part.required("attribute").text()
        var field = part
        field.node.content = .mapping((part.node.members ?? []).filter { !ModbusRegister.ownKeys.contains($0.key) })
        var compiler = FieldCompiler(attributes: attributes)
        if table.isBits {
            count = 1
            guard part["type"] == nil else { throw part.error("a bit has no type") }
            compiler.defaultType = .u8
        } else {
            let bytes = try field.size()
            guard bytes > 0, bytes % 2 == 0, bytes <= 2 * 32 else {
                throw part.error("its types take \(bytes) bytes; registers have two each, 32 at most for one value")
            }
            count = bytes / 2
        }
        guard address + count <= 65_536 else { throw part.error("reaches beyond the last register") }
        try compiler.compile(field: field)
        compiler.assembler.add(.end)
        compiler.assembler.settle()
        program = Program(compiler.assembler, dedupe: nil, counter: nil)
    }
}

extension Part {
    fileprivate func order() throws(DescriptionError) -> WordOrder {
        guard let order = WordOrder(rawValue: try text()) else {
            throw error("one of abcd, cdab, badc, dcba was expected")
        }
        return order
    }

    /// Bytes that a field's types take together.
    fileprivate func size() throws(DescriptionError) -> Int {
        if let parts = self["values"] ?? self["sum"] {
            var total = 0
            for part in try parts.items(atMost: 32) { total += try part.size() }
            return total
        }
        let type = try required("type")
        if type.node.text == "text" || type.node.text == "hex" {
            return Int(try required("count").integer(in: 1...64))
        }
        return try type.type().count
    }
}
