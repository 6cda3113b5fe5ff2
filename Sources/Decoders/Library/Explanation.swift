import Measurements
import Notation

/// What every byte of a frame was taken for, in lines for a person.
public struct Explanation: Sendable, CustomStringConvertible {
    public var lines: [String]
    public var description: String { lines.joined(separator: "\n") }
}

extension DecoderLibrary {
    /// Tries every description and says what each one that fits makes of the frame.
    public func explain(_ frame: [UInt8], _ context: FrameContext) -> Explanation {
        var lines = ["\(frame.count) bytes of \(context.source): \(Hex.encode(frame))"]
        for description in descriptions {
            for layout in description.frames {
                guard frame.withUnsafeBytes({ layout.match.fits($0, context) }) else { continue }
                lines.append(
                    "\(description.name)\(layout.name.isEmpty ? "" : ", \(layout.name)") (\(description.file))")
                lines += layout.program.explain(frame, context, description.attributes).map { "  " + $0 }
            }
        }
        if lines.count == 1 { lines.append("No description is for this frame.") }
        return Explanation(lines: lines)
    }
}

extension Program {
    func explain(_ frame: [UInt8], _ context: FrameContext, _ attributes: [AttributeDeclaration]) -> [String] {
        var trace = Told(notes: notes, attributes: attributes)
        var readings = Readings()
        let outcome = frame.withUnsafeBytes { run($0, context, into: &readings, trace: &trace) }
        var lines = trace.lines
        if let refusal = outcome.refusal { lines.append("refused: \(refusal.sentence)") }
        if let dedupe = outcome.dedupe { lines.append("packet \(dedupe)") }
        if let counter = outcome.counter { lines.append("counter \(counter)") }
        return lines
    }

    private struct Told: Trace {
        let notes: [Note]
        let attributes: [AttributeDeclaration]
        var lines: [String] = []

        private func name(_ note: UInt16) -> String { notes.indices.contains(Int(note)) ? notes[Int(note)].what : "?" }

        mutating func loaded(_ note: UInt16, _ type: RawType, at offset: Int, _ number: RawNumber) {
            let shown =
                switch number {
                case .whole(let value): "\(value)"
                case .floating(let value): "\(value)"
                case .none: "no value"
                }
            lines.append("byte \(offset) \(type) = \(shown), for \(name(note))")
        }

        mutating func emitted(_ note: UInt16, attribute: Int, _ value: Value) {
            let declaration = attributes[attribute]
            let unit = declaration.unit.isEmpty ? "" : " " + declaration.unit
            lines.append("→ \(declaration.name) \(Shown.value(value, declaration.kind))\(unit)")
        }

        mutating func leftOut(_ note: UInt16, why: StaticString) { lines.append("– \(name(note)) left out: \(why)") }

        mutating func object(_ note: UInt16, id: Int64, count: Int, known: Bool) {
            let size = count < 0 ? "" : " of \(count) bytes"
            lines.append(
                "object 0x\(String(id, radix: 16))\(size)\(known ? "" : ", which the description does not know")")
        }
    }
}
