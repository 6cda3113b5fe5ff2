import Notation

/// Rows for people: columns as wide as they need to be, the last one cut where the line ends.
struct Table {
    struct Column {
        let title: String
        var right = false
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    init(_ titles: String...) { columns = titles.map { Column(title: $0) } }

    mutating func add(_ cells: String...) { rows.append(cells) }
    mutating func add(cells: [String]) { rows.append(cells) }

    var isEmpty: Bool { rows.isEmpty }

    func render(width: Int = Terminal.columns) -> String {
        let widths = columns.indices.map { column in
            max(Table.width(columns[column].title), rows.map { Table.width($0[column]) }.max() ?? 0)
        }
        func line(_ cells: [String], style: (String) -> String = { $0 }) -> String {
            var text = ""
            for (index, cell) in cells.enumerated() {
                let space = String(repeating: " ", count: max(0, widths[index] - Table.width(cell)))
                let isLast = index == cells.count - 1
                text += columns[index].right ? space + cell : isLast ? cell : cell + space
                if !isLast { text += "  " }
            }
            return style(Table.cut(text, to: width))
        }
        return ([line(columns.map(\.title), style: { Style.dim($0) })] + rows.map { line($0) }).joined(separator: "\n")
    }

    /// Characters as a terminal shows them, escape sequences not counted.
    static func width(_ text: String) -> Int {
        var count = 0
        var inEscape = false
        for character in text {
            if inEscape {
                if character.isLetter { inEscape = false }
            } else if character == "\u{1b}" {
                inEscape = true
            } else {
                count += 1
            }
        }
        return count
    }

    private static func cut(_ text: String, to width: Int) -> String {
        guard width > 1, Table.width(text) > width, !text.contains("\u{1b}") else { return text }
        return text.prefix(width - 1) + "…"
    }
}

/// Values over time in one line of text.
enum Sparkline {
    private static let blocks = Array("▁▂▃▄▅▆▇█")

    static func render(_ values: [Double], width: Int) -> String {
        let shown = values.suffix(width)
        guard let least = shown.min(), let greatest = shown.max() else { return "" }
        return String(
            shown.map { value in
                guard greatest > least else { return blocks[0] }
                return blocks[min(7, Int((value - least) / (greatest - least) * 8))]
            })
    }
}
