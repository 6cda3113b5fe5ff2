import Hashing

/// A gateway is its identity key.
public typealias GatewayID = Bytes32

/// One life of the daemon: 16 random bytes, drawn at its start.
public struct RunID: Hashable, Sendable, Comparable {
    public var high: UInt64
    public var low: UInt64

    public static let count = 16

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Nil unless `bytes` are exactly 16.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == RunID.count else { return nil }
        (high, low) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
    }

    public var bytes: [UInt8] {
        withUnsafeBytes(of: high.bigEndian) { Array($0) } + withUnsafeBytes(of: low.bigEndian) { Array($0) }
    }

    public static func < (left: RunID, right: RunID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

/// A stream's number within its run; what it stands for is declared by a signed record of that run.
public typealias StreamNumber = UInt32

/// A sample's place in its stream and run; counts from 0 and is given at intake, before any queue.
public typealias SampleNumber = UInt64

/// Where a stream is, in the whole world: never a time, never a counter that must survive.
public struct StreamKey: Hashable, Sendable {
    public var gateway: GatewayID
    public var run: RunID
    public var stream: StreamNumber

    public init(gateway: GatewayID, run: RunID, stream: StreamNumber) {
        self.gateway = gateway
        self.run = run
        self.stream = stream
    }
}

/// CLOCK_BOOTTIME in nanoseconds, of one boot. Wall time is a mapping, made afterwards.
public typealias BootTime = Int64
