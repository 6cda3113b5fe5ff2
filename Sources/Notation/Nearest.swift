/// Finds what somebody who mistyped a word probably meant.
public enum Nearest {
    /// The known word with the fewest edits away, or nil where none is near enough to be worth saying.
    public static func match(to word: String, among known: some Sequence<String>) -> String? {
        let most = min(3, max(1, word.count / 2))
        var best: (word: String, distance: Int)?
        for candidate in known {
            let distance = distance(Array(word.lowercased()), Array(candidate.lowercased()))
            if distance <= most, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let same = left[row - 1] == right[column - 1]
                current[column] = min(
                    previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], before[column - 2] + 1)
                }
            }
            (before, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
