/// Cuts a stream of bytes into frames. Any bytes may come, in pieces of any size; memory is bounded by the longest frame.
public protocol Framer: Sendable {
    /// Hands over what the bytes complete, in order. A frame's bytes are lent for the call only.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ handle: (FrameEvent) -> Void)

    /// The line fell silent for longer than a frame can pause, or was closed: what was begun is torn.
    mutating func silence(_ handle: (FrameEvent) -> Void)

    /// Bytes held of a frame that is not yet whole.
    var pending: Int { get }
}

public enum FrameEvent {
    case frame(UnsafeRawBufferPointer)
    /// `count` is of bytes for noise, of frames for all else.
    case fault(FrameFault, count: Int)
}

public enum FrameFault: String, Sendable, CaseIterable {
    /// A whole frame whose checksum does not fit.
    case checksum = "checksum_errors"
    /// A frame that begins and does not end.
    case torn = "torn_frames"
    /// Bytes between frames that belong to none.
    case noise = "noise_bytes"
    case overlong = "overlong_frames"
    /// A frame with something in it that its form does not allow.
    case malformed = "malformed_frames"
}

extension Framer {
    /// For whoever has an array; `handle` gets copies.
    public mutating func frames(_ bytes: [UInt8]) -> (frames: [[UInt8]], faults: [FrameFault: Int]) {
        var frames: [[UInt8]] = []
        var faults: [FrameFault: Int] = [:]
        bytes.withUnsafeBytes { raw in
            feed(raw) { event in
                switch event {
                case .frame(let bytes): frames.append(Array(bytes))
                case .fault(let fault, let count): faults[fault, default: 0] += count
                }
            }
        }
        return (frames, faults)
    }
}
