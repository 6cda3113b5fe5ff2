extension Samples {
    /// Entries that could not become samples, by why. They are counted, never silent.
    public struct Refused: Hashable, Sendable {
        /// The attribute's index is not declared.
        public var undeclared = 0
        /// The value is of another kind than declared.
        public var otherKind = 0
        /// A vector's parts did not come whole, in a row, with one time.
        public var incomplete = 0
        public var longTexts = 0

        public init() {}

        public var total: Int { undeclared + otherKind + incomplete + longTexts }
    }

    /// Sorts what a link handed over into the columns of its sensor's attributes, in one pass.
    public static func distribute(_ readings: Readings, into columns: inout [Samples]) -> Refused {
        var refused = Refused()
        readings.entries.withUnsafeBufferPointer { entries in
            columns.withUnsafeMutableBufferPointer { columns in
                var index = 0
                while index < entries.count {
                    let attribute = Int(entries[index].attribute)
                    guard attribute < columns.count else {
                        refused.undeclared += 1
                        index += 1
                        continue
                    }
                    if columns[attribute].width == 1 {
                        columns[attribute].appendOne(entries[index], &refused)
                        index += 1
                    } else {
                        index += columns[attribute].appendVector(entries, from: index, &refused)
                    }
                }
            }
        }
        return refused
    }

    private mutating func appendOne(_ entry: Readings.Entry, _ refused: inout Refused) {
        switch (kind, entry.value) {
        case (.integer, .integer(let value)): integers.append(value)
        case (.double, .double(let value)): doubles.append(value)
        case (.boolean, .boolean(let value)): booleans.append(value)
        case (.text, .text(let value)):
            guard value.utf8.count <= Samples.mostTextBytes else {
                refused.longTexts += 1
                return
            }
            texts.append(value)
        default:
            refused.otherKind += 1
            return
        }
        times.append(entry.time)
    }

    /// Appends the vector that starts at `start` if it is whole; returns how many entries it took.
    private mutating func appendVector(
        _ entries: UnsafeBufferPointer<Readings.Entry>, from start: Int, _ refused: inout Refused
    ) -> Int {
        let (attribute, time) = (entries[start].attribute, entries[start].time)
        var end = start + 1
        while end < entries.count, end < start + width, entries[end].attribute == attribute, entries[end].time == time {
            end += 1
        }
        guard end == start + width else {
            refused.incomplete += end - start
            return end - start
        }
        for index in start..<end {
            let before = refused.total
            appendOne(entries[index], &refused)
            if refused.total == before { continue }
            // One part is of no use: none of the vector is kept.
            refused.incomplete += width - 1
            dropValues(index - start)
            return width
        }
        times.removeLast(width - 1)
        return width
    }

    private mutating func dropValues(_ count: Int) {
        times.removeLast(count)
        switch kind {
        case .integer: integers.removeLast(count)
        case .double: doubles.removeLast(count)
        case .boolean: booleans.removeLast(count)
        case .text: texts.removeLast(count)
        }
    }
}
