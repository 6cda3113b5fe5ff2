/// A column of doubles. Most sensors' doubles are short decimals or steps of a converter: then they are whole numbers at
/// some scale, and are coded as those. Others are coded by their bits, ordered so that near numbers have near bits.
///
/// First byte: 0 bits, 1 decimal, 2 binary; for the latter two a scale byte, then the exceptions, then a column of
/// whole numbers.
enum DoubleColumn {
    enum Form: UInt8 {
        case bits = 0
        /// Number / 10^scale.
        case decimal = 1
        /// Number / 2^scale.
        case binary = 2
    }

    static let mostDecimals = 15
    static let mostBinaryPlaces = 30
    /// Below this every whole number is a double.
    private static let limit = 0x1p53

    static func encode(
        _ values: UnsafeBufferPointer<Double>, into writer: inout ByteWriter
    ) {
        guard !values.isEmpty else { return }
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: values.count) { numbers in
            let start = writer.count
            let isScaled = encodeScaled(values, numbers, into: &writer)
            // Well below the size of the bits there is no need to look at them.
            if isScaled, writer.count - start < values.count * 3 { return }
            var other = ByteWriter(reserving: values.count * 8)
            other.byte(Form.bits.rawValue)
            for (index, value) in values.enumerated() { numbers[index] = ordered(value) }
            IntegerColumn.encode(UnsafeBufferPointer(numbers), into: &other)
            if isScaled, writer.count - start <= other.count { return }
            writer.cut(to: start)
            writer.raw(other.bytes)
        }
    }

    private static func encodeScaled(
        _ values: UnsafeBufferPointer<Double>, _ numbers: UnsafeMutableBufferPointer<Int64>,
        into writer: inout ByteWriter
    ) -> Bool {
        for form in [Form.decimal, .binary] {
            guard let (scale, exceptions) = fit(values, form, numbers) else { continue }
            writer.byte(form.rawValue)
            writer.byte(UInt8(scale))
            writer.varint(exceptions.count)
            var last = 0
            for index in exceptions {
                writer.varint(index - last)
                writer.double(values[index])
                last = index
            }
            IntegerColumn.encode(UnsafeBufferPointer(numbers), into: &writer)
            return true
        }
        return false
    }

    /// The least scale at which all but a few of `values` are whole, their numbers, and which are not.
    private static func fit(
        _ values: UnsafeBufferPointer<Double>, _ form: Form, _ numbers: UnsafeMutableBufferPointer<Int64>
    ) -> (scale: Int, exceptions: [Int])? {
        let most = form == .decimal ? mostDecimals : mostBinaryPlaces
        let allowed = values.count / 16
        var (scale, misses) = (0, 0)
        for value in values {
            var candidate = scale
            while candidate <= most, whole(value, factor(form, candidate)) == nil { candidate += 1 }
            if candidate <= most {
                scale = candidate
            } else {
                misses += 1
                if misses > allowed { return nil }
            }
        }
        var exceptions: [Int] = []
        let factor = factor(form, scale)
        var last: Int64 = 0
        for index in values.indices {
            if let number = whole(values[index], factor) {
                last = number
            } else {
                // Not whole, or whole at a smaller scale only: too great at this one.
                exceptions.append(index)
                if exceptions.count > allowed { return nil }
            }
            numbers[index] = last
        }
        return (scale, exceptions)
    }

    /// `value` as a whole number over `factor`, if that gives back every bit of it.
    @inline(__always)
    private static func whole(_ value: Double, _ factor: Double) -> Int64? {
        let scaled = (value * factor).rounded()
        guard scaled.magnitude < limit, (scaled / factor).bitPattern == value.bitPattern else { return nil }
        // −0 is whole in no way that keeps its sign.
        return scaled == 0 && value.sign == .minus ? nil : Int64(scaled)
    }

    static func factor(_ form: Form, _ scale: Int) -> Double {
        if form == .binary { return Double(sign: .plus, exponent: scale, significand: 1) }
        var factor = 1.0
        for _ in 0..<scale { factor *= 10 }
        return factor
    }

    /// Bits that sort as the numbers do: the magnitude bits of negative ones turned over.
    @inline(__always)
    static func ordered(_ value: Double) -> Int64 {
        let bits = Int64(bitPattern: value.bitPattern)
        return bits ^ (bits &>> 63 & Int64.max)
    }

    /// Its own inverse on the bits.
    @inline(__always)
    static func unordered(_ bits: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: bits ^ (bits &>> 63 & Int64.max)))
    }

    static func decode(_ count: Int, from reader: inout ByteReader) throws(Malformed) -> [Double] {
        guard count > 0 else { return [] }
        let start = reader.offset
        guard let form = Form(rawValue: try reader.byte("doubles")) else {
            throw Malformed("doubles", .unknown, at: start)
        }
        var exceptions: [(index: Int, value: Double)] = []
        var scale = 0
        if form != .bits {
            scale = Int(try reader.byte("scale"))
            guard scale <= (form == .decimal ? mostDecimals : mostBinaryPlaces) else {
                throw Malformed("scale", .tooLarge, at: reader.offset - 1)
            }
            var index = 0
            for _ in 0..<(try reader.count("exceptions", most: count)) {
                index += try reader.count("exception", most: count - 1 - index)
                exceptions.append((index, try reader.double("exception")))
            }
        }
        var numbers = [Int64](repeating: 0, count: count)
        try IntegerColumn.decode(into: &numbers, from: &reader)
        if form == .bits { return numbers.map(unordered) }
        let factor = factor(form, scale)
        var values = numbers.map { Double($0) / factor }
        for (index, value) in exceptions { values[index] = value }
        return values
    }
}
