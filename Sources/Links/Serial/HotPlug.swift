import CUdev
import System

/// Tells when a serial port appears or goes. Where no udevd runs (containers) it stays silent, and ports are found again by
/// trying.
public final class HotPlug {
    public enum Event: Hashable, Sendable {
        /// All names of the port, `/dev/ttyUSB0` first.
        case plugged(names: [String])
        case unplugged(device: String)
    }

    private let udev: OpaquePointer
    private let monitor: OpaquePointer
    private let loop: Loop

    public init(loop: Loop, _ handler: @escaping (Event) -> Void) throws(SystemFailure) {
        guard let udev = udev_new() else { throw .last("udev_new") }
        guard let monitor = udev_monitor_new_from_netlink(udev, "udev") else {
            udev_unref(udev)
            throw .last("udev_monitor_new_from_netlink")
        }
        self.udev = udev
        self.monitor = monitor
        self.loop = loop
        guard udev_monitor_filter_add_match_subsystem_devtype(monitor, "tty", nil) >= 0,
            udev_monitor_enable_receiving(monitor) >= 0
        else { throw .last("udev_monitor_enable_receiving") }
        try loop.watch(udev_monitor_get_fd(monitor), .readable) { [monitor] _ in
            // The socket does not block; one turn takes what is there.
            while let device = udev_monitor_receive_device(monitor) {
                if let event = HotPlug.event(device) { handler(event) }
                udev_device_unref(device)
            }
        }
    }

    deinit {
        loop.unwatch(udev_monitor_get_fd(monitor))
        udev_monitor_unref(monitor)
        udev_unref(udev)
    }

    private static func event(_ device: OpaquePointer) -> Event? {
        guard let action = udev_device_get_action(device).map({ String(cString: $0) }),
            let node = udev_device_get_devnode(device).map({ String(cString: $0) })
        else { return nil }
        if action == "remove" { return .unplugged(device: node) }
        guard action == "add" || action == "change" else { return nil }
        var names = [node]
        var link = udev_device_get_devlinks_list_entry(device)
        while let item = link {
            if let name = udev_list_entry_get_name(item) { names.append(String(cString: name)) }
            link = udev_list_entry_get_next(item)
        }
        return .plugged(names: names)
    }
}
