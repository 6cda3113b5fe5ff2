import CBluetooth
import System

/// How this process comes by what only the privileged may open.
public protocol RadioAccess: AnyObject {
    /// A management socket; the caller owns it.
    func openManagement(repliesOnly: Bool) throws -> Int32
    /// Resets the hardware behind `hci<index>`: its USB device, its radio switch. Returns at once.
    func resetHardware(index: UInt16)
    /// For people: who opens them.
    var name: String { get }
}

/// Opens the sockets itself: for a process that has CAP_NET_ADMIN.
public final class DirectRadio: RadioAccess {
    public init() {}
    public var name: String { "own sockets" }

    public func openManagement(repliesOnly: Bool) throws -> Int32 {
        let descriptor = bothy_mgmt_open(repliesOnly ? 1 : 0)
        guard descriptor >= 0 else { throw SystemFailure.last("bind", "Bluetooth management channel") }
        return descriptor
    }

    public func resetHardware(index: UInt16) {
        Log.notice("bluetooth", "hci\(index): no helper to reset its hardware")
    }
}
