/// A regular expression with named groups that must match a whole line. It runs in time proportional to the line times its
/// own length, whatever the line: all ways to match are followed at once. Bytes, not characters.
///
/// Known: literals, `.`, `[a-z]`, `[^…]`, `\d \w \s` (and `\D \W \S`), `\.`, `(…)`, `(?:…)`, `(?<name>…)`, `|`, `* + ?`, `{m,n}`.
public struct Pattern: Sendable {
    public static let mostInstructions = 512
    public static let mostGroups = 16
    public static let deepestNesting = 16

    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// Bytes before the place, from 0.
        public var at: Int
        public var problem: String
        public var description: String { "at character \(at + 1): \(problem)" }
    }

    /// 256 bits.
    struct ByteSet: Sendable, Hashable {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

        @inline(__always)
        func contains(_ byte: UInt8) -> Bool {
            let word =
                switch byte >> 6 {
                case 0: words.0
                case 1: words.1
                case 2: words.2
                default: words.3
                }
            return word >> UInt64(byte & 63) & 1 == 1
        }

        mutating func insert(_ byte: UInt8) {
            let bit = UInt64(1) << UInt64(byte & 63)
            switch byte >> 6 {
            case 0: words.0 |= bit
            case 1: words.1 |= bit
            case 2: words.2 |= bit
            default: words.3 |= bit
            }
        }

        mutating func insert(_ range: ClosedRange<UInt8>) { for byte in range { insert(byte) } }

        mutating func formUnion(_ other: ByteSet) {
            words = (
                words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2, words.3 | other.words.3
            )
        }

        var inverted: ByteSet { ByteSet(words: (~words.0, ~words.1, ~words.2, ~words.3)) }

        static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }
        func hash(into hasher: inout Hasher) {
            hasher.combine(words.0)
            hasher.combine(words.3)
        }
    }

    enum Step: Sendable {
        case one(ByteSet)
        /// Both ways; the first is preferred.
        case either(Int, Int)
        case go(Int)
        /// Notes the place as boundary `n` (2g begins group g, 2g+1 ends it).
        case note(Int)
        case matched
    }

    let steps: [Step]
    /// Names of the groups, in the order of their opening.
    public let groups: [String]

    public init(_ text: String) throws(Failure) {
        var parser = PatternParser(Array(text.utf8))
        let tree = try parser.pattern()
        var steps: [Step] = []
        guard PatternParser.emit(tree, &steps), steps.count < Pattern.mostInstructions else {
            throw Failure(at: 0, problem: "the pattern is too large (more than \(Pattern.mostInstructions) steps)")
        }
        steps.append(.matched)
        self.steps = steps
        groups = parser.groups
    }
}

/// Runs a pattern over lines; its memory is reused.
struct PatternMatcher: Sendable {
    private let pattern: Pattern
    private let slots: Int
    /// The ways followed, in order of preference, with their boundaries.
    private var now: [Int] = []
    private var next: [Int] = []
    private var nowNotes: [Int]
    private var nextNotes: [Int]
    /// In which round a step was last added, so that none is added twice.
    private var seen: [Int]
    private var round = 0
    private var result: [Int]
    private var scratch: [Int]

    init(_ pattern: Pattern) {
        self.pattern = pattern
        slots = pattern.groups.count * 2
        nowNotes = Array(repeating: -1, count: pattern.steps.count * max(1, slots))
        nextNotes = nowNotes
        seen = Array(repeating: 0, count: pattern.steps.count)
        result = Array(repeating: -1, count: slots)
        scratch = result
    }

    /// Where a group matched; nil where it took no part.
    func range(_ group: Int) -> Range<Int>? {
        let (start, end) = (result[2 * group], result[2 * group + 1])
        return start >= 0 && end >= start ? start..<end : nil
    }

    mutating func match(_ line: UnsafeRawBufferPointer) -> Bool {
        now.removeAll(keepingCapacity: true)
        round += 1
        next.removeAll(keepingCapacity: true)
        var notes: [Int] = []
        swap(&notes, &scratch)
        defer { swap(&notes, &scratch) }
        for slot in 0..<slots { notes[slot] = -1 }
        add(0, at: 0, &notes)
        swap(&now, &next)
        swap(&nowNotes, &nextNotes)
        for (at, byte) in line.enumerated() {
            if now.isEmpty { return false }
            next.removeAll(keepingCapacity: true)
            round += 1
            for step in now {
                guard case .one(let set) = pattern.steps[step], set.contains(byte) else { continue }
                for slot in 0..<slots { notes[slot] = nowNotes[step * slots + slot] }
                add(step + 1, at: at + 1, &notes)
            }
            swap(&now, &next)
            swap(&nowNotes, &nextNotes)
        }
        for step in now {
            if case .matched = pattern.steps[step] {
                for slot in 0..<slots { result[slot] = nowNotes[step * slots + slot] }
                return true
            }
        }
        return false
    }

    /// Follows all that needs no byte; depth is bounded by the pattern's length.
    private mutating func add(_ step: Int, at place: Int, _ notes: inout [Int]) {
        guard seen[step] != round else { return }
        seen[step] = round
        switch pattern.steps[step] {
        case .go(let target): add(target, at: place, &notes)
        case .either(let first, let second):
            add(first, at: place, &notes)
            add(second, at: place, &notes)
        case .note(let slot):
            let before = notes[slot]
            notes[slot] = place
            add(step + 1, at: place, &notes)
            notes[slot] = before
        case .one, .matched:
            for slot in 0..<slots { nextNotes[step * slots + slot] = notes[slot] }
            next.append(step)
        }
    }
}
