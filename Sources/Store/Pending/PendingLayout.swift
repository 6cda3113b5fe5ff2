import CLinux
import Glibc
import Measurements
import System

/// The bytes of the pending file: a header page, then two halves of frames.
///
/// Header: magic (8), version (4), bytes of a half (4), run (16), at 64 and 128 for each half: generation (8), bytes
/// used (8). Frame: bytes of the body (4), stream (4), first (8), count (4), CRC-32C of all of it (4), body, padding
/// to 8. Numbers are in the machine's order: the file never leaves it, nor outlives a reboot.
struct PendingLayout {
    private static let magic: UInt64 = 0x3170_6e65_7079_6f62
    private static let version: UInt32 = 1

    let memory: UnsafeMutableRawBufferPointer
    let halfBytes: Int
    private var generation: UInt64 = 0

    init(memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
        halfBytes = (memory.count - PendingBuffer.headerBytes) / 2 & ~7
    }

    /// The file in memory, with all its room secured: a tmpfs that is full later must not end the process.
    static func map(_ path: String, bytes: Int) throws(StoreError) -> (UnsafeMutableRawBufferPointer, wasNew: Bool) {
        let descriptor = bothy_open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw StoreError(.last("open", path)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StoreError(.last("fstat", path)) }
        // A file of another size is of another version or was cut: nothing in it can be read.
        let wasNew = status.st_size != bytes
        if wasNew, ftruncate(descriptor, 0) != 0 { throw StoreError(.last("ftruncate", path)) }
        let code = posix_fallocate(descriptor, 0, off_t(bytes))
        if code != 0 { throw StoreError(SystemFailure(code: code, call: "posix_fallocate", subject: path)) }
        let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let start, start != MAP_FAILED else { throw StoreError(.last("mmap", path)) }
        return (UnsafeMutableRawBufferPointer(start: start, count: bytes), wasNew)
    }

    mutating func reset(run: RunID) {
        // The magic goes first and comes last: a process that ends in between leaves an empty file, not a wrong one.
        publish(0, at: 0)
        clear(0)
        clear(1)
        memory.storeBytes(of: PendingLayout.version, toByteOffset: 8, as: UInt32.self)
        memory.storeBytes(of: UInt32(halfBytes), toByteOffset: 12, as: UInt32.self)
        memory.storeBytes(of: run.high, toByteOffset: 16, as: UInt64.self)
        memory.storeBytes(of: run.low, toByteOffset: 24, as: UInt64.self)
        start(0)
        publish(PendingLayout.magic, at: 0)
    }

    func used(_ half: Int) -> Int { Int(load(header(half) + 8)) }

    mutating func start(_ half: Int) {
        generation += 1
        publish(generation, at: header(half))
    }

    func clear(_ half: Int) { publish(0, at: header(half) + 8) }

    func append(
        to half: Int, stream: StreamNumber, first: SampleNumber, count: UInt32, _ body: UnsafeRawBufferPointer
    ) -> Bool {
        let used = used(half)
        let size = (PendingBuffer.frameHeaderBytes + body.count + 7) & ~7
        guard size <= halfBytes - used else { return false }
        let at = start(of: half) + used
        memory.storeBytes(of: UInt32(body.count), toByteOffset: at, as: UInt32.self)
        memory.storeBytes(of: stream, toByteOffset: at + 4, as: UInt32.self)
        memory.storeBytes(of: first, toByteOffset: at + 8, as: UInt64.self)
        memory.storeBytes(of: count, toByteOffset: at + 16, as: UInt32.self)
        let check = Checksum.of(body, after: Checksum.of(UnsafeRawBufferPointer(rebasing: memory[at..<at + 20])))
        memory.storeBytes(of: check, toByteOffset: at + 20, as: UInt32.self)
        if let from = body.baseAddress { memcpy(memory.baseAddress! + at + 24, from, body.count) }
        // Only now is the frame part of the half: a kill before this leaves no trace of it.
        publish(UInt64(used + size), at: header(half) + 8)
        return true
    }

    /// What is in both halves, in the order of filling. Stops at a frame that is not whole: nothing can follow it.
    func batches() -> [PendingBuffer.Batch] {
        guard load(0) == PendingLayout.magic,
            memory.load(fromByteOffset: 8, as: UInt32.self) == PendingLayout.version,
            memory.load(fromByteOffset: 12, as: UInt32.self) == UInt32(halfBytes)
        else { return [] }
        let run = RunID(high: load(16), low: load(24))
        let order = load(header(0)) <= load(header(1)) ? [0, 1] : [1, 0]
        return order.flatMap { batches(of: $0, run: run) }
    }

    private func batches(of half: Int, run: RunID) -> [PendingBuffer.Batch] {
        let end = min(Int(clamping: load(header(half) + 8)), halfBytes)
        var (found, offset): ([PendingBuffer.Batch], Int) = ([], 0)
        while offset + PendingBuffer.frameHeaderBytes <= end {
            let at = start(of: half) + offset
            let count = Int(memory.load(fromByteOffset: at, as: UInt32.self))
            guard count <= end - offset - PendingBuffer.frameHeaderBytes else { break }
            let body = UnsafeRawBufferPointer(rebasing: memory[at + 24..<at + 24 + count])
            let head = UnsafeRawBufferPointer(rebasing: memory[at..<at + 20])
            guard memory.load(fromByteOffset: at + 20, as: UInt32.self) == Checksum.of(body, after: Checksum.of(head))
            else { break }
            found.append(
                PendingBuffer.Batch(
                    run: run, stream: memory.load(fromByteOffset: at + 4, as: UInt32.self),
                    first: memory.load(fromByteOffset: at + 8, as: UInt64.self),
                    count: memory.load(fromByteOffset: at + 16, as: UInt32.self), body: Array(body)))
            offset += (PendingBuffer.frameHeaderBytes + count + 7) & ~7
        }
        return found
    }

    private func start(of half: Int) -> Int { PendingBuffer.headerBytes + half * halfBytes }
    private func header(_ half: Int) -> Int { 64 + 64 * half }
    private func load(_ offset: Int) -> UInt64 { memory.load(fromByteOffset: offset, as: UInt64.self) }

    /// A store that the compiler cannot move before those that came earlier.
    private func publish(_ value: UInt64, at offset: Int) {
        bothy_publish((memory.baseAddress! + offset).assumingMemoryBound(to: UInt64.self), value)
    }
}
