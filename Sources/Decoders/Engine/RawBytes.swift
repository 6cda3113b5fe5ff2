/// A number as it was read, whole or floating.
enum RawNumber {
    case whole(Int64)
    case floating(Double)
    /// It has no value: not a number, infinite, no decimal digit, beyond what can be held.
    case none
}

/// Reads a number; the caller has checked that the bytes are there.
@inline(__always)
func readRaw(_ type: RawType, _ bytes: UnsafeRawPointer) -> RawNumber {
    @inline(__always) func load<T: FixedWidthInteger>(_: T.Type) -> T { bytes.loadUnaligned(as: T.self) }
    @inline(__always) func byte(_ at: Int) -> Int64 { Int64(bytes.load(fromByteOffset: at, as: UInt8.self)) }
    switch type {
    case .u8: return .whole(byte(0))
    case .i8: return .whole(Int64(load(Int8.self)))
    case .u16le: return .whole(Int64(UInt16(littleEndian: load(UInt16.self))))
    case .u16be: return .whole(Int64(UInt16(bigEndian: load(UInt16.self))))
    case .i16le: return .whole(Int64(Int16(littleEndian: load(Int16.self))))
    case .i16be: return .whole(Int64(Int16(bigEndian: load(Int16.self))))
    case .u24le: return .whole(byte(2) << 16 | byte(1) << 8 | byte(0))
    case .u24be: return .whole(byte(0) << 16 | byte(1) << 8 | byte(2))
    case .i24le: return .whole(((byte(2) << 16 | byte(1) << 8 | byte(0)) << 40) >> 40)
    case .i24be: return .whole(((byte(0) << 16 | byte(1) << 8 | byte(2)) << 40) >> 40)
    case .u32le: return .whole(Int64(UInt32(littleEndian: load(UInt32.self))))
    case .u32be: return .whole(Int64(UInt32(bigEndian: load(UInt32.self))))
    case .i32le: return .whole(Int64(Int32(littleEndian: load(Int32.self))))
    case .i32be: return .whole(Int64(Int32(bigEndian: load(Int32.self))))
    case .u48le: return .whole((0..<6).reduce(0) { $0 | byte($1) << (8 * Int64($1)) })
    case .u48be: return .whole((0..<6).reduce(0) { $0 << 8 | byte($1) })
    case .u64le: return wide(UInt64(littleEndian: load(UInt64.self)))
    case .u64be: return wide(UInt64(bigEndian: load(UInt64.self)))
    case .i64le: return .whole(Int64(littleEndian: load(Int64.self)))
    case .i64be: return .whole(Int64(bigEndian: load(Int64.self)))
    case .f32le: return finite(Double(Float(bitPattern: UInt32(littleEndian: load(UInt32.self)))))
    case .f32be: return finite(Double(Float(bitPattern: UInt32(bigEndian: load(UInt32.self)))))
    case .f64le: return finite(Double(bitPattern: UInt64(littleEndian: load(UInt64.self))))
    case .f64be: return finite(Double(bitPattern: UInt64(bigEndian: load(UInt64.self))))
    case .sfloat: return shortFloat(UInt16(littleEndian: load(UInt16.self)))
    case .medfloat: return longFloat(UInt32(littleEndian: load(UInt32.self)))
    case .bcd8: return decimal(bytes, 1)
    case .bcd16be: return decimal(bytes, 2)
    case .bcd32be: return decimal(bytes, 4)
    }
}

private func wide(_ value: UInt64) -> RawNumber { Int64(exactly: value).map { .whole($0) } ?? .none }

private func finite(_ value: Double) -> RawNumber { value.isFinite ? .floating(value) : .none }

private func decimal(_ bytes: UnsafeRawPointer, _ count: Int) -> RawNumber {
    var value: Int64 = 0
    for index in 0..<count {
        let byte = bytes.load(fromByteOffset: index, as: UInt8.self)
        guard byte >> 4 < 10, byte & 15 < 10 else { return .none }
        value = value * 100 + Int64(byte >> 4) * 10 + Int64(byte & 15)
    }
    return .whole(value)
}

private func shortFloat(_ bits: UInt16) -> RawNumber {
    // NaN, not at this resolution, the two infinities and a reserved value.
    if bits >= 0x07fe && bits <= 0x0802 { return .none }
    let mantissa = Int64(Int16(bitPattern: bits << 4) >> 4)
    let exponent = Int(Int16(bitPattern: bits) >> 12)
    return .floating(PowerOfTen.scaled(mantissa, exponent))
}

private func longFloat(_ bits: UInt32) -> RawNumber {
    let raw = bits & 0xff_ffff
    if raw >= 0x7f_fffe && raw <= 0x80_0002 { return .none }
    let mantissa = Int64(Int32(bitPattern: bits << 8) >> 8)
    let exponent = Int(Int32(bitPattern: bits) >> 24)
    return finite(PowerOfTen.scaled(mantissa, exponent))
}

/// Powers of ten without the mathematics library.
enum PowerOfTen {
    /// 10 to 0…18.
    static func whole(_ exponent: Int) -> Int64 {
        var value: Int64 = 1
        for _ in 0..<exponent { value *= 10 }
        return value
    }

    /// 10 to any whole number; exact up to 22.
    static func double(_ exponent: Int) -> Double {
        var value = 1.0
        for _ in 0..<min(abs(exponent), 400) { value *= 10 }
        return value
    }

    /// Correctly rounded for the mantissas and exponents of sensors: a division by an exact power is.
    static func scaled(_ mantissa: Int64, _ exponent: Int) -> Double {
        exponent < 0 ? Double(mantissa) / double(-exponent) : Double(mantissa) * double(exponent)
    }
}
