import CLinux
import Glibc
import System

/// What the kernel counts for the block device under a folder: all that was written to it, by anybody.
public struct DiskCounter: Sendable {
    private let path: String

    /// Nil where the file system has no block device of its own: tmpfs, overlay, network.
    public init?(folder: String) {
        var status = stat()
        guard stat(folder, &status) == 0 else { return nil }
        let device = UInt64(status.st_dev)
        let major = device >> 8 & 0xfff | device >> 32 & ~0xfff
        let minor = device & 0xff | device >> 12 & ~0xff
        path = "/sys/dev/block/\(major):\(minor)/stat"
        guard bytesWritten() != nil else { return nil }
    }

    /// Since the machine started. Sectors of this file are 512 bytes, whatever the device has.
    public func bytesWritten() -> UInt64? {
        let descriptor = bothy_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let fields = buffer[..<count].split(whereSeparator: { $0 == 32 || $0 == 10 })
        guard fields.count > 6, let sectors = UInt64(String(decoding: fields[6], as: UTF8.self)) else { return nil }
        return sectors * 512
    }
}
