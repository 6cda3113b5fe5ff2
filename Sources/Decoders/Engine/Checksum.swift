/// A cyclic redundancy check by its usual parameters (as in the catalogue of CRC algorithms), by table.
public struct CRC: Sendable, Hashable {
    public let width: Int
    private let initial: UInt32
    private let reflected: Bool
    private let finalXor: UInt32
    private let table: [UInt32]

    /// `polynomial` is written most significant bit first; input and output are reflected together.
    public init(width: Int, polynomial: UInt32, initial: UInt32, reflected: Bool, finalXor: UInt32) {
        precondition(width == 8 || width == 16 || width == 32, "a CRC of 8, 16 or 32 bits")
        self.width = width
        self.reflected = reflected
        self.finalXor = finalXor
        let top: UInt32 = 1 << UInt32(width - 1)
        let mask: UInt32 = width == 32 ? .max : (1 << UInt32(width)) - 1
        func reverse(_ value: UInt32) -> UInt32 {
            (0..<width).reduce(0) { $0 | ((value >> UInt32($1)) & 1) << UInt32(width - 1 - $1) }
        }
        self.initial = reflected ? reverse(initial) : initial
        table = (0..<256).map { index -> UInt32 in
            if reflected {
                let back = reverse(polynomial)
                return (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ back : value >> 1 }
            }
            return (0..<8).reduce(UInt32(index) << UInt32(width - 8)) { value, _ in
                (value & top != 0 ? value << 1 ^ polynomial : value << 1) & mask
            }
        }
    }

    public func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var value = initial
        table.withUnsafeBufferPointer { table in
            if reflected {
                for byte in bytes { value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xff)] }
            } else {
                let shift = UInt32(width - 8)
                for byte in bytes { value = value << 8 ^ table[Int((value >> shift ^ UInt32(byte)) & 0xff)] }
            }
        }
        return (value ^ finalXor) & (width == 32 ? .max : (1 << UInt32(width)) - 1)
    }

    public func of(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { of($0) } }

    public static let modbus = CRC(width: 16, polynomial: 0x8005, initial: 0xffff, reflected: true, finalXor: 0)
    public static let arc = CRC(width: 16, polynomial: 0x8005, initial: 0, reflected: true, finalXor: 0)
    public static let x25 = CRC(width: 16, polynomial: 0x1021, initial: 0xffff, reflected: true, finalXor: 0xffff)
    public static let kermit = CRC(width: 16, polynomial: 0x1021, initial: 0, reflected: true, finalXor: 0)
    public static let ccitt = CRC(width: 16, polynomial: 0x1021, initial: 0xffff, reflected: false, finalXor: 0)
    public static let xmodem = CRC(width: 16, polynomial: 0x1021, initial: 0, reflected: false, finalXor: 0)
    public static let crc8 = CRC(width: 8, polynomial: 0x07, initial: 0, reflected: false, finalXor: 0)
    public static let maxim = CRC(width: 8, polynomial: 0x31, initial: 0, reflected: true, finalXor: 0)
    public static let sensirion = CRC(width: 8, polynomial: 0x31, initial: 0xff, reflected: false, finalXor: 0)
    public static let crc32 = CRC(
        width: 32, polynomial: 0x04c1_1db7, initial: .max, reflected: true, finalXor: .max)

    /// By the name used in descriptions.
    static let named: [(name: String, crc: CRC)] = [
        ("crc8", crc8), ("crc8-maxim", maxim), ("crc8-sensirion", sensirion), ("crc16-modbus", modbus),
        ("crc16-arc", arc), ("crc16-x25", x25), ("crc16-kermit", kermit), ("crc16-ccitt", ccitt),
        ("crc16-xmodem", xmodem), ("crc32", crc32),
    ]
}

/// What a frame carries to notice a flipped bit.
public struct Checksum: Sendable, Hashable {
    public enum Algorithm: Sendable, Hashable {
        case sum8, sum16, xor8
        /// The two's complement of the sum: all bytes together give 0.
        case negatedSum8
        case crc(CRC)
    }

    public var algorithm: Algorithm
    /// The bytes it covers; negative counts from the end. `to` is exclusive, 0 the end.
    public var from: Int
    public var to: Int
    /// Where it is, and how.
    public var at: Int
    var type: RawType

    static let names = ["sum8", "sum16", "xor8", "negated-sum8"] + CRC.named.map(\.name)

    static func algorithm(_ name: String) -> Algorithm? {
        switch name {
        case "sum8": .sum8
        case "sum16": .sum16
        case "xor8": .xor8
        case "negated-sum8": .negatedSum8
        default: CRC.named.first { $0.name == name }.map { .crc($0.crc) }
        }
    }

    func expected(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        switch algorithm {
        case .sum8: return bytes.reduce(Int64(0)) { $0 &+ Int64($1) } & 0xff
        case .sum16: return bytes.reduce(Int64(0)) { $0 &+ Int64($1) } & 0xffff
        case .xor8: return Int64(bytes.reduce(UInt8(0)) { $0 ^ $1 })
        case .negatedSum8: return -bytes.reduce(Int64(0)) { $0 &+ Int64($1) } & 0xff
        case .crc(let crc): return Int64(crc.of(bytes))
        }
    }

    /// Whether the frame's own checksum fits; false where it is too short to have one.
    func holds(_ frame: UnsafeRawBufferPointer) -> Bool {
        let count = frame.count
        let start = from < 0 ? count + from : from
        let end = to <= 0 ? count + to : to
        let place = at < 0 ? count + at : at
        guard start >= 0, start <= end, end <= count, place >= 0, place + type.count <= count else { return false }
        guard case .whole(let found) = readRaw(type, frame.baseAddress! + place) else { return false }
        return found == expected(UnsafeRawBufferPointer(rebasing: frame[start..<end]))
    }
}
