/// DSMR P1 telegrams: from `/` at the beginning of a line to `!` and four digits of CRC. A frame is the telegram from `/`
/// to `!`, both included.
public struct DSMRFramer: Framer {
    /// A telegram with four other meters and long texts has about 2,500 characters.
    public static let longest = 8_192

    private var telegram: [UInt8] = []
    private var inside = false
    private var mark: Int?
    private var atLineStart = true
    /// Meters before DSMR 4 send no CRC; only with this are theirs taken.
    private let takesUnchecked: Bool

    public init(takesUnchecked: Bool = false) { self.takesUnchecked = takesUnchecked }

    public var pending: Int { telegram.count }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void) {
        var noise = 0
        for byte in bytes {
            if byte == UInt8(ascii: "/"), atLineStart || !inside {
                if inside { handle(.fault(.torn, count: 1)) }
                telegram.removeAll(keepingCapacity: true)
                (inside, mark) = (true, nil)
            }
            atLineStart = byte == 10 || byte == 13
            guard inside else {
                if !atLineStart { noise += 1 }
                continue
            }
            if telegram.count == DSMRFramer.longest {
                drop(.overlong, handle)
                continue
            }
            if mark != nil, byte == 10 || byte == 13 {
                finish(handle)
                continue
            }
            telegram.append(byte)
            if byte == UInt8(ascii: "!") { mark = telegram.count }
        }
        if noise > 0 { handle(.fault(.noise, count: noise)) }
    }

    public mutating func silence(_ handle: (FrameEvent) -> Void) { if inside { drop(.torn, handle) } }

    private mutating func drop(_ fault: FrameFault, _ handle: (FrameEvent) -> Void) {
        telegram.removeAll(keepingCapacity: true)
        (inside, mark) = (false, nil)
        handle(.fault(fault, count: 1))
    }

    private mutating func finish(_ handle: (FrameEvent) -> Void) {
        let end = mark ?? 0
        telegram.withUnsafeBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            let digits = String(decoding: bytes[end...], as: UTF8.self)
            if digits.isEmpty {
                handle(takesUnchecked ? .frame(body) : .fault(.malformed, count: 1))
            } else if digits.utf8.count != 4 || UInt16(digits, radix: 16) == nil {
                handle(.fault(.malformed, count: 1))
            } else if UInt32(digits, radix: 16) != CRC.arc.of(body) {
                handle(.fault(.checksum, count: 1))
            } else {
                handle(.frame(body))
            }
        }
        telegram.removeAll(keepingCapacity: true)
        (inside, mark) = (false, nil)
    }
}

/// SML transport (version 1): `1b1b1b1b 01010101`, the messages with every `1b1b1b1b` doubled, `1b1b1b1b 1a`, how many
/// fill bytes, and a CRC. A frame is the messages without escapes and fill bytes.
public struct SMLFramer: Framer {
    public static let longest = 8_192

    /// All bytes from the start on, as the CRC covers them.
    private var raw: [UInt8] = []
    private var body: [UInt8] = []
    private var escapes = 0
    /// The four bytes after an escape.
    private var word: [UInt8] = []
    private var inside = false
    /// The last eight bytes, and how many of them belong to no frame: a beginning may stand anywhere.
    private var latest: UInt64 = 0
    private var hunted = 0
    /// Some meters (Holley DTZ541) use another CRC than the standard's; which one this line's meter uses is learnt from its
    /// first whole frame, so that both together are never looser than one.
    private var usesKermit: Bool?

    private static let beginning: UInt64 = 0x1b1b_1b1b_0101_0101

    public init() {}

    public var pending: Int { raw.count }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void) {
        for byte in bytes {
            latest = latest << 8 | UInt64(byte)
            guard inside else {
                hunted += 1
                if latest == Self.beginning { begin(handle) }
                continue
            }
            if raw.count == SMLFramer.longest {
                drop(.overlong, handle)
                continue
            }
            raw.append(byte)
            if escapes == 4 { afterEscape(byte, handle) } else { plain(byte) }
        }
        // What may still become a beginning is not yet noise.
        if hunted > 7 {
            handle(.fault(.noise, count: hunted - 7))
            hunted = 7
        }
    }

    public mutating func silence(_ handle: (FrameEvent) -> Void) {
        if inside { drop(.torn, handle) }
        if hunted > 0 { handle(.fault(.noise, count: hunted)) }
        (hunted, latest) = (0, 0)
    }

    private mutating func begin(_ handle: (FrameEvent) -> Void) {
        if hunted > 8 { handle(.fault(.noise, count: hunted - 8)) }
        (inside, hunted, escapes) = (true, 0, 0)
        body.removeAll(keepingCapacity: true)
        word.removeAll(keepingCapacity: true)
        raw = [0x1b, 0x1b, 0x1b, 0x1b, 1, 1, 1, 1]
    }

    private mutating func plain(_ byte: UInt8) {
        escapes = byte == 0x1b ? escapes + 1 : 0
        body.append(byte)
        // What turned out to be an escape is not text.
        if escapes == 4 { body.removeLast(4) }
    }

    private mutating func afterEscape(_ byte: UInt8, _ handle: (FrameEvent) -> Void) {
        word.append(byte)
        guard word.count == 4 else { return }
        let found = word
        word.removeAll(keepingCapacity: true)
        escapes = 0
        switch (found[0], found[1], found[2], found[3]) {
        case (1, 1, 1, 1):
            handle(.fault(.torn, count: 1))
            begin(handle)
        case (0x1b, 0x1b, 0x1b, 0x1b): body.append(contentsOf: found)
        case (0x1a, let fill, let low, let high): finish(fill: Int(fill), UInt32(high) << 8 | UInt32(low), handle)
        default: drop(.malformed, handle)
        }
    }

    private mutating func finish(fill: Int, _ crc: UInt32, _ handle: (FrameEvent) -> Void) {
        let covered = raw.dropLast(2)
        let (standard, kermit) = covered.withUnsafeBytes {
            (CRC.x25.of($0) == crc, CRC.kermit.of($0) == (crc >> 8 | (crc & 0xff) << 8))
        }
        guard usesKermit == nil ? standard || kermit : usesKermit == true ? kermit : standard else {
            return drop(.checksum, handle)
        }
        usesKermit = !standard
        guard fill <= 3, fill <= body.count else { return drop(.malformed, handle) }
        body.removeLast(fill)
        body.withUnsafeBytes { handle(.frame($0)) }
        body.removeAll(keepingCapacity: true)
        raw.removeAll(keepingCapacity: true)
        inside = false
    }

    private mutating func drop(_ fault: FrameFault, _ handle: (FrameEvent) -> Void) {
        raw.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
        (inside, escapes, hunted) = (false, 0, 0)
        word.removeAll(keepingCapacity: true)
        handle(.fault(fault, count: 1))
    }
}
