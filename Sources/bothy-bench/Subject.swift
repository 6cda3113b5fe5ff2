import Notation

/// One thing that is measured against others.
struct Subject: Sendable {
    var name: String
    var summary: String
    var run: @Sendable (Options) throws -> Report
}

struct Report {
    /// For people.
    var table: String
    /// Every run as it was measured.
    var raw: JSON
}

/// `--name value`, and `--tiny` alone.
struct Options {
    struct Wrong: Error, CustomStringConvertible {
        var description: String
    }

    var tiny = false
    private var values: [String: String] = [:]

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { throw Wrong(description: "what is “\(argument)”?") }
            if argument == "--tiny" {
                tiny = true
                continue
            }
            guard let value = rest.popFirst() else { throw Wrong(description: "\(argument) needs a value") }
            values[String(argument.dropFirst(2))] = value
        }
    }

    subscript(name: String) -> String? { values[name] }
}

/// The middle of an odd number of runs.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// `value` with `places` after the point.
func spelled(_ value: Double, places: Int = 3) -> String {
    var factor = 1.0
    for _ in 0..<places { factor *= 10 }
    let whole = Int((value * factor).rounded())
    let digits = String(abs(whole))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let text = places == 0 ? padded : "\(padded.dropLast(places)).\(padded.suffix(places))"
    return whole < 0 ? "-" + text : text
}

/// Rows as columns, the first to the left and the others to the right.
func aligned(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
        row.enumerated().map { column, cell in
            let padding = String(repeating: " ", count: widths[column] - cell.count)
            return column == 0 ? cell + padding : padding + cell
        }.joined(separator: "  ")
    }.joined(separator: "\n")
}
