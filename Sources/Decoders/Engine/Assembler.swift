/// Puts a program together: steps with labels that are settled at the end.
struct Assembler {
    struct Label: Hashable {
        fileprivate var index: Int
        /// Stands in `jump` until the labels are settled; -1 means no jump.
        fileprivate var placeholder: Int32 { -2 - Int32(index) }
    }

    private(set) var instructions: [Instruction] = []
    private(set) var notes: [Program.Note] = []
    var objects: [Program.ObjectTable] = []
    var checksums: [Checksum] = []
    var decryptions: [Decryption] = []
    var lookups: [[Double]] = []
    var labels: [Program.Labels] = []
    private var places: [Int?] = []
    private var registers: [String: Int] = [:]
    private var temporaries = 0

    var next: Int { instructions.count }
    var isFull: Bool { instructions.count >= Program.mostInstructions }

    mutating func note(_ what: String, line: Int) -> UInt16 {
        notes.append(Program.Note(what: what, line: line))
        return UInt16(clamping: notes.count - 1)
    }

    mutating func add(
        _ operation: Instruction.Operation, raw: RawType = .u8, flag: Bool = false, to label: Label? = nil, a: Int = 0,
        b: Int = 0, x: Int64 = 0, y: Int64 = 0, note: UInt16 = 0
    ) {
        instructions.append(
            Instruction(
                operation: operation, raw: raw, flag: flag, jump: label?.placeholder ?? -1, a: Int32(clamping: a),
                b: Int32(clamping: b), x: x, y: y, note: note))
    }

    mutating func label() -> Label {
        places.append(nil)
        return Label(index: places.count - 1)
    }

    mutating func place(_ label: Label) { places[label.index] = instructions.count }

    /// The register of a name, made when it is new; nil when all are in use.
    mutating func register(_ name: String) -> Int? {
        if let known = registers[name] { return known }
        guard registers.count + temporaries < Program.mostRegisters else { return nil }
        registers[name] = registers.count
        return registers.count - 1
    }

    func knownRegister(_ name: String) -> Int? { registers[name] }
    var registerNames: [String] { Array(registers.keys) }

    /// A register without a name, for as long as `release` is not called.
    mutating func temporary() -> Int? {
        guard registers.count + temporaries < Program.mostRegisters else { return nil }
        temporaries += 1
        return Program.mostRegisters - temporaries
    }

    mutating func release() { temporaries -= 1 }

    /// Replaces every label by its place.
    mutating func settle() {
        for index in instructions.indices where instructions[index].jump < -1 {
            let place = places[Int(-2 - instructions[index].jump)]
            instructions[index].jump = Int32(place ?? instructions.count - 1)
        }
    }
}
