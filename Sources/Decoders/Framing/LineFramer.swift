/// Lines that end with CR, LF or both. They have no checksum, so the first after opening, whose beginning may be missing,
/// is dropped, and so is a line after one that was too long or torn.
public struct LineFramer: Framer {
    public static let longest = 4_096

    private var line: [UInt8] = []
    private let most: Int
    /// Nothing is kept until the next end of a line.
    private var skipping = true

    public init(most: Int = 1_024) {
        self.most = min(max(1, most), LineFramer.longest)
        line.reserveCapacity(self.most)
    }

    public var pending: Int { line.count }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void) {
        var start = 0
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 10 || byte == 13 else {
                at += 1
                continue
            }
            take(bytes, start, at, handle)
            end(handle)
            at += 1
            start = at
        }
        take(bytes, start, at, handle)
    }

    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ handle: (FrameEvent) -> Void
    ) {
        guard !skipping, start < end else { return }
        guard line.count + end - start <= most else {
            line.removeAll(keepingCapacity: true)
            skipping = true
            handle(.fault(.overlong, count: 1))
            return
        }
        line.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }

    private mutating func end(_ handle: (FrameEvent) -> Void) {
        defer { line.removeAll(keepingCapacity: true) }
        guard !skipping else {
            skipping = false
            return
        }
        if !line.isEmpty { line.withUnsafeBytes { handle(.frame($0)) } }
    }

    public mutating func silence(_ handle: (FrameEvent) -> Void) {
        guard !line.isEmpty else { return }
        line.removeAll(keepingCapacity: true)
        skipping = true
        handle(.fault(.torn, count: 1))
    }
}
