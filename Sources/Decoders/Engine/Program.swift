import Measurements

/// A frame's layout, compiled: flat steps over one accumulator and a few registers. Running it allocates nothing but
/// what the readings need, and ends: every loop eats at least a byte a turn.
final class Program: Sendable {
    static let mostInstructions = 8_192
    static let mostRegisters = 32
    static let mostAttributes = 256
    /// Longer frames are refused; plain text of encrypted ones is held in as much.
    static let mostBytes = 512

    struct Note: Sendable {
        /// The attribute or name the step is about.
        var what: String
        var line: Int
    }

    struct ObjectTable: Sendable {
        struct Entry: Sendable {
            var id: Int64
            var start: Int
            /// Bytes of the value; nil where each object says.
            var count: Int?
        }
        enum Unknown: Sendable { case stop, skip, refuse }

        var idType: RawType
        /// Nil where the table alone knows the lengths.
        var countType: RawType?
        /// What the length in the frame counts beside the value.
        var countIncludes: Int
        /// By ascending id.
        var entries: [Entry]
        var unknown: Unknown

        func entry(_ id: Int64) -> Entry? {
            var (low, high) = (0, entries.count)
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].id < id { low = middle + 1 } else { high = middle }
            }
            return low < entries.count && entries[low].id == id ? entries[low] : nil
        }
    }

    struct Labels: Sendable {
        var texts: [Int64: String]
    }

    let instructions: [Instruction]
    let notes: [Note]
    let objects: [ObjectTable]
    let checksums: [Checksum]
    let decryptions: [Decryption]
    let lookups: [[Double]]
    let labels: [Labels]
    /// Registers that hold what is reported beside the values.
    let dedupeRegister: Int?
    let counterRegister: Int?

    init(_ assembler: Assembler, dedupe: Int?, counter: Int?) {
        instructions = assembler.instructions
        notes = assembler.notes
        objects = assembler.objects
        checksums = assembler.checksums
        decryptions = assembler.decryptions
        lookups = assembler.lookups
        labels = assembler.labels
        dedupeRegister = dedupe
        counterRegister = counter
    }

    /// Appends the frame's values to `readings`; nothing is left there of a frame that is refused.
    func run<T: Trace>(
        _ data: UnsafeRawBufferPointer, _ context: FrameContext, into readings: inout Readings, trace: inout T
    ) -> FrameOutcome {
        let before = readings.entries.count
        var outcome = FrameOutcome()
        guard data.count <= Program.mostBytes else {
            outcome.refusal = .tooLong
            return outcome
        }
        let registerBytes = Program.mostRegisters * 8
        withUnsafeTemporaryAllocation(
            byteCount: registerBytes + Program.mostAttributes + Program.mostBytes, alignment: 16
        ) { scratch in
            // The plain text needs no clearing: only what was written is read.
            scratch.baseAddress!.initializeMemory(
                as: UInt8.self, repeating: 0, count: registerBytes + Program.mostAttributes)
            let plain = scratch.baseAddress! + registerBytes + Program.mostAttributes
            instructions.withUnsafeBufferPointer { steps in
                var execution = Execution(
                    program: self, steps: steps, context: context, trace: trace,
                    registers: scratch.baseAddress!.assumingMemoryBound(to: Int64.self),
                    counts: (scratch.baseAddress! + registerBytes).assumingMemoryBound(to: UInt8.self), plain: plain,
                    bytes: data.baseAddress ?? UnsafeRawPointer(plain), end: data.count)
                execution.registers[0] = context.source.company
                execution.registers[1] = Int64(data.count)
                let refusal = execution.run(from: 0, into: &readings)
                outcome = execution.outcome
                outcome.refusal = refusal
                if refusal == nil {
                    outcome.dedupe = dedupeRegister.map { execution.registers[$0] }
                    outcome.counter = counterRegister.map { execution.registers[$0] }
                }
                trace = execution.trace
            }
        }
        if outcome.refusal != nil { readings.entries.removeLast(readings.entries.count - before) }
        return outcome
    }
}

/// Watches a program run, to explain it. `NoTrace` costs nothing.
protocol Trace {
    mutating func loaded(_ note: UInt16, _ type: RawType, at offset: Int, _ number: RawNumber)
    mutating func emitted(_ note: UInt16, attribute: Int, _ value: Value)
    mutating func leftOut(_ note: UInt16, why: StaticString)
    mutating func object(_ note: UInt16, id: Int64, count: Int, known: Bool)
}

struct NoTrace: Trace {
    @inline(__always) mutating func loaded(_: UInt16, _: RawType, at _: Int, _: RawNumber) {}
    @inline(__always) mutating func emitted(_: UInt16, attribute _: Int, _: Value) {}
    @inline(__always) mutating func leftOut(_: UInt16, why _: StaticString) {}
    @inline(__always) mutating func object(_: UInt16, id _: Int64, count _: Int, known _: Bool) {}
}
