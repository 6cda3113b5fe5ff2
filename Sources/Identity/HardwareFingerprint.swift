import Glibc
import Hashing
import System

/// What tells this machine from a copy of its card: hashed, so that no serial number leaves the box.
///
/// A cloned card has the same machine id but another board or network; a restored backup has all three the same.
public struct HardwareFingerprint: Hashable, Sendable {
    /// /etc/machine-id: the installation.
    public let installation: Bytes32?
    /// The board's serial numbers, from the firmware.
    public let board: Bytes32?
    /// The permanent addresses of the network interfaces that are hardware.
    public let network: Bytes32?

    /// All of it in one value.
    public var digest: Bytes32 {
        BLAKE2b.hash(
            [installation, board, network].flatMap { ($0 ?? .zero).bytes }, purpose: "bothy.hardware.1")
    }

    /// Reads it; `root` is where the file system hangs (tests give another).
    public static func read(root: String = "") -> HardwareFingerprint {
        let installation = ["/etc/machine-id", "/var/lib/dbus/machine-id"].lazy.compactMap { line(root + $0) }.first
        let board = [
            "/sys/firmware/devicetree/base/serial-number", "/sys/class/dmi/id/product_uuid",
            "/sys/class/dmi/id/product_serial", "/sys/class/dmi/id/board_serial",
        ].compactMap { line(root + $0) }.filter { !fillers.contains($0) }
        let interfaces = root + "/sys/class/net"
        var addresses: [String] = []
        for name in names(in: interfaces) {
            let interface = "\(interfaces)/\(name)"
            // `device` is there for hardware only; assignment 0 is the address it was made with.
            guard access("\(interface)/device", F_OK) == 0, line("\(interface)/addr_assign_type") == "0",
                let address = line("\(interface)/address")
            else { continue }
            addresses.append(address)
        }
        return HardwareFingerprint(
            installation: hash(installation.map { [$0] } ?? []), board: hash(board),
            network: hash(addresses.sorted()))
    }

    private static func hash(_ parts: [String]) -> Bytes32? {
        guard !parts.isEmpty else { return nil }
        return BLAKE2b.hash(Array(parts.joined(separator: "\n").utf8), purpose: "bothy.hardware.1")
    }

    /// What careless vendors put where a serial number belongs.
    private static let fillers: Set = ["0", "None", "Not Specified", "To Be Filled By O.E.M.", "Default string"]

    /// The first line; nil where there is nothing to read.
    private static func line(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let text = bytes[..<count].prefix { $0 != 10 && $0 != 0 }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    private static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
