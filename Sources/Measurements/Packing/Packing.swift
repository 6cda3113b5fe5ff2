/// Samples as few bytes, losslessly; what is packed says its own kind, scale, width and count.
///
/// First byte: bits 0–1 the kind's tag less one, bit 2 set where a width follows, bit 3 set where the times step evenly,
/// bits 4–6 the places after the point (7: a scale byte follows), bit 7 zero.
public enum Packing {
    private static let wide: UInt8 = 0x04
    private static let even: UInt8 = 0x08
    private static let scaleShift: UInt8 = 4
    private static let explicitScale: UInt8 = 7

    public static func pack(_ samples: Samples) -> [UInt8] {
        var writer = ByteWriter(reserving: 64 + samples.count * samples.width)
        let isEven = samples.times.stepEvenly
        writeHead(samples, isEven: isEven, into: &writer)
        if isEven {
            if let first = samples.times.first { writer.varint(UInt64(bitPattern: first)) }
            if samples.count > 1 { writeStep(samples.times[1] &- samples.times[0], into: &writer) }
        } else {
            samples.times.withUnsafeBufferPointer { IntegerColumn.encode($0, .times, into: &writer) }
        }
        for component in 0..<samples.width { writeColumn(samples, component, into: &writer) }
        return writer.bytes
    }

    /// Most rates are round: trailing zeros go in threes.
    private static func writeStep(_ step: BootTime, into writer: inout ByteWriter) {
        var (rest, threes): (Int64, UInt64) = (step, 0)
        while threes < 3, rest % 1_000 == 0 { (rest, threes) = (rest / 1_000, threes + 1) }
        writer.varint(IntegerColumn.zigzag(rest) << 2 | threes)
    }

    private static func readStep(from reader: inout ByteReader) throws(Malformed) -> BootTime {
        let number = try reader.varint("time step")
        var step = Int64(bitPattern: number >> 3) ^ -Int64(bitPattern: number >> 2 & 1)
        for _ in 0..<number & 3 { step &*= 1_000 }
        return step
    }

    private static func writeHead(_ samples: Samples, isEven: Bool, into writer: inout ByteWriter) {
        var head = (samples.kind.tag - 1) | (samples.width > 1 ? wide : 0) | (isEven ? even : 0)
        var scale: Int8 = 0
        if case .integer(let declared) = samples.kind { scale = declared }
        let isShort = (-6...0).contains(scale)
        head |= (isShort ? UInt8(-scale) : explicitScale) << scaleShift
        writer.byte(head)
        if !isShort { writer.byte(UInt8(bitPattern: scale)) }
        if samples.width > 1 { writer.varint(samples.width) }
        writer.varint(samples.count)
    }

    private static func writeColumn(_ samples: Samples, _ component: Int, into writer: inout ByteWriter) {
        let width = samples.width
        switch samples.kind {
        case .integer:
            samples.integers.part(component, of: width).withUnsafeBufferPointer {
                IntegerColumn.encode($0, into: &writer)
            }
        case .double:
            samples.doubles.part(component, of: width).withUnsafeBufferPointer {
                DoubleColumn.encode($0, into: &writer)
            }
        case .boolean: BooleanColumn.encode(samples.booleans.part(component, of: width), into: &writer)
        case .text: TextColumn.encode(samples.texts.part(component, of: width), into: &writer)
        }
    }

    /// At most `mostSamples` samples, or what is wrong with the bytes.
    public static func unpack(_ bytes: [UInt8], mostSamples: Int = Block.mostSamples) throws(Malformed) -> Samples {
        var reader = ByteReader(bytes)
        let head = try reader.byte("packing")
        guard head & 0x80 == 0 else { throw Malformed("packing", .unknown, at: 0) }
        var scale = -Int8(head >> scaleShift)
        if scale == -Int8(explicitScale) { scale = Int8(bitPattern: try reader.byte("scale")) }
        let kind: ValueKind =
            switch head & 3 {
            case 0: .integer(scale: scale)
            case 1: .double
            case 2: .boolean
            default: .text
            }
        var width = 1
        if head & wide != 0 {
            width = try reader.count("width", most: AttributeDeclaration.mostComponents)
            guard width > 1 else { throw Malformed("width", .notCanonical, at: reader.offset - 1) }
        }
        let count = try reader.count("count", most: mostSamples)
        var samples = Samples(kind: kind, width: width)
        samples.times = try readTimes(count, isEven: head & even != 0, from: &reader)
        try readColumns(count, into: &samples, from: &reader)
        try reader.finish("packing")
        return samples
    }

    private static func readTimes(
        _ count: Int, isEven: Bool, from reader: inout ByteReader
    ) throws(Malformed) -> [BootTime] {
        guard isEven, count > 0 else {
            var times = [BootTime](repeating: 0, count: count)
            try IntegerColumn.decode(into: &times, from: &reader)
            return times
        }
        var time = BootTime(bitPattern: try reader.varint("first time"))
        let step = count > 1 ? try readStep(from: &reader) : 0
        return [BootTime](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in 0..<count {
                buffer.initializeElement(at: index, to: time)
                time &+= step
            }
            filled = count
        }
    }

    private static func readColumns(
        _ count: Int, into samples: inout Samples, from reader: inout ByteReader
    ) throws(Malformed) {
        let width = samples.width
        for component in 0..<width {
            switch samples.kind {
            case .integer:
                var column = [Int64](repeating: 0, count: count)
                try IntegerColumn.decode(into: &column, from: &reader)
                samples.integers.setPart(component, of: width, column)
            case .double:
                samples.doubles.setPart(component, of: width, try DoubleColumn.decode(count, from: &reader))
            case .boolean:
                samples.booleans.setPart(component, of: width, try BooleanColumn.decode(count, from: &reader))
            case .text:
                samples.texts.setPart(component, of: width, try TextColumn.decode(count, from: &reader))
            }
        }
    }
}

extension [BootTime] {
    /// Whether each is as far from the one before as the second is from the first, and not too far to be written so.
    fileprivate var stepEvenly: Bool {
        guard count > 1 else { return true }
        guard (self[1] &- self[0]).magnitude < 1 << 60 else { return false }
        return withUnsafeBufferPointer { times in
            let step = times[1] &- times[0]
            for index in 2..<times.count where times[index] &- times[index &- 1] != step { return false }
            return true
        }
    }
}

extension Array {
    /// Every `width`th element from `component` on.
    fileprivate func part(_ component: Int, of width: Int) -> [Element] {
        if width == 1 { return self }
        return stride(from: component, to: count, by: width).map { self[$0] }
    }

    /// The reverse of `part`; components come in order.
    fileprivate mutating func setPart(_ component: Int, of width: Int, _ column: [Element]) {
        if width == 1 {
            self = column
            return
        }
        if component == 0, let first = column.first { self = Array(repeating: first, count: column.count * width) }
        for (index, value) in column.enumerated() { self[index * width + component] = value }
    }
}
