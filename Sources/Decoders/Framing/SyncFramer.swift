/// Binary frames that begin with known bytes and have a known or told length: SDS011, PMS5003 and their like. What fails
/// its check is searched again from its second byte, so that a false beginning hides no frame.
public struct SyncFramer: Framer {
    public struct Form: Hashable, Sendable {
        public enum Length: Hashable, Sendable {
            case fixed(Int)
            /// A number in the frame, plus what it does not count.
            case told(at: Int, type: WholeType, plus: Int)
        }

        public static let longest = 512

        /// 1 to 8 bytes.
        public var start: [UInt8]
        public var length: Length
        public var end: [UInt8] = []
        public var checksum: Checksum?

        public init(start: [UInt8], length: Length, end: [UInt8] = [], checksum: Checksum? = nil) {
            self.start = start
            self.length = length
            self.end = end
            self.checksum = checksum
        }
    }

    private let form: Form
    private var window: [UInt8] = []
    /// Bytes at the window's head that belong to a frame already counted as bad: a false beginning among them is no
    /// second fault.
    private var suspect = 0

    public init(_ form: Form) {
        self.form = form
        window.reserveCapacity(2 * Form.longest)
    }

    public var pending: Int { window.count }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void) {
        // In pieces, so that the window stays within twice a frame.
        var at = 0
        while at < bytes.count {
            let piece = min(Form.longest, bytes.count - at)
            window.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[at..<at + piece]))
            at += piece
            search(handle)
        }
    }

    public mutating func silence(_ handle: (FrameEvent) -> Void) {
        guard !window.isEmpty else { return }
        window.removeAll(keepingCapacity: true)
        suspect = 0
        handle(.fault(.torn, count: 1))
    }

    private enum Step { case wait, whole(Int), not(FrameFault, span: Int) }

    private mutating func search(_ handle: (FrameEvent) -> Void) {
        var at = 0
        var noise = 0
        window.withUnsafeBytes { bytes in
            while at < bytes.count {
                switch step(UnsafeRawBufferPointer(rebasing: bytes[at...])) {
                case .wait:
                    if noise > 0 { handle(.fault(.noise, count: noise)) }
                    return
                case .whole(let count):
                    if noise > 0 { handle(.fault(.noise, count: noise)) }
                    noise = 0
                    handle(.frame(UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])))
                    at += count
                case .not(let fault, let span):
                    if fault != .noise, at >= suspect {
                        handle(.fault(fault, count: 1))
                        suspect = at + span
                    }
                    noise += 1
                    at += 1
                }
            }
            if noise > 0 { handle(.fault(.noise, count: noise)) }
        }
        window.removeFirst(at)
        suspect = max(0, suspect - at)
    }

    private func step(_ bytes: UnsafeRawBufferPointer) -> Step {
        for (index, byte) in form.start.enumerated() {
            guard index < bytes.count else { return .wait }
            guard bytes[index] == byte else { return .not(.noise, span: 1) }
        }
        let count: Int
        switch form.length {
        case .fixed(let fixed): count = fixed
        case .told(let at, let type, let plus):
            guard at + type.raw.count <= bytes.count else { return .wait }
            guard case .whole(let told) = readRaw(type.raw, bytes.baseAddress! + at) else {
                return .not(.malformed, span: 1)
            }
            count = Int(clamping: told.addingReportingOverflow(Int64(plus)).partialValue)
        }
        guard count >= form.start.count + form.end.count, count > 0 else { return .not(.malformed, span: 1) }
        guard count <= Form.longest else { return .not(.overlong, span: 1) }
        guard bytes.count >= count else { return .wait }
        let frame = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        for (index, byte) in form.end.enumerated() where frame[count - form.end.count + index] != byte {
            return .not(.torn, span: count)
        }
        if let checksum = form.checksum, !checksum.holds(frame) { return .not(.checksum, span: count) }
        return .whole(count)
    }
}

/// A whole-number type by its name in descriptions.
public struct WholeType: Hashable, Sendable {
    let raw: RawType

    public init?(_ name: String) {
        guard let raw = RawType(name: name), !raw.isFloating else { return nil }
        self.raw = raw
    }
}
