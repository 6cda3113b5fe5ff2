/// Finds the bound members of a JSON object in a line, without building the object. The line must be whole JSON.
struct JSONLine: Sendable {
    static let greatestDepth = 16

    private struct Step: Sendable {
        var key: [UInt8]
        /// The branch below.
        var child: Int
    }
    private struct Branch: Sendable {
        var steps: [Step] = []
        var binding: Int?
    }

    /// A tree of the paths; 0 is its root.
    private var branches = [Branch()]

    init(_ paths: [String]) {
        for (binding, path) in paths.enumerated() {
            var at = 0
            for key in path.split(separator: ".") {
                let bytes = Array(key.utf8)
                if let known = branches[at].steps.first(where: { $0.key == bytes }) {
                    at = known.child
                } else {
                    branches.append(Branch())
                    branches[at].steps.append(Step(key: bytes, child: branches.count - 1))
                    at = branches.count - 1
                }
            }
            branches[at].binding = binding
        }
    }

    /// False for anything but one object that is whole and well formed, or one that has a bound member twice.
    func scan(_ line: UnsafeRawBufferPointer, into found: inout [Range<Int>?]) -> Bool {
        var at = 0
        skipSpace(line, &at)
        guard at < line.count, line[at] == UInt8(ascii: "{"), value(line, &at, 0, 0, &found) else { return false }
        skipSpace(line, &at)
        return at == line.count
    }

    /// `branch` is nil below what is not bound.
    private func value(
        _ line: UnsafeRawBufferPointer, _ at: inout Int, _ branch: Int?, _ depth: Int, _ found: inout [Range<Int>?]
    ) -> Bool {
        guard at < line.count, depth < Self.greatestDepth else { return false }
        let start = at
        switch line[at] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return collection(line, &at, branch, depth, &found)
        case UInt8(ascii: "\""):
            guard let text = string(line, &at) else { return false }
            return take(text, branch, &found)
        default:
            while at < line.count, !Self.endsScalar(line[at]) { at += 1 }
            let text = UnsafeRawBufferPointer(rebasing: line[start..<at])
            if text.elementsEqual("null".utf8) { return true }
            guard isNumber(text) || text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8) else {
                return false
            }
            return take(start..<at, branch, &found)
        }
    }

    private func take(_ range: Range<Int>, _ branch: Int?, _ found: inout [Range<Int>?]) -> Bool {
        guard let branch, let binding = branches[branch].binding else { return true }
        guard found[binding] == nil else { return false }
        found[binding] = range
        return true
    }

    private func collection(
        _ line: UnsafeRawBufferPointer, _ at: inout Int, _ branch: Int?, _ depth: Int, _ found: inout [Range<Int>?]
    ) -> Bool {
        let isObject = line[at] == UInt8(ascii: "{")
        let close = UInt8(ascii: isObject ? "}" : "]")
        at += 1
        skipSpace(line, &at)
        if at < line.count, line[at] == close {
            at += 1
            return true
        }
        var index = 0
        while true {
            skipSpace(line, &at)
            var below: Int?
            if isObject {
                guard let key = string(line, &at) else { return false }
                below = child(of: branch, UnsafeRawBufferPointer(rebasing: line[key]))
                skipSpace(line, &at)
                guard at < line.count, line[at] == UInt8(ascii: ":") else { return false }
                at += 1
                skipSpace(line, &at)
            } else if let branch {
                below = branches[branch].steps.first { $0.key.elementsEqual(String(index).utf8) }?.child
            }
            guard value(line, &at, below, depth + 1, &found) else { return false }
            skipSpace(line, &at)
            guard at < line.count else { return false }
            at += 1
            if line[at - 1] == close { return true }
            guard line[at - 1] == UInt8(ascii: ",") else { return false }
            index += 1
        }
    }

    private func child(of branch: Int?, _ key: UnsafeRawBufferPointer) -> Int? {
        guard let branch else { return nil }
        for step in branches[branch].steps where key.elementsEqual(step.key) { return step.child }
        return nil
    }

    /// The text between the quotes; escapes are passed over and stay as they are written.
    private func string(_ line: UnsafeRawBufferPointer, _ at: inout Int) -> Range<Int>? {
        guard at < line.count, line[at] == UInt8(ascii: "\"") else { return nil }
        at += 1
        let start = at
        while at < line.count, line[at] != UInt8(ascii: "\"") {
            guard line[at] >= 32 else { return nil }
            at += line[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard at < line.count else { return nil }
        at += 1
        return start..<at - 1
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte <= 32
    }

    /// A number as JSON writes it; what `Decimal` takes beyond that (`+1`, `.5`, `1.`) is none.
    private func isNumber(_ text: UnsafeRawBufferPointer) -> Bool {
        guard Decimal(text) != nil, let last = text.last, last != UInt8(ascii: ".") else { return false }
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        guard let first = digits.first, first >= 48, first <= 57 else { return false }
        return first != 48 || digits.count == 1 || !(48...57).contains(digits[digits.startIndex + 1])
    }

    private func skipSpace(_ line: UnsafeRawBufferPointer, _ at: inout Int) {
        while at < line.count, line[at] == 32 || line[at] == 9 { at += 1 }
    }
}
