import CLinux
import Glibc
import System

/// A file that a command writes piece by piece; it gets its name when it is whole.
final class OutputFile {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = bothy_open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw CommandFailure.failed("\(SystemFailure.last("open", path))") }
    }

    func write(_ bytes: [UInt8]) throws {
        guard Terminal.write(descriptor, bytes: bytes) else {
            throw CommandFailure.failed("\(SystemFailure.last("write", path))")
        }
    }

    func close() throws {
        fsync(descriptor)
        Glibc.close(descriptor)
        guard rename(path + ".part", path) == 0 else {
            throw CommandFailure.failed("\(SystemFailure.last("rename", path))")
        }
    }
}
