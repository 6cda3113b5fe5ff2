import CLinux
import Glibc
import System

/// The folder a file is in.
enum Folder {
    static func of(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a new name in a folder durable.
    static func sync(of path: String) throws(StoreError) {
        let descriptor = bothy_open(of(path), O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw StoreError(.last("open", of(path))) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError(.last("fsync", of(path))) }
    }
}
