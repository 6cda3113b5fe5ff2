import CIroh

/// Values as the library wants them: numbers high byte first, lengths as 32 bits, options behind a tag byte.
struct IrohWriter {
    private(set) var bytes: [UInt8] = []

    mutating func integer<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func string(_ text: String) { blob(Array(text.utf8)) }

    mutating func blob(_ data: some Collection<UInt8>) {
        integer(Int32(data.count))
        bytes.append(contentsOf: data)
    }

    mutating func option<Value>(_ value: Value?, _ write: (inout IrohWriter, Value) -> Void) {
        bytes.append(value == nil ? 0 : 1)
        if let value { write(&self, value) }
    }

    mutating func list<Value>(_ values: [Value], _ write: (inout IrohWriter, Value) -> Void) {
        integer(Int32(values.count))
        for value in values { write(&self, value) }
    }
}

/// Values as the library gives them. What does not read is nil: the library is not this one, and the caller fails.
struct IrohReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) -> Integer? {
        let size = Integer.bitWidth / 8
        guard bytes.count - at >= size else { return nil }
        defer { at += size }
        return bytes[at..<at + size].reduce(Integer.zero) {
            Integer(truncatingIfNeeded: UInt64(truncatingIfNeeded: $0) << 8 | UInt64($1))
        }
    }

    mutating func flag() -> Bool? { integer(UInt8.self).map { $0 != 0 } }

    mutating func string() -> String? {
        guard let count = integer(Int32.self), count >= 0, bytes.count - at >= Int(count) else { return nil }
        defer { at += Int(count) }
        return String(decoding: bytes[at..<at + Int(count)], as: UTF8.self)
    }

    mutating func option<Value>(_ read: (inout IrohReader) -> Value?) -> Value?? {
        guard let tag = integer(UInt8.self) else { return nil }
        if tag == 0 { return .some(nil) }
        guard let value = read(&self) else { return nil }
        return .some(value)
    }

    mutating func list<Value>(_ read: (inout IrohReader) -> Value?) -> [Value]? {
        guard let count = integer(Int32.self), count >= 0 else { return nil }
        var values: [Value] = []
        for _ in 0..<count {
            guard let value = read(&self) else { return nil }
            values.append(value)
        }
        return values
    }
}

extension IrohLibrary {
    /// Hands bytes over: the buffer is the library's from here on.
    func buffer(_ bytes: UnsafeRawBufferPointer, after prefix: [UInt8] = []) -> bothy_iroh_buffer {
        var status = bothy_iroh_status()
        var buffer = api.buffer_alloc(UInt64(prefix.count + bytes.count), &status)
        guard status.code == BOTHY_IROH_OK, let data = buffer.data else { return bothy_iroh_buffer() }
        data.update(from: prefix, count: prefix.count)
        if let source = bytes.baseAddress {
            (data + prefix.count).update(from: source.assumingMemoryBound(to: UInt8.self), count: bytes.count)
        }
        buffer.length = UInt64(prefix.count + bytes.count)
        return buffer
    }

    func buffer(_ write: (inout IrohWriter) -> Void) -> bothy_iroh_buffer {
        var writer = IrohWriter()
        write(&writer)
        return writer.bytes.withUnsafeBytes { buffer($0) }
    }

    /// A text on its own is passed without a length.
    func text(_ string: String) -> bothy_iroh_buffer { Array(string.utf8).withUnsafeBytes { buffer($0) } }

    /// Bytes as a list of bytes, in one copy.
    func blob(_ bytes: UnsafeRawBufferPointer) -> bothy_iroh_buffer {
        buffer(bytes, after: withUnsafeBytes(of: Int32(bytes.count).bigEndian) { Array($0) })
    }

    /// What is in a buffer of the library, from `skipping` on; the buffer is given back.
    func take(_ buffer: bothy_iroh_buffer, skipping: Int = 0) -> [UInt8] {
        let count = Int(buffer.length)
        let bytes = buffer.data.map { data in
            Array(UnsafeBufferPointer(start: data + min(skipping, count), count: max(0, count - skipping)))
        }
        var status = bothy_iroh_status()
        api.buffer_free(buffer, &status)
        return bytes ?? []
    }
}
