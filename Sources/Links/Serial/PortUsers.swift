import Glibc

/// Which programs have a port open, as far as this user may see.
public enum PortUsers {
    static let mostProcesses = 65_536

    /// `gpsd (812)`; never the caller itself.
    public static func of(_ path: String) -> [String] {
        let target = SerialPort.resolved(path)
        var users: [String] = []
        for process in entries("/proc").prefix(mostProcesses) {
            guard let id = Int32(process), id != getpid() else { continue }
            for descriptor in entries("/proc/\(id)/fd") where link("/proc/\(id)/fd/\(descriptor)") == target {
                users.append("\(name(id)) (\(id))")
                break
            }
        }
        return users
    }

    private static func name(_ process: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        let file = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "a program" }
        defer { close(file) }
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count - 1)), as: UTF8.self)
    }

    static func entries(_ folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let count = readlink(path, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
