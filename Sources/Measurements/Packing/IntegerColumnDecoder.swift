extension IntegerColumn {
    /// Fills `out`; the caller has bounded its count. Total: whatever the bytes are, numbers or a named error.
    static func decode(
        into out: UnsafeMutableBufferPointer<Int64>, from reader: inout ByteReader, mayRepeat: Bool = true
    ) throws(Malformed) {
        guard !out.isEmpty else { return }
        let start = reader.offset
        let byte = try reader.byte("column")
        guard let way = Way(code: byte / Rice.codes) else { throw Malformed("column", .unknown, at: start) }
        switch way {
        case .constant:
            out.update(repeating: try reader.signed("constant"))
        case .raw:
            for index in out.indices { out[index] = try reader.fixed(Int64.self, "raw number") }
        case .runs(let ofSteps):
            guard mayRepeat else { throw Malformed("column", .inconsistent, at: start) }
            try decodeRuns(ofSteps: ofSteps, into: out, from: &reader)
        case .stepped:
            let step = Int64(truncatingIfNeeded: try reader.varint("step")) &+ 2
            let byte = try reader.byte("stepped column")
            guard let way = Way(code: byte / Rice.codes) else { throw Malformed("column", .unknown, at: start) }
            try decodeDense(way, code: byte % Rice.codes, step: step, into: out, from: &reader)
        case .differences, .predicted, .line:
            try decodeDense(way, code: byte % Rice.codes, step: 1, into: out, from: &reader)
        }
    }

    private static func decodeRuns(
        ofSteps: Bool, into whole: UnsafeMutableBufferPointer<Int64>, from reader: inout ByteReader
    ) throws(Malformed) {
        let start = reader.offset
        var out = whole
        if ofSteps {
            whole[0] = try reader.signed("runs' base")
            out = UnsafeMutableBufferPointer(rebasing: whole[1...])
        }
        let count = try reader.count("runs", most: out.count)
        var numbers = [Int64](repeating: 0, count: count)
        var lengths = numbers
        try decode(into: &numbers, from: &reader, mayRepeat: false)
        try decode(into: &lengths, from: &reader, mayRepeat: false)
        var at = 0
        for (number, length) in zip(numbers, lengths) {
            guard length >= 0, length < out.count - at else { throw Malformed("runs", .inconsistent, at: start) }
            for _ in 0...length {
                out[at] = number
                at += 1
            }
        }
        guard at == out.count else { throw Malformed("runs", .inconsistent, at: start) }
        if ofSteps { for index in whole.indices.dropFirst() { whole[index] &+= whole[index - 1] } }
    }

    static func decode(
        into numbers: inout [Int64], from reader: inout ByteReader, mayRepeat: Bool = true
    ) throws(Malformed) {
        // The closure cannot name its error's type for every compiler this builds with, so the error comes out as a value.
        var failure: Malformed?
        var inner = reader
        numbers.withUnsafeMutableBufferPointer { buffer in
            do throws(Malformed) {
                try decode(into: buffer, from: &inner, mayRepeat: mayRepeat)
            } catch { failure = error }
        }
        reader = inner
        if let failure { throw failure }
    }

    private static func decodeDense(
        _ way: Way, code: UInt8, step: Int64, into out: UnsafeMutableBufferPointer<Int64>,
        from reader: inout ByteReader
    ) throws(Malformed) {
        let base = try reader.signed("base")
        let rest = UnsafeMutableBufferPointer(rebasing: out[1...])
        switch way {
        case .differences(0):
            let center = try reader.signed("center")
            try Rice.decode(into: out, code: code, from: &reader)
            for index in out.indices { out[index] &+= center }
        case .differences(let order):
            try Rice.decode(into: rest, code: code, from: &reader)
            out[0] = 0
            sum(out, order)
        case .predicted(let order):
            let prediction = try LinearPrediction.decode(order: order, from: &reader)
            try Rice.decode(into: rest, code: code, from: &reader)
            out[0] = 0
            prediction.restore(out)
        case .line:
            let line = try Line.decode(from: &reader)
            try Rice.decode(into: out, code: code, from: &reader)
            line.restore(out)
        default: throw Malformed("column", .inconsistent, at: reader.offset)
        }
        if step == 1 {
            for index in out.indices { out[index] &+= base }
        } else {
            for index in out.indices { out[index] = out[index] &* step &+ base }
        }
    }

    /// Undoes differences of `order` 1 to 3; the first number is 0.
    private static func sum(_ out: UnsafeMutableBufferPointer<Int64>, _ order: Int) {
        var (value, first, second): (Int64, Int64, Int64) = (0, 0, 0)
        switch order {
        case 1:
            for index in out.indices {
                value &+= out[index]
                out[index] = value
            }
        case 2:
            for index in out.indices {
                first &+= out[index]
                value &+= first
                out[index] = value
            }
        default:
            for index in out.indices {
                second &+= out[index]
                first &+= second
                value &+= first
                out[index] = value
            }
        }
    }
}
