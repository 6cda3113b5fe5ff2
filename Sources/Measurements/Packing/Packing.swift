/// Samples as few bytes, losslessly; what is packed says its own kind, width and count.
public enum Packing {
    public static func pack(_ samples: Samples) -> [UInt8] {
        var writer = ByteWriter(reserving: 16 + samples.count * 4)
        writer.byte(0)
        writer.byte(samples.kind.tag)
        if case .integer(let scale) = samples.kind { writer.byte(UInt8(bitPattern: scale)) }
        writer.varint(samples.width)
        writer.varint(samples.count)
        var last: Int64 = 0
        for time in samples.times {
            writer.signed(time &- last)
            last = time
        }
        for value in samples.integers { writer.signed(value) }
        for value in samples.doubles { writer.double(value) }
        for value in samples.booleans { writer.boolean(value) }
        for value in samples.texts { writer.text(value) }
        return writer.bytes
    }

    /// At most `mostSamples` samples, or what is wrong with the bytes.
    public static func unpack(_ bytes: [UInt8], mostSamples: Int) throws(Malformed) -> Samples {
        var reader = ByteReader(bytes)
        guard try reader.byte("packing") == 0 else { throw Malformed("packing", .unknown, at: 0) }
        let kind = try ValueKind.decode(from: &reader)
        let width = try reader.count("width", most: AttributeDeclaration.mostComponents)
        guard width > 0 else { throw Malformed("width", .inconsistent, at: reader.offset) }
        let count = try reader.count("count", most: mostSamples)
        var samples = Samples(kind: kind, width: width)
        var last: Int64 = 0
        for _ in 0..<count {
            last &+= try reader.signed("time")
            samples.times.append(last)
        }
        for _ in 0..<count * width {
            switch kind {
            case .integer: samples.integers.append(try reader.signed("integer"))
            case .double: samples.doubles.append(try reader.double("double"))
            case .boolean: samples.booleans.append(try reader.boolean("boolean"))
            case .text: samples.texts.append(try reader.text("text", most: Samples.mostTextBytes))
            }
        }
        try reader.finish("packing")
        return samples
    }
}
