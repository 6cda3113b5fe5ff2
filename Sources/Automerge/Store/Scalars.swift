extension Store {
    /// The value that an operation sets; a counter's with its increments.
    func scalar(_ row: UInt32) -> ScalarValue {
        let operation = operations[Int(row)]
        let value = withValueBytes(row) { Scalars.decode(type: operation.valueType, $0) }
        if case .counter(let start) = value { return .counter(start &+ (counterSums[row] ?? 0)) }
        return value
    }

    /// Keeps a value; the result are an operation's `valueMeta` and `valueBits`.
    mutating func keep(_ value: ScalarValue) throws(AutomergeError) -> (meta: UInt32, bits: UInt32) {
        var writer = ByteWriter(capacity: 16)
        let type = Scalars.encode(value, to: &writer)
        try checkRoom(for: writer.count)
        return (UInt32(writer.count) << 4 | type, keep(writer.bytes))
    }

    @inline(__always)
    func checkRoom(for length: Int) throws(AutomergeError) {
        guard values.count + length <= limits.valueBytes else {
            throw AutomergeError(.tooLarge, "the values pass the limit of \(limits.valueBytes) bytes")
        }
    }
}

/// The values of the format, one by one.
enum Scalars {
    static func encode(_ value: ScalarValue, to writer: inout ByteWriter) -> UInt32 {
        switch value {
        case .null: return ValueType.null
        case .boolean(let value): return value ? ValueType.yes : ValueType.no
        case .uint(let value):
            writer.uleb(value)
            return ValueType.uint
        case .int(let value):
            writer.leb(value)
            return ValueType.int
        case .double(let value):
            for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
                writer.byte(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
            }
            return ValueType.double
        case .string(var value):
            value.withUTF8 { writer.append(UnsafeRawBufferPointer($0)) }
            return ValueType.string
        case .bytes(let value):
            writer.append(value)
            return ValueType.bytes
        case .counter(let value):
            writer.leb(value)
            return ValueType.counter
        case .timestamp(let value):
            writer.leb(value)
            return ValueType.timestamp
        case .unknown(let type, let bytes):
            writer.append(bytes)
            return UInt32(type & 15)
        }
    }

    /// Bytes that `check` found good.
    static func decode(type: UInt32, _ bytes: UnsafeRawBufferPointer) -> ScalarValue {
        var reader = ByteReader(bytes)
        switch type {
        case ValueType.null: return .null
        case ValueType.no: return .boolean(false)
        case ValueType.yes: return .boolean(true)
        case ValueType.uint: return .uint((try? reader.uleb()) ?? 0)
        case ValueType.int: return .int((try? reader.leb()) ?? 0)
        case ValueType.counter: return .counter((try? reader.leb()) ?? 0)
        case ValueType.timestamp: return .timestamp((try? reader.leb()) ?? 0)
        case ValueType.double:
            guard bytes.count == 8 else { return .null }
            return .double(Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))))
        case ValueType.string: return .string(String(decoding: bytes, as: UTF8.self))
        case ValueType.bytes: return .bytes(Array(bytes))
        default: return .unknown(type: UInt8(type), bytes: Array(bytes))
        }
    }

    /// Whether the bytes are a value of the type.
    static func check(type: UInt32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(AutomergeError) {
        var reader = ByteReader(bytes, origin: offset)
        switch type {
        case ValueType.null, ValueType.no, ValueType.yes: break
        case ValueType.uint: _ = try reader.uleb()
        case ValueType.int, ValueType.counter, ValueType.timestamp: _ = try reader.leb()
        case ValueType.double: _ = try reader.take(8)
        case ValueType.string:
            guard UTF8Check.isValid(bytes) else { throw reader.failure(.malformed, "a string is not UTF-8") }
            return
        default: return
        }
        guard reader.isAtEnd else { throw reader.failure(.malformed, "a value is longer than its type") }
    }
}
