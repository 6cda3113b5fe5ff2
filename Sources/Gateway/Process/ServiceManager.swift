import Glibc
import System

/// Tells systemd how the service is, by its datagram socket; silent where there is none.
struct ServiceManager: Sendable {
    private let socketPath: String?
    /// How often it wants to hear from us, or nil.
    let watchdogMs: Int64?

    init() {
        socketPath = getenv("NOTIFY_SOCKET").map { String(cString: $0) }
        watchdogMs = getenv("WATCHDOG_USEC").flatMap { Int64(String(cString: $0)) }.map { $0 / 1000 }
    }

    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    func reloading() { send("RELOADING=1\nMONOTONIC_USEC=\(SystemClock.bootTime / 1000)") }
    func stopping() { send("STOPPING=1") }
    func alive() { send("WATCHDOG=1") }
    func status(_ text: String) { send("STATUS=\(text)") }

    private func send(_ text: String) {
        guard let socketPath, socketPath.utf8.count < 108 else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        // A leading @ names an abstract socket.
        if socketPath.hasPrefix("@") { address.sun_path.0 = 0 }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + socketPath.utf8.count)
        let bytes = Array(text.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, length)
            }
        }
    }
}
