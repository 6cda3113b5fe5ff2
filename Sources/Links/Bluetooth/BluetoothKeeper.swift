/// Where a Bluetooth link keeps what must outlive it: keys of paired devices, which nobody else may read, and what devices
/// have, which spares asking again.
public protocol BluetoothKeeper: AnyObject {
    /// As stored by `store(bonds:)`.
    var bonds: [[UInt8]] { get }
    /// Replaces all; on disk when it returns.
    func store(bonds: [[UInt8]]) throws
    func database(of address: BluetoothAddress) -> [UInt8]?
    /// May be lost.
    func store(database: [UInt8], of address: BluetoothAddress)
}

/// Keeps nothing beyond the process.
public final class ForgetfulKeeper: BluetoothKeeper {
    public private(set) var bonds: [[UInt8]] = []
    private var databases: [BluetoothAddress: [UInt8]] = [:]
    public init() {}
    public func store(bonds: [[UInt8]]) { self.bonds = bonds }
    public func database(of address: BluetoothAddress) -> [UInt8]? { databases[address] }
    public func store(database: [UInt8], of address: BluetoothAddress) { databases[address] = database }
}
