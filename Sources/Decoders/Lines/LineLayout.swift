import Measurements

/// How a line of text holds values. The whole line must be of its form, or nothing of it counts.
public struct LineLayout: Sendable {
    public static let mostColumns = 64

    /// Where an attribute's value (or one of its components) stands.
    public struct Binding: Hashable, Sendable {
        /// A column's name or number (from 1), a key, a JSON path (`env.temp`), a group's name.
        public var source: String
        public var attribute: Int

        public init(source: String, attribute: Int) {
            self.source = source
            self.attribute = attribute
        }
    }

    public enum Form: Sendable {
        /// Columns by number; a line has exactly `columns` of them.
        case columns(separator: UInt8, columns: Int)
        /// Columns by name; the device sends a line with the names first.
        case header(separator: UInt8)
        case json
        /// `t=21.5,h=40`: pairs apart by any of `separators`, key and value by `assign`.
        case keyValue(separators: [UInt8], assign: UInt8)
        case pattern(Pattern)
    }

    public var form: Form
    public var attributes: [AttributeDeclaration]
    public var bindings: [Binding]
    /// A decimal comma, where the device writes one.
    public var point: UInt8 = UInt8(ascii: ".")

    public init(form: Form, attributes: [AttributeDeclaration], bindings: [Binding]) {
        self.form = form
        self.attributes = attributes
        self.bindings = bindings
    }
}

/// Reads lines of one layout; remembers the header.
public struct LineDecoder {
    public enum Outcome: String, Sendable {
        case decoded
        /// A header, a comment or an object without any known key.
        case nothing
        /// Not of the form, or a value that is none.
        case malformed = "malformed_lines"
        case outOfRange = "out_of_range"
        /// Lines before the one with the column names.
        case noHeader = "no_header"
    }

    public let layout: LineLayout
    /// For each binding what the line gave: a piece of it.
    private var found: [Range<Int>?]
    /// For columns: the binding of each; for headers settled by the header line.
    private var columnBinding: [Int?] = []
    private var json: JSONLine?
    private var matcher: PatternMatcher?
    private let groups: [Int]

    public init(_ layout: LineLayout) {
        self.layout = layout
        found = Array(repeating: nil, count: layout.bindings.count)
        var groups: [Int] = []
        switch layout.form {
        case .columns(_, let columns):
            columnBinding = Array(repeating: nil, count: columns)
            for (index, binding) in layout.bindings.enumerated() {
                if let column = Int(binding.source), (1...columns).contains(column) {
                    columnBinding[column - 1] = index
                }
            }
        case .json: json = JSONLine(layout.bindings.map(\.source))
        case .pattern(let pattern):
            matcher = PatternMatcher(pattern)
            groups = layout.bindings.map { pattern.groups.firstIndex(of: $0.source) ?? -1 }
        case .header, .keyValue: break
        }
        self.groups = groups
    }

    public mutating func decode(_ line: UnsafeRawBufferPointer, at time: BootTime, into readings: inout Readings)
        -> Outcome
    {
        for index in found.indices { found[index] = nil }
        switch layout.form {
        case .columns(let separator, _):
            guard columns(line, separator) == columnBinding.count else { return .malformed }
        case .header(let separator):
            if isHeader(line, separator) { return .nothing }
            guard !columnBinding.isEmpty else { return .noHeader }
            guard columns(line, separator) == columnBinding.count else { return .malformed }
        case .json: guard json?.scan(line, into: &found) == true else { return .malformed }
        case .keyValue(let separators, let assign): guard pairs(line, separators, assign) else { return .malformed }
        case .pattern:
            guard matcher?.match(line) == true else { return .malformed }
            for (index, group) in groups.enumerated() where group >= 0 { found[index] = matcher?.range(group) }
        }
        return emit(line, time, &readings)
    }

    // MARK: Values

    private func emit(_ line: UnsafeRawBufferPointer, _ time: BootTime, _ readings: inout Readings) -> Outcome {
        let before = readings.entries.count
        var isDone = false
        defer { if !isDone { readings.entries.removeLast(readings.entries.count - before) } }
        var index = 0
        while index < layout.bindings.count {
            let attribute = layout.bindings[index].attribute
            let declaration = layout.attributes[attribute]
            let parts = index..<min(index + declaration.width, layout.bindings.count)
            index = parts.upperBound
            // A value that is not there is absent; a vector needs all its parts.
            guard parts.count == declaration.width, parts.allSatisfy({ found[$0]?.isEmpty == false }) else { continue }
            for part in parts {
                let text = UnsafeRawBufferPointer(rebasing: line[found[part] ?? 0..<0])
                if let value = LineValue.parse(text, declaration, point: layout.point) {
                    readings.append(attribute: UInt16(attribute), time: time, value)
                    continue
                }
                var unbounded = declaration
                unbounded.range = nil
                return LineValue.parse(text, unbounded, point: layout.point) == nil ? .malformed : .outOfRange
            }
        }
        isDone = true
        return readings.entries.count > before ? .decoded : .nothing
    }

    // MARK: Forms

    /// Notes each column's bound piece and returns how many columns there are.
    private mutating func columns(_ line: UnsafeRawBufferPointer, _ separator: UInt8) -> Int {
        var column = 0
        var start = 0
        for at in 0...line.count where at == line.count || line[at] == separator {
            if column < columnBinding.count, let binding = columnBinding[column] {
                found[binding] = trimmed(line, start, at)
            }
            column += 1
            start = at + 1
            if column > LineLayout.mostColumns { return column }
        }
        return column
    }

    /// A line in which every bound name stands as a column; then the columns are settled.
    private mutating func isHeader(_ line: UnsafeRawBufferPointer, _ separator: UInt8) -> Bool {
        var order: [Int?] = []
        var start = 0
        for at in 0...line.count where at == line.count || line[at] == separator {
            let name = UnsafeRawBufferPointer(rebasing: line[trimmed(line, start, at)])
            order.append(layout.bindings.firstIndex { name.elementsEqual($0.source.utf8) })
            start = at + 1
            if order.count > LineLayout.mostColumns { return false }
        }
        guard layout.bindings.indices.allSatisfy({ order.contains($0) }) else { return false }
        columnBinding = order
        return true
    }

    private mutating func pairs(_ line: UnsafeRawBufferPointer, _ separators: [UInt8], _ assign: UInt8) -> Bool {
        var start = 0
        var any = false
        for at in 0...line.count where at == line.count || separators.contains(line[at]) {
            defer { start = at + 1 }
            let piece = trimmed(line, start, at)
            // Spaces after a separator make empty pieces.
            if piece.isEmpty { continue }
            guard let middle = piece.first(where: { line[$0] == assign }) else { return false }
            let key = UnsafeRawBufferPointer(rebasing: line[trimmed(line, piece.lowerBound, middle)])
            guard !key.isEmpty, key.allSatisfy({ $0 > 32 && $0 < 127 }) else { return false }
            any = true
            for (index, binding) in layout.bindings.enumerated() where key.elementsEqual(binding.source.utf8) {
                // The same key twice in a line is two lines run into one.
                guard found[index] == nil else { return false }
                found[index] = trimmed(line, middle + 1, piece.upperBound)
            }
        }
        return any
    }

    private func trimmed(_ line: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Range<Int> {
        var (low, high) = (start, max(start, end))
        while low < high, line[low] == 32 || line[low] == 9 { low += 1 }
        while high > low, line[high - 1] == 32 || line[high - 1] == 9 { high -= 1 }
        return low..<high
    }
}
