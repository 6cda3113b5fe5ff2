import CUdev
import Glibc

/// A serial port of this machine, as `bothy port list` shows it.
public struct PortInfo: Hashable, Sendable {
    /// `/dev/ttyUSB0`.
    public var device: String
    /// Stays with the device, wherever it is plugged in.
    public var byID: String?
    /// Stays with the socket, whatever is plugged in.
    public var byPath: String?
    public var vendor: String
    public var product: String
    public var serial: String
    /// `0403:6001`.
    public var usbID: String
    public var driver: String
    public var usedBy: [String]
    /// Whether this user may read and write it.
    public var isAllowed: Bool
    public var group: String

    /// The name to write into settings.
    public var stableName: String { byID ?? byPath ?? device }
}

public enum PortList {
    static let mostPorts = 256

    /// All ports that can have something plugged in; consoles and empty on-board UARTs are left out.
    public static func read() -> [PortInfo] {
        guard let udev = udev_new() else { return [] }
        defer { udev_unref(udev) }
        guard let search = udev_enumerate_new(udev) else { return [] }
        defer { udev_enumerate_unref(search) }
        udev_enumerate_add_match_subsystem(search, "tty")
        guard udev_enumerate_scan_devices(search) >= 0 else { return [] }
        var ports: [PortInfo] = []
        var entry = udev_enumerate_get_list_entry(search)
        while let item = entry, ports.count < mostPorts {
            if let path = udev_list_entry_get_name(item), let device = udev_device_new_from_syspath(udev, path) {
                if let port = port(device) { ports.append(port) }
                udev_device_unref(device)
            }
            entry = udev_list_entry_get_next(item)
        }
        return ports.sorted { $0.device < $1.device }
    }

    static func port(_ device: OpaquePointer) -> PortInfo? {
        guard let node = udev_device_get_devnode(device).map({ String(cString: $0) }),
            let parent = udev_device_get_parent(device)
        else { return nil }
        let driver = text(udev_device_get_driver(parent))
        // Every PC has places for on-board ports that no chip fills: their type is 0.
        if text(udev_device_get_sysattr_value(device, "type")) == "0" { return nil }
        var (byID, byPath): (String?, String?)
        var link = udev_device_get_devlinks_list_entry(device)
        while let item = link {
            let name = text(udev_list_entry_get_name(item))
            if name.hasPrefix("/dev/serial/by-id/") { byID = name }
            if name.hasPrefix("/dev/serial/by-path/") { byPath = name }
            link = udev_list_entry_get_next(item)
        }
        func property(_ names: String...) -> String {
            for name in names {
                let value = text(udev_device_get_property_value(device, name))
                if !value.isEmpty { return value }
            }
            return ""
        }
        let (vendorID, productID) = (property("ID_VENDOR_ID"), property("ID_MODEL_ID"))
        return PortInfo(
            device: node, byID: byID, byPath: byPath,
            vendor: property("ID_VENDOR_FROM_DATABASE", "ID_VENDOR").replacing("_", by: " "),
            product: property("ID_MODEL", "ID_MODEL_FROM_DATABASE").replacing("_", by: " "),
            serial: property("ID_SERIAL_SHORT"), usbID: vendorID.isEmpty ? "" : "\(vendorID):\(productID)",
            driver: driver, usedBy: PortUsers.of(node), isAllowed: access(node, R_OK | W_OK) == 0, group: group(node))
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

    private static func group(_ path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { return "" }
        return getgrgid(status.st_gid).map { String(cString: $0.pointee.gr_name) } ?? "\(status.st_gid)"
    }
}

extension String {
    fileprivate func replacing(_ character: Character, by other: Character) -> String {
        String(map { $0 == character ? other : $0 })
    }
}
