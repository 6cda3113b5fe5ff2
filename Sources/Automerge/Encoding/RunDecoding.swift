/// The column encodings: runs, literals and absent values of numbers and strings; differences; alternating booleans.
///
/// Each function reads a whole column. It fills exactly `count` values, the missing tail with absent ones, and refuses a
/// column that has more.
enum RunDecoding {
    /// How many values a column of numbers has.
    static func count(_ column: ByteReader, limit: Int) throws(AutomergeError) -> Int {
        var reader = column
        var count = 0
        while !reader.isAtEnd {
            let run = try reader.leb()
            let length = run == 0 ? try reader.uleb() : run.magnitude
            guard length <= UInt64(limit - count) else {
                throw reader.failure(.tooLarge, "more than the limit of \(limit) entries")
            }
            if run > 0 {
                _ = try reader.uleb()
            } else if run < 0 {
                for _ in 0..<length { _ = try reader.uleb() }
            }
            count += Int(length)
        }
        return count
    }

    static func uints(
        _ column: ByteReader, into values: inout Scratch<UInt32>, count: Int
    ) throws(AutomergeError) {
        values.ensure(count)
        let out = values.base
        try runs(column, count: count) { (reader, range, kind) throws(AutomergeError) in
            switch kind {
            case .repeated:
                let value = try small(&reader)
                for index in range { out[index] = value }
            case .literal: for index in range { out[index] = try small(&reader) }
            case .missing: for index in range { out[index] = absent }
            }
        }
    }

    /// Differences between successive values, which must all be small and not negative.
    static func deltas(
        _ column: ByteReader, into values: inout Scratch<UInt32>, count: Int
    ) throws(AutomergeError) {
        values.ensure(count)
        let out = values.base
        var current: Int64 = 0
        func next(_ difference: Int64, _ reader: ByteReader) throws(AutomergeError) -> UInt32 {
            let (sum, overflow) = current.addingReportingOverflow(difference)
            guard !overflow, sum >= 0, sum < Int64(absent) else {
                throw reader.failure(.malformed, "a counter is not within 32 bits")
            }
            current = sum
            return UInt32(sum)
        }
        try runs(column, count: count) { (reader, range, kind) throws(AutomergeError) in
            switch kind {
            case .repeated:
                let difference = try reader.leb()
                for index in range { out[index] = try next(difference, reader) }
            case .literal: for index in range { out[index] = try next(try reader.leb(), reader) }
            case .missing: for index in range { out[index] = absent }
            }
        }
    }

    /// Differences of any size; an absent value counts as 0.
    static func wideDeltas(
        _ column: ByteReader, into values: inout Scratch<Int64>, count: Int
    ) throws(AutomergeError) {
        values.ensure(count)
        let out = values.base
        var current: Int64 = 0
        try runs(column, count: count) { (reader, range, kind) throws(AutomergeError) in
            let repeated = kind == .repeated ? try reader.leb() : 0
            for index in range {
                guard kind != .missing else {
                    out[index] = 0
                    continue
                }
                let (sum, overflow) = current.addingReportingOverflow(kind == .repeated ? repeated : try reader.leb())
                guard !overflow else { throw reader.failure(.malformed, "a difference leaves 64 bits") }
                current = sum
                out[index] = sum
            }
        }
    }

    /// Where each string lies in `whole`, of which the column is a part.
    static func strings(
        _ column: ByteReader, into values: inout Scratch<TextRange>, count: Int
    ) throws(AutomergeError) {
        values.ensure(count)
        let out = values.base
        try runs(column, count: count) { (reader, range, kind) throws(AutomergeError) in
            switch kind {
            case .repeated:
                let value = try text(&reader)
                for index in range { out[index] = value }
            case .literal: for index in range { out[index] = try text(&reader) }
            case .missing: for index in range { out[index] = .absent }
            }
        }
    }

    static func booleans(
        _ column: ByteReader, into values: inout Scratch<Bool>, count: Int
    ) throws(AutomergeError) {
        values.ensure(count)
        var reader = column
        var done = 0
        var value = false
        while !reader.isAtEnd {
            let length = try reader.uleb()
            guard length <= UInt64(count - done) else {
                throw reader.failure(.malformed, "a column has more entries than there are operations")
            }
            guard length > 0 || done == 0 else { throw reader.failure(.malformed, "a run of no values") }
            for index in done..<(done + Int(length)) { values.base[index] = value }
            done += Int(length)
            value.toggle()
        }
        for index in done..<count { values.base[index] = false }
    }

    private enum Kind { case repeated, literal, missing }

    @inline(__always)
    private static func runs(
        _ column: ByteReader, count: Int,
        _ body: (inout ByteReader, Range<Int>, Kind) throws(AutomergeError) -> Void
    ) throws(AutomergeError) {
        var reader = column
        var done = 0
        while !reader.isAtEnd {
            let run = try reader.leb()
            let length = run == 0 ? try reader.uleb() : run.magnitude
            guard length <= UInt64(count - done) else {
                throw reader.failure(.malformed, "a column has more entries than there are operations")
            }
            guard length > 0 else { throw reader.failure(.malformed, "a run of no values") }
            let range = done..<(done + Int(length))
            try body(&reader, range, run > 0 ? .repeated : run < 0 ? .literal : .missing)
            done = range.upperBound
        }
        if done < count { try body(&reader, done..<count, .missing) }
    }

    @inline(__always)
    private static func small(_ reader: inout ByteReader) throws(AutomergeError) -> UInt32 {
        let value = try reader.uleb()
        guard value < UInt64(absent) else { throw reader.failure(.tooLarge, "a number is not within 32 bits") }
        return UInt32(truncatingIfNeeded: value)
    }

    @inline(__always)
    private static func text(_ reader: inout ByteReader) throws(AutomergeError) -> TextRange {
        let bytes = try reader.lengthPrefixed()
        guard UTF8Check.isValid(bytes) else { throw reader.failure(.malformed, "a string is not UTF-8") }
        return TextRange(bytes)
    }
}

/// A borrowed string of a column.
struct TextRange {
    let start: UnsafeRawPointer?
    let count: Int

    static var absent: TextRange { TextRange(start: nil, count: -1) }

    var isAbsent: Bool { count < 0 }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: max(count, 0)) }

    init(_ bytes: UnsafeRawBufferPointer) { self.init(start: bytes.baseAddress, count: bytes.count) }

    private init(start: UnsafeRawPointer?, count: Int) {
        self.start = start
        self.count = count
    }
}

enum UTF8Check {
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return true }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue: continue
            case .emptyInput: return true
            case .error: return false
            }
        }
    }
}
