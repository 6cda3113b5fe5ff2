/// Reads the text of a pattern.
struct PatternParser {
    indirect enum Tree {
        case set(Pattern.ByteSet)
        case sequence([Tree])
        case either([Tree])
        /// `most` nil is without end.
        case repeated(Tree, least: Int, most: Int?)
        case group(Int, Tree)
    }

    private let text: [UInt8]
    private var at = 0
    private var depth = 0
    private(set) var groups: [String] = []

    init(_ text: [UInt8]) { self.text = text }

    mutating func pattern() throws(Pattern.Failure) -> Tree {
        // Whole lines are matched anyway; who writes the anchors means the same.
        if peek == UInt8(ascii: "^") { at += 1 }
        let tree = try alternatives()
        if peek == UInt8(ascii: "$"), at == text.count - 1 { at += 1 }
        guard at == text.count else { throw failure("')' without '('") }
        return tree
    }

    private mutating func alternatives() throws(Pattern.Failure) -> Tree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Pattern.deepestNesting else { throw failure("groups nested too deep") }
        var branches = [try sequence()]
        while peek == UInt8(ascii: "|") {
            at += 1
            branches.append(try sequence())
        }
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func sequence() throws(Pattern.Failure) -> Tree {
        var parts: [Tree] = []
        while let byte = peek, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            if byte == UInt8(ascii: "$"), at == text.count - 1 { break }
            parts.append(try quantified(try atom()))
        }
        return .sequence(parts)
    }

    private mutating func quantified(_ tree: Tree) throws(Pattern.Failure) -> Tree {
        guard let byte = peek else { return tree }
        switch byte {
        case UInt8(ascii: "*"): at += 1; return .repeated(tree, least: 0, most: nil)
        case UInt8(ascii: "+"): at += 1; return .repeated(tree, least: 1, most: nil)
        case UInt8(ascii: "?"): at += 1; return .repeated(tree, least: 0, most: 1)
        case UInt8(ascii: "{"): return try counted(tree)
        default: return tree
        }
    }

    private mutating func counted(_ tree: Tree) throws(Pattern.Failure) -> Tree {
        at += 1
        let least = number()
        var most = least
        if peek == UInt8(ascii: ",") {
            at += 1
            most = number()
        }
        guard peek == UInt8(ascii: "}"), let least else { throw failure("{m}, {m,} or {m,n} was expected") }
        at += 1
        guard least <= 256, most ?? least >= least, most ?? 0 <= 256 else {
            throw failure("a count beyond 256, or turned round")
        }
        return .repeated(tree, least: least, most: most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let byte = peek, byte >= 48, byte <= 57, value ?? 0 < 10_000 {
            value = (value ?? 0) * 10 + Int(byte - 48)
            at += 1
        }
        return value
    }

    private mutating func atom() throws(Pattern.Failure) -> Tree {
        guard let byte = peek else { throw failure("the pattern ends too early") }
        switch byte {
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "["): return .set(try bracket())
        case UInt8(ascii: "\\"): return .set(try escape())
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
            throw failure("there is nothing to repeat before it")
        case UInt8(ascii: "."):
            at += 1
            return .set(Pattern.ByteSet().inverted)
        default:
            at += 1
            var set = Pattern.ByteSet()
            set.insert(byte)
            return .set(set)
        }
    }

    private mutating func group() throws(Pattern.Failure) -> Tree {
        at += 1
        var index: Int?
        if peek == UInt8(ascii: "?") {
            at += 1
            if peek == UInt8(ascii: ":") {
                at += 1
            } else {
                // Both spellings in use: (?<name>…) and (?P<name>…).
                if peek == UInt8(ascii: "P") { at += 1 }
                guard peek == UInt8(ascii: "<") else { throw failure("(?: or (?<name> was expected") }
                at += 1
                let start = at
                while let byte = peek, byte != UInt8(ascii: ">") { at += byte > 32 ? 1 : text.count }
                let name = String(decoding: text[start..<min(at, text.count)], as: UTF8.self)
                guard peek != nil, !name.isEmpty, !groups.contains(name) else {
                    throw failure("a name of its own and '>' were expected")
                }
                at += 1
                guard groups.count < Pattern.mostGroups else { throw failure("more than \(Pattern.mostGroups) groups") }
                index = groups.count
                groups.append(name)
            }
        }
        let inside = try alternatives()
        guard peek == UInt8(ascii: ")") else { throw failure("')' was expected") }
        at += 1
        return index.map { .group($0, inside) } ?? inside
    }

    private mutating func escape() throws(Pattern.Failure) -> Pattern.ByteSet {
        at += 1
        guard let byte = peek else { throw failure("the pattern ends in a backslash") }
        at += 1
        var set = Pattern.ByteSet()
        switch byte | 0x20 {
        case UInt8(ascii: "d"): set.insert(48...57)
        case UInt8(ascii: "s"): for space: UInt8 in [9, 10, 11, 12, 13, 32] { set.insert(space) }
        case UInt8(ascii: "w"):
            for range: ClosedRange<UInt8> in [48...57, 65...90, 97...122, 95...95] { set.insert(range) }
        case UInt8(ascii: "t") where byte == UInt8(ascii: "t"): set.insert(9)
        case 97...122 where byte > 64: throw failure("the escape '\\\(Character(UnicodeScalar(byte)))' is not known")
        default:
            set.insert(byte)
            return set
        }
        // Capitals mean everything else.
        return byte < 97 ? set.inverted : set
    }

    private mutating func bracket() throws(Pattern.Failure) -> Pattern.ByteSet {
        at += 1
        var set = Pattern.ByteSet()
        let inverted = peek == UInt8(ascii: "^")
        if inverted { at += 1 }
        var first = true
        while true {
            guard let byte = peek else { throw failure("']' was expected") }
            if byte == UInt8(ascii: "]"), !first { break }
            first = false
            if byte == UInt8(ascii: "\\") {
                set.formUnion(try escape())
                continue
            }
            at += 1
            if peek == UInt8(ascii: "-"), at + 1 < text.count, text[at + 1] != UInt8(ascii: "]") {
                let last = text[at + 1]
                guard last >= byte else { throw failure("a range turned round") }
                set.insert(byte...last)
                at += 2
            } else {
                set.insert(byte)
            }
        }
        at += 1
        return inverted ? set.inverted : set
    }

    private var peek: UInt8? { at < text.count ? text[at] : nil }
    private func failure(_ problem: String) -> Pattern.Failure {
        Pattern.Failure(at: min(at, text.count), problem: problem)
    }

    /// Writes the steps of a tree; false when they become too many.
    static func emit(_ tree: Tree, _ steps: inout [Pattern.Step]) -> Bool {
        guard steps.count < Pattern.mostInstructions else { return false }
        switch tree {
        case .set(let set): steps.append(.one(set))
        case .sequence(let parts): return parts.allSatisfy { emit($0, &steps) }
        case .group(let index, let inside):
            steps.append(.note(2 * index))
            guard emit(inside, &steps) else { return false }
            steps.append(.note(2 * index + 1))
        case .either(let branches): return emit(either: branches, &steps)
        case .repeated(let inside, let least, let most):
            for _ in 0..<least {
                let before = steps.count
                guard emit(inside, &steps) else { return false }
                // Nothing, however often, is nothing.
                if steps.count == before { return true }
            }
            guard let most else {
                let top = steps.count
                steps.append(.go(0))
                guard emit(inside, &steps) else { return false }
                steps.append(.go(top))
                steps[top] = .either(top + 1, steps.count)
                return true
            }
            var forks: [Int] = []
            for _ in least..<max(least, most) {
                forks.append(steps.count)
                steps.append(.go(0))
                guard emit(inside, &steps) else { return false }
            }
            for fork in forks { steps[fork] = .either(fork + 1, steps.count) }
        }
        return true
    }

    private static func emit(either branches: [Tree], _ steps: inout [Pattern.Step]) -> Bool {
        var ends: [Int] = []
        for (index, branch) in branches.enumerated() {
            let isLast = index == branches.count - 1
            let fork = steps.count
            if !isLast { steps.append(.go(0)) }
            guard emit(branch, &steps) else { return false }
            if !isLast {
                ends.append(steps.count)
                steps.append(.go(0))
                steps[fork] = .either(fork + 1, steps.count)
            }
        }
        for end in ends { steps[end] = .go(steps.count) }
        return true
    }
}
