import CLinux
import Glibc
import System

/// Whether what is written to a folder is there after a power cut, as far as its file system says.
public enum Durability: Hashable, Sendable, CustomStringConvertible {
    case durable
    /// Written, and gone with the power; the name of the file system that is the reason.
    case lostAtPowerOff(fileSystem: String)
    /// On another machine, where locks and syncs may not mean what they say.
    case elsewhere(fileSystem: String)
    case readOnly

    public var isDurable: Bool { self == .durable }

    public var description: String {
        switch self {
        case .durable: "durable"
        case .lostAtPowerOff(let name): "not durable: \(name) is lost when the power goes"
        case .elsewhere(let name): "not durable: \(name) is on another machine"
        case .readOnly: "not durable: the file system is read-only"
        }
    }

    private static let lost: [UInt64: String] = [
        0x0102_1994: "tmpfs", 0x794c_7630: "overlayfs", 0x8584_58f6: "ramfs", 0x6175_6673: "aufs",
    ]
    private static let remote: [UInt64: String] = [
        0x6969: "NFS", 0xff53_4d42: "CIFS", 0xfe53_4d42: "SMB2", 0x517b: "SMB", 0x0102_1997: "9p", 0x00c3_6400: "Ceph",
        0x6573_5546: "FUSE",
    ]

    public static func of(folder: String) throws(StoreError) -> (durability: Durability, freeBytes: Int) {
        var found = bothy_file_system()
        guard bothy_file_system(folder, &found) == 0 else { throw StoreError(.last("statfs", folder)) }
        let free = Int(clamping: found.free_bytes)
        if found.read_only != 0 { return (.readOnly, free) }
        if let name = lost[found.magic] { return (.lostAtPowerOff(fileSystem: name), free) }
        if let name = remote[found.magic] { return (.elsewhere(fileSystem: name), free) }
        return (.durable, free)
    }
}
