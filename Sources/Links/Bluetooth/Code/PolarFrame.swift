/// A frame of Polar's measurement data characteristic, as the maker's specification lays it out: kind, the time of its last
/// sample, and samples one after the other or as differences packed into bits.
struct PolarFrame: Hashable {
    enum Kind: UInt8, CaseIterable {
        case ecg = 0
        case ppg = 1
        case acceleration = 2
        case peakInterval = 3
        case gyroscope = 5
        case magnetometer = 6
    }

    enum Wrong: Error, Hashable, CustomStringConvertible {
        case tooShort
        case unknownKind(UInt8)
        case unknownForm(UInt8)
        case malformedDifferences

        var description: String {
            switch self {
            case .tooShort: "a measurement frame ends too early"
            case .unknownKind(let kind): "a measurement of kind \(kind) is not known"
            case .unknownForm(let form): "frames of form \(form) are not known"
            case .malformedDifferences: "the differences of a measurement frame are malformed"
            }
        }
    }

    static let headerSize = 10
    /// More never fit into the largest message.
    static let mostSamples = 2048

    var kind: Kind
    var form: UInt8
    /// Of the last sample, in the sensor's own nanoseconds.
    var time: UInt64
    /// Values a sample has.
    var width: Int
    /// Sample after sample.
    var values: [Int32]

    var count: Int { values.count / width }

    init(_ bytes: [UInt8]) throws(Wrong) {
        let parsed = bytes.withUnsafeBytes { raw -> Result<PolarFrame, Wrong> in
            do throws(Wrong) { return .success(try PolarFrame(raw)) } catch { return .failure(error) }
        }
        self = try parsed.get()
    }

    private init(_ raw: UnsafeRawBufferPointer) throws(Wrong) {
        guard raw.count >= PolarFrame.headerSize else { throw .tooShort }
        var reader = ByteReader(raw)
        let number = reader.u8()
        guard let kind = Kind(rawValue: number) else { throw .unknownKind(number) }
        self.kind = kind
        time = reader.unsigned(8)
        let form = reader.u8()
        self.form = form
        values = []
        if form & 0x80 != 0 {
            (width, values) = try PolarFrame.differences(kind, form & 0x7F, &reader)
        } else {
            (width, values) = try PolarFrame.plain(kind, form, &reader)
        }
    }

    private static func plain(_ kind: Kind, _ form: UInt8, _ reader: inout ByteReader) throws(Wrong) -> (Int, [Int32]) {
        let sizes: [Int]
        switch (kind, form) {
        case (.ecg, 0): sizes = [3]
        case (.ppg, 0): sizes = [3, 3, 3, 3]
        case (.acceleration, 0): sizes = [1, 1, 1]
        case (.acceleration, 1): sizes = [2, 2, 2]
        case (.acceleration, 2): sizes = [3, 3, 3]
        // Heart rate, interval, its error, flags: the first and the last without sign.
        case (.peakInterval, 0): sizes = [1, 2, 2, 1]
        default: throw .unknownForm(form)
        }
        let isSigned = kind != .peakInterval
        let total = sizes.reduce(0, +)
        guard reader.remaining % total == 0 else { throw .tooShort }
        var values: [Int32] = []
        while reader.remaining > 0 {
            for size in sizes { values.append(number(reader.unsigned(size), bits: size * 8, isSigned)) }
        }
        return (sizes.count, values)
    }

    /// A whole sample first, then blocks of differences, each as wide as its block says.
    private static func differences(
        _ kind: Kind, _ form: UInt8, _ reader: inout ByteReader
    ) throws(Wrong) -> (Int, [Int32]) {
        let (width, size): (Int, Int)
        switch (kind, form) {
        case (.ppg, 0): (width, size) = (4, 3)
        case (.acceleration, 0), (.acceleration, 1), (.gyroscope, 0), (.magnetometer, 0), (.magnetometer, 1):
            (width, size) = (3, 2)
        default: throw .unknownForm(form | 0x80)
        }
        guard reader.remaining >= width * size else { throw .tooShort }
        var last: [Int32] = []
        for _ in 0..<width { last.append(number(reader.unsigned(size), bits: size * 8, true)) }
        var values = last
        while reader.remaining > 0 {
            let bits = Int(reader.u8())
            let count = Int(reader.u8())
            let bytes = (bits * count * width + 7) / 8
            guard !reader.ranOut, bits <= 32, bytes <= reader.remaining, values.count / width + count <= mostSamples
            else { throw .malformedDifferences }
            var packed = BitReader(reader.take(bytes))
            for _ in 0..<count {
                for channel in 0..<width {
                    last[channel] &+= number(packed.next(bits), bits: bits, true)
                    values.append(last[channel])
                }
            }
        }
        return (width, values)
    }

    private static func number(_ raw: UInt64, bits: Int, _ isSigned: Bool) -> Int32 {
        guard isSigned, bits > 0 else { return Int32(truncatingIfNeeded: raw) }
        let shift = UInt64(64 - bits)
        return Int32(truncatingIfNeeded: Int64(bitPattern: raw << shift) >> Int64(shift))
    }
}

/// Takes bits from bytes, the lowest first.
private struct BitReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<count {
            let bit = bytes[position >> 3] >> UInt8(position & 7) & 1
            value |= UInt64(bit) << UInt64(place)
            position += 1
        }
        return value
    }
}
