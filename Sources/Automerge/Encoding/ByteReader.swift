/// Reads the numbers of the format from borrowed bytes; every read is checked against the end.
struct ByteReader {
    let base: UnsafePointer<UInt8>
    /// Where `base` lies in what the caller handed in, so that errors name the caller's position.
    let origin: Int
    let count: Int
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer, origin: Int = 0) {
        base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? ByteReader.nothing
        count = bytes.count
        self.origin = origin
    }

    /// What an empty buffer points to; never read.
    private static var nothing: UnsafePointer<UInt8> { UnsafePointer(bitPattern: 1)! }

    var isAtEnd: Bool { position == count }
    var remaining: Int { count - position }
    /// The position in what the caller handed in.
    var offset: Int { origin + position }

    @inline(never)
    func failure(_ code: AutomergeError.Code, _ detail: String) -> AutomergeError {
        AutomergeError(code, detail, at: offset)
    }

    mutating func byte() throws(AutomergeError) -> UInt8 {
        guard position < count else { throw failure(.truncated, "the bytes end early") }
        let value = base[position]
        position += 1
        return value
    }

    @inline(__always)
    mutating func uleb() throws(AutomergeError) -> UInt64 {
        if position < count {
            let first = base[position]
            if first < 0x80 {
                position += 1
                return UInt64(first)
            }
        }
        return try longULEB()
    }

    private mutating func longULEB() throws(AutomergeError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || next <= 1 else { throw failure(.malformed, "a number has more than 64 bits") }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 {
                guard next != 0 || shift == 0 else { throw failure(.malformed, "a number is not in its shortest form") }
                return value
            }
            shift += 7
        }
    }

    @inline(__always)
    mutating func leb() throws(AutomergeError) -> Int64 {
        if position < count {
            let first = base[position]
            if first < 0x80 {
                position += 1
                return Int64(Int8(bitPattern: first << 1) >> 1)
            }
        }
        return try longLEB()
    }

    private mutating func longLEB() throws(AutomergeError) -> Int64 {
        var value: Int64 = 0
        var shift: Int64 = 0
        var previous: UInt8 = 0
        while true {
            let next = try byte()
            if shift == 63, next != 0, next != 0x7f { throw failure(.malformed, "a number has more than 64 bits") }
            value |= Int64(next & 0x7f) << shift
            shift += 7
            guard next >= 0x80 else {
                let sign = next & 0x40
                if shift < 64, sign != 0 { value |= -1 << shift }
                // The last byte must say more than the sign that the byte before already had.
                if shift > 7, (next == 0 && previous & 0x40 == 0) || (next == 0x7f && previous & 0x40 != 0) {
                    throw failure(.malformed, "a number is not in its shortest form")
                }
                return value
            }
            previous = next
        }
    }

    /// A length or count that must not pass `limit`.
    mutating func length(_ what: StaticString, limit: Int) throws(AutomergeError) -> Int {
        let start = offset
        let value = try uleb()
        guard value <= UInt64(limit) else {
            throw AutomergeError(.tooLarge, "\(what): \(value) is more than the limit of \(limit)", at: start)
        }
        return Int(value)
    }

    /// A length of bytes that must be here.
    mutating func take(_ length: Int) throws(AutomergeError) -> UnsafeRawBufferPointer {
        guard length <= remaining else { throw failure(.truncated, "\(length) bytes announced, \(remaining) left") }
        defer { position += length }
        return UnsafeRawBufferPointer(start: base + position, count: length)
    }

    /// Bytes behind their length.
    mutating func lengthPrefixed() throws(AutomergeError) -> UnsafeRawBufferPointer {
        try take(length("a length", limit: count))
    }

    /// A reader of the next `length` bytes.
    mutating func slice(_ length: Int) throws(AutomergeError) -> ByteReader {
        let start = offset
        return ByteReader(try take(length), origin: start)
    }
}

extension [UInt8] {
    /// As `withUnsafeBytes`, which in Swift 6.0 does not know typed errors.
    func read<Value>(
        _ body: (UnsafeRawBufferPointer) throws(AutomergeError) -> Value
    ) throws(AutomergeError) -> Value {
        let result: Result<Value, AutomergeError> = withUnsafeBytes { bytes in
            do throws(AutomergeError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw error
        }
    }
}
