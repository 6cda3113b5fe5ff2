import Hashing

/// The first record of a run. Two runs that name the same predecessor mean a restored backup or a cloned card.
public struct RunOpen: Signable {
    public var gateway: GatewayID
    public var run: RunID
    /// One more than the previous run's; 0 for the first.
    public var ordinal: UInt64
    public var previousRun: RunID
    /// The hash of the last seal that the previous run left; zero where there is none.
    public var previousSeal: Bytes32
    public var boot: BootID
    /// When the run began, in its boot.
    public var opened: BootTime
    /// Hash over what names the machine: a clone on other hardware shows.
    public var hardware: Bytes32
    public var version: String

    public static let mostVersionBytes = 64

    public init(
        gateway: GatewayID, run: RunID, ordinal: UInt64, previousRun: RunID, previousSeal: Bytes32, boot: BootID,
        opened: BootTime, hardware: Bytes32, version: String
    ) {
        self.gateway = gateway
        self.run = run
        self.ordinal = ordinal
        self.previousRun = previousRun
        self.previousSeal = previousSeal
        self.boot = boot
        self.opened = opened
        self.hardware = hardware
        self.version = version.clipped(toUTF8: RunOpen.mostVersionBytes)
    }

    public static var purpose: StaticString { "run" }
    public var signer: Bytes32 { gateway }
    public var key: RunKey { RunKey(gateway: gateway, run: run) }

    public func encode(into writer: inout ByteWriter) {
        writer.identifier(gateway)
        writer.identifier(run)
        writer.varint(ordinal)
        writer.identifier(previousRun)
        writer.identifier(previousSeal)
        writer.identifier(boot)
        writer.fixed(opened)
        writer.identifier(hardware)
        writer.text(version)
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> RunOpen {
        RunOpen(
            gateway: try reader.identifier32("gateway"), run: try reader.identifier16(RunID.self, "run"),
            ordinal: try reader.varint("ordinal"), previousRun: try reader.identifier16(RunID.self, "previous run"),
            previousSeal: try reader.identifier32("previous seal"),
            boot: try reader.identifier16(BootID.self, "boot"), opened: try reader.fixed(BootTime.self, "opened"),
            hardware: try reader.identifier32("hardware"),
            version: try reader.text("version", most: mostVersionBytes))
    }
}
