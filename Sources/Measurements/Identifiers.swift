import Hashing

/// A gateway is its identity key.
public typealias GatewayID = Bytes32

/// 16 bytes that name something, compared as bytes are.
public protocol Identifier16: Hashable, Sendable, Comparable {
    var high: UInt64 { get }
    var low: UInt64 { get }
    init(high: UInt64, low: UInt64)
}

extension Identifier16 {
    public static var count: Int { 16 }

    /// Nil unless `bytes` are exactly 16.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        self.init(high: high, low: low)
    }

    public var bytes: [UInt8] {
        withUnsafeBytes(of: high.bigEndian) { Array($0) } + withUnsafeBytes(of: low.bigEndian) { Array($0) }
    }

    public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

/// One life of the daemon: 16 random bytes, drawn at its start.
public struct RunID: Identifier16 {
    public var high: UInt64
    public var low: UInt64

    /// What stands where there is no run before.
    public static let none = RunID(high: 0, low: 0)

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// One start of the machine, as its kernel names it: boot times of different boots do not compare.
public struct BootID: Identifier16 {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// One life of a hub's store: a hub restored from a backup draws a new one.
public struct StoreEpoch: Identifier16 {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A stream's number within its run; what it stands for is declared by a signed record of that run.
public typealias StreamNumber = UInt32

/// A sample's place in its stream and run; counts from 0 and is given at intake, before any queue.
public typealias SampleNumber = UInt64

/// One run of one gateway.
public struct RunKey: Hashable, Sendable, Comparable {
    public var gateway: GatewayID
    public var run: RunID

    public init(gateway: GatewayID, run: RunID) {
        self.gateway = gateway
        self.run = run
    }

    public static func < (left: RunKey, right: RunKey) -> Bool {
        (left.gateway, left.run) < (right.gateway, right.run)
    }
}

/// Where a stream is, in the whole world: never a time, never a counter that must survive.
public struct StreamKey: Hashable, Sendable, Comparable {
    public var gateway: GatewayID
    public var run: RunID
    public var stream: StreamNumber

    public init(gateway: GatewayID, run: RunID, stream: StreamNumber) {
        self.gateway = gateway
        self.run = run
        self.stream = stream
    }

    public init(_ key: RunKey, stream: StreamNumber) {
        self.init(gateway: key.gateway, run: key.run, stream: stream)
    }

    public var runKey: RunKey { RunKey(gateway: gateway, run: run) }

    public static func < (left: StreamKey, right: StreamKey) -> Bool {
        (left.gateway, left.run, left.stream) < (right.gateway, right.run, right.stream)
    }
}

/// CLOCK_BOOTTIME in nanoseconds, of one boot. Wall time is a mapping, made afterwards.
public typealias BootTime = Int64

/// Nanoseconds since 1970 in UTC, leap seconds not counted.
public typealias UnixTime = Int64
