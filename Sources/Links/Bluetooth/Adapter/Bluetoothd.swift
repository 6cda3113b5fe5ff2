import Glibc

/// Whether another owner of the radios, BlueZ's daemon, runs on this box.
enum Bluetoothd {
    /// Its service as systemd keeps it: seen also where other users' processes are hidden from us (ProtectProc).
    private static let units = [
        "/sys/fs/cgroup/system.slice/bluetooth.service", "/sys/fs/cgroup/systemd/system.slice/bluetooth.service",
    ]

    static var isRunning: Bool {
        if units.contains(where: { access($0, F_OK) == 0 }) { return true }
        guard let directory = opendir("/proc") else { return false }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.utf8.allSatisfy({ (48...57).contains($0) }) else { continue }
            if command(of: name) == "bluetoothd" { return true }
        }
        return false
    }

    private static func command(of process: String) -> String? {
        let file = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[0..<count].prefix { $0 != 10 }, as: UTF8.self)
    }
}
