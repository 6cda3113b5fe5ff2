/// The canonical form of each column encoding: runs only for two or more equal values, literals as long as they can be,
/// nothing at all for a column without values.
enum RunEncoding {
    @inline(__always)
    static func runs<Element: Equatable>(
        _ values: UnsafePointer<Element>, count: Int, absent: Element, to writer: inout ByteWriter,
        write: (Element, inout ByteWriter) -> Void
    ) {
        var index = 0
        var hasValue = false
        while index < count {
            let value = values[index]
            var end = index + 1
            while end < count, values[end] == value { end += 1 }
            if value == absent {
                if end == count, !hasValue { return }
                writer.byte(0)
                writer.uleb(UInt64(end - index))
            } else if end - index > 1 {
                writer.leb(Int64(end - index))
                write(value, &writer)
            } else {
                while end < count, values[end] != absent, !(end + 1 < count && values[end + 1] == values[end]) {
                    end += 1
                }
                writer.leb(Int64(index - end))
                for literal in index..<end { write(values[literal], &writer) }
            }
            hasValue = true
            index = end
        }
    }

    static func uints(_ values: UnsafePointer<UInt32>, count: Int, to writer: inout ByteWriter) {
        runs(values, count: count, absent: Automerge.absent, to: &writer) { value, writer in
            writer.uleb(UInt64(value))
        }
    }

    static func deltas(
        _ values: UnsafePointer<UInt32>, count: Int, through differences: inout Scratch<Int64>,
        to writer: inout ByteWriter
    ) {
        differences.ensure(count)
        var current: Int64 = 0
        for index in 0..<count {
            if values[index] == Automerge.absent {
                differences.base[index] = .min
            } else {
                differences.base[index] = Int64(values[index]) - current
                current = Int64(values[index])
            }
        }
        runs(differences.base, count: count, absent: .min, to: &writer) { value, writer in writer.leb(value) }
    }

    static func wideDeltas(
        _ values: UnsafePointer<Int64>, count: Int, through differences: inout Scratch<Int64>,
        to writer: inout ByteWriter
    ) {
        differences.ensure(count)
        var current: Int64 = 0
        for index in 0..<count {
            differences.base[index] = values[index] &- current
            current = values[index]
        }
        runs(differences.base, count: count, absent: .min, to: &writer) { value, writer in writer.leb(value) }
    }

    static func booleans(_ values: UnsafePointer<Bool>, count: Int, to writer: inout ByteWriter) {
        var value = false
        var index = 0
        while index < count {
            let start = index
            while index < count, values[index] == value { index += 1 }
            writer.uleb(UInt64(index - start))
            value.toggle()
        }
    }
}
