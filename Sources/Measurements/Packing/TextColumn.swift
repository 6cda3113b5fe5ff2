/// A column of short texts: each different one once, then which it is each time. Texts differ if their bytes do.
enum TextColumn {
    static func encode(_ values: [String], into writer: inout ByteWriter) {
        guard !values.isEmpty else { return }
        var places: [[UInt8]: Int64] = [:]
        var different: [[UInt8]] = []
        let indexes = values.map { value -> Int64 in
            // By its UTF-8: a String equals another that is only canonically the same.
            let bytes = Array(value.utf8)
            if let place = places[bytes] { return place }
            let place = Int64(different.count)
            places[bytes] = place
            different.append(bytes)
            return place
        }
        writer.varint(different.count)
        for bytes in different { writer.block(bytes) }
        indexes.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &writer) }
    }

    static func decode(_ count: Int, from reader: inout ByteReader) throws(Malformed) -> [String] {
        guard count > 0 else { return [] }
        var different: [String] = []
        for _ in 0..<(try reader.count("texts", most: count)) {
            different.append(try reader.text("text", most: Samples.mostTextBytes))
        }
        let start = reader.offset
        var indexes = [Int64](repeating: 0, count: count)
        try IntegerColumn.decode(into: &indexes, from: &reader)
        var values: [String] = []
        values.reserveCapacity(count)
        for index in indexes {
            guard index >= 0, index < different.count else { throw Malformed("text index", .inconsistent, at: start) }
            values.append(different[Int(index)])
        }
        return values
    }
}
