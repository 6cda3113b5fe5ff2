import Measurements

/// A way in: a radio, a serial port, a simulator. It lives on one loop; every call either way happens there.
public protocol Link: AnyObject {
    /// Unique among the links of a gateway: `serial:/dev/serial/by-id/…`, `ble:hci0`, `simulated`.
    var name: String { get }

    /// Begins to listen. A failure that may pass is reported later through `owner.linkFailed`; one that cannot, at once.
    func start(owner: any LinkOwner) throws

    /// Lets go of every descriptor and timer; nothing is called on the owner afterwards.
    func stop()

    /// What it has counted since it was made, by a stable snake_case name: `frames`, `checksum_errors`, `torn_frames` ….
    var counters: [(name: String, value: UInt64)] { get }
}

/// Whom a link reports to: the gateway's intake.
public protocol LinkOwner: AnyObject {
    /// Makes a sensor known; must come before its first readings. Declaring it again with other attributes replaces what
    /// was known. Nil where the sensor is refused (disabled, forgotten, or too many).
    func declare(_ sensor: SensorDeclaration, from link: any Link) -> SensorHandle?

    /// Takes the readings. One call a frame, a datagram or a read, never one a value.
    func deliver(_ readings: Readings, from sensor: SensorHandle)

    /// Something arrived for this sensor that is not a value: a bad checksum, a torn frame, a refused counter. Counted by
    /// `kind` (snake_case); `detail` is shown for the newest of its kind.
    func fault(_ kind: StaticString, detail: @autoclosure () -> String, sensor: SensorHandle)

    /// The sensor said what time it is: Unix nanoseconds at a boot time, within an error.
    func clockAnchor(unixTime: Int64, at bootTime: BootTime, errorNs: Int64, sensor: SensorHandle)

    /// One line about how the sensor is: `connected`, `no data for 12 s`, ….
    func state(_ text: String, healthy: Bool, sensor: SensorHandle)

    /// The link itself broke and will deliver nothing more; its supervisor decides what happens now.
    func linkFailed(_ link: any Link, _ error: any Error)
}

/// The intake's name for a declared sensor, for as long as the daemon runs.
public struct SensorHandle: Hashable, Sendable {
    public var index: Int
    public init(index: Int) { self.index = index }
}
