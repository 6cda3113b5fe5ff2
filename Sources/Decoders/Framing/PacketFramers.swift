/// SLIP (RFC 1055): frames between 0xC0, with 0xDB as escape. What stands before the first 0xC0 is dropped.
public struct SLIPFramer: Framer {
    private var frame: [UInt8] = []
    private var escaped = false
    private var skipping = true
    private let most: Int
    private let checksum: Checksum?

    public init(most: Int = SyncFramer.Form.longest, checksum: Checksum? = nil) {
        self.most = most
        self.checksum = checksum
        frame.reserveCapacity(most)
    }

    public var pending: Int { frame.count }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void) {
        for byte in bytes {
            switch byte {
            case 0xc0: finish(handle)
            case _ where skipping: continue
            case 0xdb where !escaped: escaped = true
            case 0xdc where escaped: append(0xc0, handle)
            case 0xdd where escaped: append(0xdb, handle)
            case _ where escaped: drop(.malformed, handle)
            default: append(byte, handle)
            }
        }
    }

    public mutating func silence(_ handle: (FrameEvent) -> Void) {
        if !frame.isEmpty || escaped { drop(.torn, handle) }
    }

    private mutating func append(_ byte: UInt8, _ handle: (FrameEvent) -> Void) {
        escaped = false
        if frame.count == most { drop(.overlong, handle) } else { frame.append(byte) }
    }

    private mutating func drop(_ fault: FrameFault, _ handle: (FrameEvent) -> Void) {
        frame.removeAll(keepingCapacity: true)
        (escaped, skipping) = (false, true)
        handle(.fault(fault, count: 1))
    }

    private mutating func finish(_ handle: (FrameEvent) -> Void) {
        defer {
            frame.removeAll(keepingCapacity: true)
            (escaped, skipping) = (false, false)
        }
        if escaped, !skipping { return handle(.fault(.torn, count: 1)) }
        if !skipping, !frame.isEmpty { frame.withUnsafeBytes { deliver($0, checksum, handle) } }
    }
}

/// COBS: frames that end with 0 and hold none. What stands before the first 0 is dropped.
public struct COBSFramer: Framer {
    private var packed: [UInt8] = []
    private var skipping = true
    private let most: Int
    private let checksum: Checksum?

    public init(most: Int = SyncFramer.Form.longest, checksum: Checksum? = nil) {
        // One byte more for every 254.
        self.most = most + most / 254 + 1
        self.checksum = checksum
        packed.reserveCapacity(self.most)
    }

    public var pending: Int { packed.count }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void) {
        for byte in bytes {
            if byte == 0 {
                if !skipping, !packed.isEmpty { finish(handle) }
                packed.removeAll(keepingCapacity: true)
                skipping = false
            } else if !skipping {
                if packed.count == most {
                    packed.removeAll(keepingCapacity: true)
                    skipping = true
                    handle(.fault(.overlong, count: 1))
                } else {
                    packed.append(byte)
                }
            }
        }
    }

    public mutating func silence(_ handle: (FrameEvent) -> Void) {
        guard !packed.isEmpty else { return }
        packed.removeAll(keepingCapacity: true)
        skipping = true
        handle(.fault(.torn, count: 1))
    }

    /// Unpacks in place: what is read is always ahead of what is written.
    private mutating func finish(_ handle: (FrameEvent) -> Void) {
        var written = 0
        var isWhole = true
        packed.withUnsafeMutableBytes { bytes in
            var at = 0
            while at < bytes.count {
                let run = Int(bytes[at]) - 1
                guard at + run < bytes.count else {
                    isWhole = false
                    return
                }
                for index in 0..<run { bytes[written + index] = bytes[at + 1 + index] }
                written += run
                at += run + 1
                if run < 254, at < bytes.count {
                    bytes[written] = 0
                    written += 1
                }
            }
        }
        guard isWhole else { return handle(.fault(.malformed, count: 1)) }
        packed.withUnsafeBytes { deliver(UnsafeRawBufferPointer(rebasing: $0[..<written]), checksum, handle) }
    }
}

/// The last step of both: the check, then the frame.
private func deliver(_ frame: UnsafeRawBufferPointer, _ checksum: Checksum?, _ handle: (FrameEvent) -> Void) {
    if let checksum, !checksum.holds(frame) { return handle(.fault(.checksum, count: 1)) }
    handle(.frame(frame))
}
