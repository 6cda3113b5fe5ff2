/// A column of booleans: how long the runs are, or a bit each, whichever is shorter.
///
/// First byte: bit 0 the first value, bit 1 set where a bit each follows. Else the number of changes, and the length
/// less one of each run but the last.
enum BooleanColumn {
    private static let bitmap: UInt8 = 2

    static func encode(_ values: [Bool], into writer: inout ByteWriter) {
        guard let first = values.first else { return }
        var runs = ByteWriter()
        var (changes, length) = (0, 0)
        for index in values.indices.dropFirst() {
            if values[index] == values[index - 1] {
                length += 1
            } else {
                runs.varint(length)
                (changes, length) = (changes + 1, 0)
            }
        }
        if runs.count <= (values.count + 7) / 8 {
            writer.byte(first ? 1 : 0)
            writer.varint(changes)
            writer.raw(runs.bytes)
        } else {
            writer.byte(bitmap | (first ? 1 : 0))
            writer.packed(values.map { $0 ? 1 : 0 }, width: 1)
        }
    }

    static func decode(_ count: Int, from reader: inout ByteReader) throws(Malformed) -> [Bool] {
        guard count > 0 else { return [] }
        let start = reader.offset
        let byte = try reader.byte("booleans")
        guard byte < 4 else { throw Malformed("booleans", .unknown, at: start) }
        if byte & bitmap != 0 { return try reader.packed(count, width: 1, "booleans").map { $0 == 1 } }
        var value = byte & 1 == 1
        var values: [Bool] = []
        values.reserveCapacity(count)
        for _ in 0..<(try reader.count("changes", most: count - 1)) {
            let length = try reader.count("run", most: count) + 1
            guard length < count - values.count else { throw Malformed("run", .inconsistent, at: reader.offset) }
            values.append(contentsOf: repeatElement(value, count: length))
            value.toggle()
        }
        values.append(contentsOf: repeatElement(value, count: count - values.count))
        return values
    }
}
