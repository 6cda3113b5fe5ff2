import CLinux
import Glibc

/// Small files, read whole and replaced whole.
public enum Files {
    public static let mostBytes = 64 << 20

    public static func read(_ path: String, most: Int = mostBytes) throws(SystemFailure) -> [UInt8] {
        let descriptor = path == "-" ? 0 : bothy_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { throw SystemFailure.last("open", path) }
        defer { if descriptor != 0 { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, lastErrorCode == EINTR { continue }
            guard count >= 0 else { throw SystemFailure.last("read", path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= most else { throw SystemFailure(code: EFBIG, call: "read", subject: path) }
        }
    }

    /// Writes beside the file and puts the new one in its place, so that a power cut leaves the old or the new one. The
    /// mode of an existing file is kept; through a link the file it points to is replaced.
    public static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemFailure) {
        var target = path
        if let real = realpath(path, nil) {
            target = String(cString: real)
            free(real)
        }
        var before = stat()
        let mode = stat(target, &before) == 0 ? before.st_mode & 0o7777 : mode
        let temporary = target + ".new"
        let descriptor = bothy_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard descriptor >= 0 else { throw SystemFailure.last("open", temporary) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, temporary)
        guard fsync(descriptor) == 0 else { throw SystemFailure.last("fsync", temporary) }
        guard rename(temporary, target) == 0 else { throw SystemFailure.last("rename", target) }
        syncFolder(of: target)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(SystemFailure) {
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + at, bytes.count - at) }
            if count < 0, lastErrorCode == EINTR { continue }
            guard count > 0 else { throw SystemFailure.last("write", path) }
            at += count
        }
    }

    private static func syncFolder(of path: String) {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let descriptor = bothy_open(
            folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes a folder and what leads to it.
    public static func makeFolder(_ path: String, mode: UInt32) throws(SystemFailure) {
        if mkdir(path, mode) == 0 || lastErrorCode == EEXIST { return }
        guard lastErrorCode == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw SystemFailure.last("mkdir", path)
        }
        try makeFolder(String(path[..<slash]), mode: 0o755)
        guard mkdir(path, mode) == 0 || lastErrorCode == EEXIST else { throw SystemFailure.last("mkdir", path) }
    }
}

extension Files {
    /// Names in a folder, unsorted; none where it cannot be read.
    public static func list(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
