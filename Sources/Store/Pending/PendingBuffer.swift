import CLinux
import Glibc
import Measurements
import System

/// Readings that came in and are not committed yet, in memory that outlives the process: a file on a tmpfs. A crash or a
/// kill loses nothing of it and a disk is not touched. It has two halves: one is filled while the other is being
/// committed. Confined to one thread.
public final class PendingBuffer {
    /// What one call to `append` put in.
    public struct Batch: Hashable, Sendable {
        public var run: RunID
        public var stream: StreamNumber
        public var first: SampleNumber
        public var count: UInt32
        public var body: [UInt8]

        public init(run: RunID, stream: StreamNumber, first: SampleNumber, count: UInt32, body: [UInt8]) {
            self.run = run
            self.stream = stream
            self.first = first
            self.count = count
            self.body = body
        }
    }

    /// Both halves and the header page.
    public static let mostBytes = 4 << 20
    static let headerBytes = 4096
    static let frameHeaderBytes = 24

    public let path: String
    /// Bytes that fit into one half.
    public let halfBytes: Int
    private let memory: UnsafeMutableRawBufferPointer
    private var layout: PendingLayout
    private var run: RunID?
    private var active = 0
    private var committing: Int?

    /// Opens or makes the file and hands over what an earlier process left in it, oldest first. That stays in the file
    /// until `begin`, so that being killed while replaying loses nothing either.
    public static func open(
        at path: String, bytes: Int = mostBytes
    ) throws(StoreError) -> (buffer: PendingBuffer, left: [Batch]) {
        precondition(bytes <= mostBytes && bytes >= 2 * headerBytes && bytes % 4096 == 0, "a buffer of whole pages")
        let (memory, wasNew) = try PendingLayout.map(path, bytes: bytes)
        let buffer = PendingBuffer(path, memory)
        return (buffer, wasNew ? [] : buffer.layout.batches())
    }

    private init(_ path: String, _ memory: UnsafeMutableRawBufferPointer) {
        self.path = path
        self.memory = memory
        layout = PendingLayout(memory: memory)
        halfBytes = layout.halfBytes
    }

    deinit { munmap(memory.baseAddress, memory.count) }

    /// Forgets what was left, which is durable by now, and takes batches of this run from here on.
    public func begin(_ run: RunID) {
        layout.reset(run: run)
        self.run = run
        (active, committing) = (0, nil)
    }

    /// Keeps a batch; false where this half has no room for it, which the caller records as an overflow.
    public func append(
        stream: StreamNumber, first: SampleNumber, count: UInt32, _ body: UnsafeRawBufferPointer
    ) -> Bool {
        precondition(run != nil, "begin comes first")
        return layout.append(to: active, stream: stream, first: first, count: count, body)
    }

    public func append(stream: StreamNumber, first: SampleNumber, count: UInt32, _ body: [UInt8]) -> Bool {
        body.withUnsafeBytes { append(stream: stream, first: first, count: count, $0) }
    }

    /// Bytes in the half that is being filled.
    public var used: Int { layout.used(active) }

    /// True while a half is with the committer; the next `turn` has to wait for its `release`.
    public var isCommitting: Bool { committing != nil }

    /// Starts a commit: what came so far belongs to it, what comes now goes into the other half.
    public func turn() {
        precondition(committing == nil, "the half before was not released")
        committing = active
        active = 1 - active
        layout.start(active)
    }

    /// The commit is durable: its half is forgotten.
    public func release() {
        guard let half = committing else { return }
        layout.clear(half)
        committing = nil
    }
}
