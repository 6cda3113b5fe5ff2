import Notation

/// Guesses the form of lines from a few of them: every one must be of it.
struct LineGuess {
    static let enough = 3
    static let mostLines = 16

    enum Form: Hashable {
        case json
        case keyValue(assign: UInt8)
        case csv(separator: UInt8, columns: Int)
    }

    private(set) var lines: [[UInt8]] = []
    /// A line that is not text: noise, or another speed.
    private(set) var isBroken = false

    mutating func add(_ line: UnsafeRawBufferPointer) {
        guard line.allSatisfy({ (32...126).contains($0) || $0 == 9 || $0 >= 0xc2 }) else {
            isBroken = true
            lines = []
            return
        }
        if lines.count == Self.mostLines { lines.removeFirst() }
        lines.append(Array(line))
    }

    /// Nil until enough lines in a row agree. A header may stand before the numbers.
    var form: Form? {
        guard lines.count >= Self.enough else { return nil }
        let newest = lines.suffix(Self.enough)
        let forms = newest.map(Self.form)
        guard let first = forms[0], forms.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    static func form(_ line: [UInt8]) -> Form? {
        if line.first == UInt8(ascii: "{") { return (try? JSONReader.read(line))?.object != nil ? .json : nil }
        for assign in [UInt8(ascii: "="), UInt8(ascii: ":")] where pairs(line, assign) != nil {
            return .keyValue(assign: assign)
        }
        for separator in [UInt8(ascii: ","), UInt8(ascii: ";"), 9, 32] {
            let columns = split(line, separator)
            guard columns.count > 1 || separator == 32 else { continue }
            // Half of the columns are numbers, and the first or last is: prose has a number here and there.
            let numbers = columns.filter { isNumber($0) }.count
            guard numbers > 0, 2 * numbers >= columns.count, columns.allSatisfy({ !$0.isEmpty && $0.count <= 32 })
            else {
                continue
            }
            return .csv(separator: separator, columns: columns.count)
        }
        return nil
    }

    /// Keys and values, where the line is nothing but pairs and most values are numbers.
    static func pairs(_ line: [UInt8], _ assign: UInt8) -> [(key: String, value: [UInt8])]? {
        var pairs: [(key: String, value: [UInt8])] = []
        for piece in line.split(whereSeparator: { $0 == 44 || $0 == 59 || $0 == 9 || $0 == 32 }) {
            guard let middle = piece.firstIndex(of: assign), middle > piece.startIndex, middle < piece.endIndex - 1,
                piece[piece.startIndex..<middle].allSatisfy({ isWord($0) })
            else { return nil }
            pairs.append((String(decoding: piece[..<middle], as: UTF8.self), Array(piece[(middle + 1)...])))
        }
        let numbers = pairs.filter { isNumber($0.value) }.count
        return numbers > 0 && 2 * numbers >= pairs.count ? pairs : nil
    }

    static func split(_ line: [UInt8], _ separator: UInt8) -> [[UInt8]] {
        line.split(separator: separator, omittingEmptySubsequences: false).map { piece in
            Array(piece.drop { $0 == 32 }.reversed().drop { $0 == 32 }.reversed())
        }
    }

    static func isNumber(_ text: [UInt8]) -> Bool { text.withUnsafeBytes { Decimal($0) } != nil }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte == 45
            || byte == 46
    }
}
