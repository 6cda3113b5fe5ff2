import Decoders

/// How a port's line is set.
public struct LineSettings: Hashable, Sendable {
    public enum Parity: String, Sendable, CaseIterable { case none, even, odd, mark, space }
    public enum Flow: String, Sendable, CaseIterable { case none, rtscts, xonxoff }

    public struct RS485: Hashable, Sendable {
        /// Level of RTS while sending; after it the other one.
        public var rtsWhileSending = true
        public var delayBeforeMs = 0
        public var delayAfterMs = 0
        public init() {}
    }

    public var baud: Int
    public var dataBits: Int
    public var parity: Parity
    public var stopBits: Int
    public var flow: Flow
    /// Nil leaves the line as the kernel's driver puts it at opening.
    public var dtr: Bool?
    public var rts: Bool?
    public var rs485: RS485?

    public init(
        baud: Int = 9600, dataBits: Int = 8, parity: Parity = .none, stopBits: Int = 1, flow: Flow = .none,
        dtr: Bool? = nil, rts: Bool? = nil, rs485: RS485? = nil
    ) {
        self.baud = baud
        self.dataBits = dataBits
        self.parity = parity
        self.stopBits = stopBits
        self.flow = flow
        self.dtr = dtr
        self.rts = rts
        self.rs485 = rs485
    }

    /// `9600 8N1`.
    public var short: String {
        let letter = parity.rawValue.prefix(1).uppercased()
        return "\(baud) \(dataBits)\(letter)\(stopBits)" + (flow == .none ? "" : " \(flow)")
    }
}

/// One sensor behind a port, as the settings say: what fills the list `serial:`.
public struct SerialSensorSettings: Hashable, Sendable {
    public var id: String
    public var name: String
    /// The name of its description; for Modbus required.
    public var decoder: String?
    /// Modbus only.
    public var unit: Int?

    public init(id: String, name: String? = nil, decoder: String? = nil, unit: Int? = nil) {
        self.id = id
        self.name = name ?? id
        self.decoder = decoder
        self.unit = unit
    }
}

/// A port and what speaks there.
public struct SerialPortSettings: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case nmea, dsmr, sml, modbus
        /// Frames or lines as the sensor's description says.
        case described = "decoder"
    }

    /// `/dev/serial/by-id/…`, else `/dev/serial/by-path/…`; a name like `/dev/ttyUSB0` may be another device tomorrow.
    public var port: String
    public var kind: Kind
    public var line: LineSettings
    /// One; for Modbus as many as there are units.
    public var sensors: [SerialSensorSettings]
    /// Without data for so long, the sensor is said to be silent.
    public var silenceSeconds: Int
    /// Modbus: how long an answer may take, and how often it is asked for again.
    public var answerMs: Int
    public var retries: Int
    /// DSMR before version 4 sends no checksum.
    public var unchecked: Bool

    public init(
        port: String, kind: Kind, line: LineSettings = LineSettings(), sensors: [SerialSensorSettings],
        silenceSeconds: Int = 30, answerMs: Int = 500, retries: Int = 2, unchecked: Bool = false
    ) {
        self.port = port
        self.kind = kind
        self.line = line
        self.sensors = sensors
        self.silenceSeconds = silenceSeconds
        self.answerMs = answerMs
        self.retries = retries
        self.unchecked = unchecked
    }

    /// True for a name that belongs to one device or one socket for good.
    public var isStable: Bool {
        !port.hasPrefix("/dev/tty") || ["/dev/ttyAMA", "/dev/ttyS"].contains { port.hasPrefix($0) }
    }
}

/// Why a port cannot be used as its settings say.
public struct SerialSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    public var port: String
    public var problem: String
    public var description: String { "\(port): \(problem)" }
}
