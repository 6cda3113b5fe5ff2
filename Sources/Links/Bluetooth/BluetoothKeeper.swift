/// Where a Bluetooth link keeps what must outlive it: keys of paired devices, which nobody else may read, and what devices
/// have, which spares asking again.
public protocol BluetoothKeeper: AnyObject {
    /// As stored by `store(bonds:)`.
    var bonds: [[UInt8]] { get }
    /// Replaces all; on disk when it returns.
    func store(bonds: [[UInt8]]) throws
    /// The key of an encrypted beacon, where one was set by hand.
    func key(of address: BluetoothAddress) -> [UInt8]?
    /// On disk when it returns; nil forgets it.
    func store(key: [UInt8]?, of address: BluetoothAddress) throws
    func database(of address: BluetoothAddress) -> [UInt8]?
    /// May be lost.
    func store(database: [UInt8], of address: BluetoothAddress)
}

/// Keeps nothing beyond the process.
public final class ForgetfulKeeper: BluetoothKeeper {
    public private(set) var bonds: [[UInt8]] = []
    private var databases: [BluetoothAddress: [UInt8]] = [:]
    public init() {}
    private var keys: [BluetoothAddress: [UInt8]] = [:]
    public func store(bonds: [[UInt8]]) { self.bonds = bonds }
    public func key(of address: BluetoothAddress) -> [UInt8]? { keys[address] }
    public func store(key: [UInt8]?, of address: BluetoothAddress) { keys[address] = key }
    public func database(of address: BluetoothAddress) -> [UInt8]? { databases[address] }
    public func store(database: [UInt8], of address: BluetoothAddress) { databases[address] = database }
}
