import Measurements

/// Reads SML files (IEC 62056-5-3-8 by name, BSI TR-03109-1 by text): the values of GetListResponse messages.
public struct SMLDecoder: Sendable {
    public static var attributes: [AttributeDeclaration] { MeterTable.sml.attributes }

    static let getListResponse: Int64 = 0x701

    public init() {}

    /// Decodes the messages as the framer gives them. What is not of the form refuses all of it.
    public func decode(_ file: UnsafeRawBufferPointer, at time: BootTime, into readings: inout Readings) -> Bool {
        let before = readings.entries.count
        var reader = SMLReader(bytes: file)
        while !reader.isAtEnd {
            // Zeros between messages are fill bytes.
            if reader.skipFill() { continue }
            guard message(&reader, time, &readings) else {
                readings.entries.removeLast(readings.entries.count - before)
                return false
            }
        }
        return true
    }

    private func message(_ reader: inout SMLReader, _ time: BootTime, _ readings: inout Readings) -> Bool {
        guard reader.list() == 6, reader.skip(), reader.skip(), reader.skip(), reader.list() == 2,
            case .number(let tag)? = reader.scalar()
        else { return false }
        if tag == Self.getListResponse {
            guard response(&reader, time, &readings) else { return false }
        } else {
            guard reader.skip() else { return false }
        }
        // The message's own CRC (the transport's covers all), then its end.
        return reader.skip() && reader.end()
    }

    private func response(_ reader: inout SMLReader, _ time: BootTime, _ readings: inout Readings) -> Bool {
        guard reader.list() == 7, reader.skip(), reader.skip(), reader.skip(), reader.skip(),
            let entries = reader.list()
        else { return false }
        for _ in 0..<entries { guard entry(&reader, time, &readings) else { return false } }
        return reader.skip() && reader.skip()
    }

    private func entry(_ reader: inout SMLReader, _ time: BootTime, _ readings: inout Readings) -> Bool {
        guard reader.list() == 7, case .text(let name)? = reader.scalar(), reader.skip(), reader.skip() else {
            return false
        }
        let unit = reader.scalar()
        let scaler = reader.scalar()
        guard let value = reader.scalarOrSkipped(), reader.skip(), unit != nil, scaler != nil else { return false }
        // A-B:C.D.E*F; A 1 is electricity.
        guard name.count == 6, name[0] == 1, let place = MeterTable.sml.attribute(name[2], name[3], name[4]),
            case .number(let mantissa) = value
        else { return true }
        var decimal = Decimal(mantissa: mantissa, exponent: 0)
        if case .number(let power)? = scaler { decimal.exponent = Int(clamping: power) }
        let declaration = MeterTable.sml.attributes[place]
        guard case .number(let code)? = unit, let shift = Self.shift(code, to: declaration.unit),
            abs(decimal.exponent) <= 18
        else { return true }
        decimal.exponent += shift
        guard case .integer(let scale) = declaration.kind, let scaled = decimal.rounded(at: Int(scale)),
            declaration.range?.contains(decimal.double) ?? true
        else { return true }
        readings.append(attribute: UInt16(place), time: time, .integer(scaled))
        return true
    }

    /// DLMS unit codes: 27 W, 30 Wh, 33 A, 35 V, 44 Hz.
    private static func shift(_ code: Int64, to unit: String) -> Int? {
        switch (code, unit) {
        case (30, "kWh"): -3
        case (27, "W"), (33, "A"), (35, "V"), (44, "Hz"): 0
        default: nil
        }
    }
}

/// Walks through the tree of SML's tagged values.
struct SMLReader {
    enum Scalar {
        case number(Int64)
        case text(UnsafeRawBufferPointer)
        case flag(Bool)
        /// An optional value that is not there.
        case none
        /// A whole number beyond what can be held.
        case tooLarge
    }

    let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { at >= bytes.count }

    mutating func skipFill() -> Bool {
        guard at < bytes.count, bytes[at] == 0 else { return false }
        at += 1
        return true
    }

    mutating func end() -> Bool { skipFill() }

    /// Type and length of the next value; the length of what is no list counts its own tag bytes.
    private mutating func tag() -> (type: UInt8, count: Int)? {
        guard at < bytes.count else { return nil }
        let start = at
        let type = bytes[at] >> 4 & 7
        var count = Int(bytes[at] & 15)
        while bytes[at] & 0x80 != 0 {
            at += 1
            guard at < bytes.count, at - start < 4 else { return nil }
            count = count << 4 | Int(bytes[at] & 15)
        }
        at += 1
        if type == 7 { return (type, count) }
        let body = count - (at - start)
        guard body >= 0, at + body <= bytes.count else { return nil }
        return (type, body)
    }

    /// Entries of a list; nil for anything else.
    mutating func list() -> Int? {
        guard let (type, count) = tag(), type == 7, count <= bytes.count - at else { return nil }
        return count
    }

    /// Nil for a list or something malformed.
    mutating func scalar() -> Scalar? {
        guard let (type, count) = tag(), type != 7 else { return nil }
        defer { at += count }
        let raw = UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
        switch type {
        case 0: return count == 0 ? Scalar.none : .text(raw)
        case 4: return count == 1 ? .flag(raw[0] != 0) : nil
        case 5, 6:
            guard (1...8).contains(count) else { return nil }
            var value: UInt64 = type == 5 && raw[0] & 0x80 != 0 ? .max : 0
            for byte in raw { value = value << 8 | UInt64(byte) }
            if type == 6, value > UInt64(Int64.max) { return .tooLarge }
            return .number(Int64(bitPattern: value))
        default: return nil
        }
    }

    /// A value that may be a list, which is passed over.
    mutating func scalarOrSkipped() -> Scalar? {
        guard at < bytes.count else { return nil }
        if bytes[at] >> 4 & 7 == 7 { return skip() ? Scalar.none : nil }
        return scalar()
    }

    /// Passes over a value with all below it.
    mutating func skip() -> Bool {
        var pending = 1
        while pending > 0 {
            guard let (type, count) = tag() else { return false }
            pending -= 1
            if type == 7 {
                guard count <= bytes.count - at else { return false }
                pending += count
            } else {
                at += count
            }
        }
        return true
    }
}
