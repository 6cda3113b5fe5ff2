import Measurements

/// Where the bytes of a frame come from; the first thing a description is matched by.
public enum FrameSource: Hashable, Sendable, CustomStringConvertible {
    case serviceData(BluetoothUUID)
    case manufacturer(UInt16)
    case characteristic(BluetoothUUID)
    /// A serial port; which description reads it is settled by the port's settings.
    case serial

    public var description: String {
        switch self {
        case .serviceData(let uuid): "service data \(uuid)"
        case .manufacturer(let company): "manufacturer 0x" + String(company, radix: 16)
        case .characteristic(let uuid): "characteristic \(uuid)"
        case .serial: "serial"
        }
    }

    var company: Int64 { if case .manufacturer(let company) = self { Int64(company) } else { 0 } }
}

/// What is known of a frame besides its bytes.
public struct FrameContext: Sendable {
    public var time: BootTime
    public var source: FrameSource
    /// The name the device advertises; empty where it gave none.
    public var name: String
    /// The device's 48-bit address, its first shown byte highest.
    public var address: UInt64
    /// The bind key of the device's settings, 16 bytes; empty where there is none.
    public var key: [UInt8]

    public init(time: BootTime, source: FrameSource, name: String = "", address: UInt64 = 0, key: [UInt8] = []) {
        self.time = time
        self.source = source
        self.name = name
        self.address = address
        self.key = key
    }
}

/// Why a frame that a description matched gave nothing.
public enum Refusal: String, Error, Sendable, CaseIterable {
    case tooShort = "too_short"
    case tooLong = "too_long"
    case checksum = "checksum_errors"
    case keyMissing = "key_missing"
    case wrongKey = "wrong_key"
    case malformedObjects = "malformed_objects"

    public var sentence: String {
        switch self {
        case .tooShort: "the frame ends before a value that its description promises"
        case .tooLong: "the frame is longer than \(Program.mostBytes) bytes"
        case .checksum: "the checksum does not fit"
        case .keyMissing: "the frame is encrypted and no key is set"
        case .wrongKey: "the frame is encrypted with another key, or was changed"
        case .malformedObjects: "an object is cut off or not of the length its kind has"
        }
    }
}

/// What came of a frame beside its readings.
public struct FrameOutcome: Hashable, Sendable {
    public var refusal: Refusal?
    /// The same in every copy of one packet, and another in the next packet.
    public var dedupe: Int64?
    /// Goes up with every new packet; a lower one is a replay.
    public var counter: Int64?
    /// Values that the device said it does not have.
    public var absent = 0
    /// Values outside their declared range.
    public var outOfRange = 0
    /// Objects the description does not know.
    public var unknownObjects = 0
    /// Values of a kind that came more often than was declared.
    public var surplus = 0

    public init() {}
}

/// What a library says to a frame.
public enum Decoding: Hashable, Sendable {
    /// `decoder` and `frame` are indices: of the library and of its description.
    case decoded(decoder: Int, frame: Int, FrameOutcome)
    case refused(decoder: Int, frame: Int, Refusal)
    /// No description is for this frame.
    case unknown
}
