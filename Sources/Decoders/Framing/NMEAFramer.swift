/// NMEA 0183 sentences: `$` or `!`, printable characters, `*` and two digits, end of line. A frame is the text between the
/// first character and the `*`, its checksum found right.
public struct NMEAFramer: Framer {
    /// The standard says 82; receivers with many signals go beyond.
    public static let longest = 256

    private var sentence: [UInt8] = []
    private var inside = false

    public init() { sentence.reserveCapacity(NMEAFramer.longest) }

    public var pending: Int { sentence.count }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void) {
        var noise = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "$"), UInt8(ascii: "!"):
                if inside { handle(.fault(.torn, count: 1)) }
                inside = true
                sentence.removeAll(keepingCapacity: true)
            case 10, 13:
                if inside { finish(handle) }
                inside = false
            case 32...126:
                guard inside else {
                    noise += 1
                    continue
                }
                if sentence.count == NMEAFramer.longest {
                    drop(.overlong, handle)
                } else {
                    sentence.append(byte)
                }
            default: if inside { drop(.malformed, handle) } else { noise += 1 }
            }
        }
        if noise > 0 { handle(.fault(.noise, count: noise)) }
    }

    public mutating func silence(_ handle: (FrameEvent) -> Void) { if inside { drop(.torn, handle) } }

    private mutating func drop(_ fault: FrameFault, _ handle: (FrameEvent) -> Void) {
        inside = false
        sentence.removeAll(keepingCapacity: true)
        handle(.fault(fault, count: 1))
    }

    private mutating func finish(_ handle: (FrameEvent) -> Void) {
        defer { sentence.removeAll(keepingCapacity: true) }
        let count = sentence.count
        sentence.withUnsafeBytes { bytes in
            guard count >= 4, bytes[count - 3] == UInt8(ascii: "*"), let high = digit(bytes[count - 2]),
                let low = digit(bytes[count - 1])
            else { return handle(.fault(.malformed, count: 1)) }
            var check: UInt8 = 0
            for byte in bytes[..<(count - 3)] { check ^= byte }
            guard check == high << 4 | low else { return handle(.fault(.checksum, count: 1)) }
            handle(.frame(UnsafeRawBufferPointer(rebasing: bytes[..<(count - 3)])))
        }
    }

    private func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
