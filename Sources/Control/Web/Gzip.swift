import CZlib

/// gzip, in one go or piece by piece.
final class Gzip {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var output = [UInt8](repeating: 0, count: 32 * 1024)

    /// Level 5 is where text stops shrinking for its time.
    init(level: Int32 = 5) {
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the gzip header.
        precondition(bothy_deflate_init(stream, level, 31) == Z_OK, "zlib has no memory")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    static func compress(_ bytes: [UInt8]) -> [UInt8] { Gzip().add(bytes, last: true) }

    /// What came out of the bytes so far; after `last` nothing more may be added.
    func add(_ bytes: [UInt8], last: Bool = false) -> [UInt8] {
        var compressed: [UInt8] = []
        var input = bytes
        input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            repeat {
                let room = output.count
                output.withUnsafeMutableBufferPointer { output in
                    stream.pointee.next_out = output.baseAddress
                    stream.pointee.avail_out = UInt32(room)
                    deflate(stream, last ? Z_FINISH : Z_NO_FLUSH)
                }
                compressed.append(contentsOf: output[..<(room - Int(stream.pointee.avail_out))])
            } while stream.pointee.avail_out == 0
        }
        return compressed
    }
}
