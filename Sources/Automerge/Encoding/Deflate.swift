import CZlib

/// Raw DEFLATE, as the format has it.
enum Deflate {
    /// zlib remembers the address of its stream: so it has one that does not change.
    private static func withStream<Result>(
        _ body: (UnsafeMutablePointer<z_stream>) throws(AutomergeError) -> Result
    ) throws(AutomergeError) -> Result {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        return try body(stream)
    }

    /// Level 6 takes half as long again and saves half a percent.
    private static let level: Int32 = 5

    /// Nil if zlib has no memory; the bytes can then be stored as they are.
    static func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        try? withStream { (stream) throws(AutomergeError) in
            guard bothy_deflate_init(stream, level, -15) == Z_OK else { return nil }
            defer { deflateEnd(stream) }
            let bound = Int(deflateBound(stream, UInt(bytes.count)))
            var failed = false
            let result = [UInt8](unsafeUninitializedCapacity: bound) { out, count in
                stream.pointee.next_in = input(bytes)
                stream.pointee.avail_in = UInt32(bytes.count)
                stream.pointee.next_out = out.baseAddress
                stream.pointee.avail_out = UInt32(bound)
                failed = deflate(stream, Z_FINISH) != Z_STREAM_END
                count = bound - Int(stream.pointee.avail_out)
            }
            return failed ? nil : result
        }
    }

    /// At most `limit` bytes, so that a few bytes cannot fill the memory.
    static func expand(
        _ bytes: UnsafeRawBufferPointer, limit: Int, at offset: Int
    ) throws(AutomergeError) -> [UInt8] {
        try withStream { (stream) throws(AutomergeError) in
            guard bothy_inflate_init(stream, -15) == Z_OK else {
                throw AutomergeError(.tooLarge, "no memory to inflate", at: offset)
            }
            defer { inflateEnd(stream) }
            stream.pointee.next_in = input(bytes)
            stream.pointee.avail_in = UInt32(truncatingIfNeeded: bytes.count)
            var result: [UInt8] = []
            var room = min(max(bytes.count * 4, 1_024), limit + 1)
            while true {
                let status = step(stream, &result, room)
                guard result.count <= limit else {
                    throw AutomergeError(.tooLarge, "inflates to more than the limit of \(limit) bytes", at: offset)
                }
                if status == Z_STREAM_END {
                    guard stream.pointee.avail_in == 0 else {
                        throw AutomergeError(.malformed, "bytes follow the deflated ones", at: offset)
                    }
                    return result
                }
                guard status == Z_OK, stream.pointee.avail_out == 0 else {
                    throw AutomergeError(.corrupt, "the deflated bytes are damaged", at: offset)
                }
                room = min(result.count, limit + 1 - result.count)
            }
        }
    }

    /// Inflates up to `room` bytes more.
    private static func step(
        _ stream: UnsafeMutablePointer<z_stream>, _ result: inout [UInt8], _ room: Int
    ) -> Int32 {
        let old = result.count
        result.append(contentsOf: repeatElement(0, count: room))
        let status = result.withUnsafeMutableBufferPointer { out in
            stream.pointee.next_out = out.baseAddress! + old
            stream.pointee.avail_out = UInt32(room)
            return inflate(stream, Z_NO_FLUSH)
        }
        result.removeLast(Int(stream.pointee.avail_out))
        return status
    }

    private static func input(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
        UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
}
