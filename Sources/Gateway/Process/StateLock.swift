import CLinux
import Glibc
import System

/// Holds a state folder for one daemon. The kernel lets go of it whatever way the process ends.
final class StateLock {
    private let descriptor: Int32

    struct Taken: Error, CustomStringConvertible {
        let folder: String
        let holder: String
        var description: String {
            "\(folder) is in use by another bothy\(holder.isEmpty ? "" : " (\(holder))"); only one may write there"
        }
    }

    init(folder: String) throws {
        let path = folder + "/lock"
        descriptor = bothy_open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw SystemFailure.last("open", path) }
        guard bothy_lock_exclusively(descriptor) == 0 else {
            let holder = (try? Files.read(path, most: 256)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            close(descriptor)
            throw Taken(folder: folder, holder: holder.filter { $0 != "\n" })
        }
        let words = Array("process \(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        pwrite(descriptor, words, words.count, 0)
    }

    deinit { close(descriptor) }
}
