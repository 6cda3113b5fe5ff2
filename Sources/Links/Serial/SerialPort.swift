import CLinux
import Glibc
import System

/// Why a port was not opened, or is lost.
public enum PortFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(String)
    case inUse(String, by: [String])
    case forbidden(String)
    case failed(SystemFailure)
    /// The name meant another device when the port was open than when it was looked up.
    case renumbered(String)

    public var description: String {
        switch self {
        case .missing(let port): "\(port) is not there (unplugged?)"
        case .inUse(let port, let users):
            "\(port) is in use" + (users.isEmpty ? " by another program" : " by \(users.joined(separator: ", "))")
        case .forbidden(let port): "no permission for \(port): the user must be in the group that owns it (dialout)"
        case .failed(let failure): "\(failure)"
        case .renumbered(let port): "\(port) changed its device while it was being opened"
        }
    }
}

/// An open serial port: locked, configured, without blocking.
public final class SerialPort {
    public let path: String
    /// The device behind the path when it was opened: `/dev/ttyUSB0`.
    public let device: String
    public let descriptor: Int32

    /// `path` may be a link; it must mean the same device before and after opening.
    public init(_ path: String, _ line: LineSettings) throws(PortFailure) {
        self.path = path
        device = SerialPort.resolved(path)
        descriptor = try SerialPort.open(path, line)
    }

    deinit { close(descriptor) }

    static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func open(_ path: String, _ line: LineSettings) throws(PortFailure) -> Int32 {
        var before = stat()
        guard stat(path, &before) == 0 else { throw failure(path, "stat") }
        let descriptor = bothy_open(path, O_RDWR | O_NOCTTY | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw failure(path, "open") }
        do throws(PortFailure) {
            try lock(descriptor, path)
            try verify(descriptor, path, before)
            try configure(descriptor, path, line)
        } catch {
            close(descriptor)
            throw error
        }
        // What the driver held from before the settings is of another speed.
        _ = bothy_serial_flush(descriptor)
        return descriptor
    }

    /// Both locks in use: the kernel's, which refuses to open again, and flock, which asks.
    private static func lock(_ descriptor: Int32, _ path: String) throws(PortFailure) {
        guard bothy_lock_exclusively(descriptor) == 0 else {
            if lastErrorCode == EWOULDBLOCK { throw .inUse(path, by: PortUsers.of(path)) }
            throw failure(path, "flock")
        }
        guard bothy_serial_exclusive(descriptor) == 0 else { throw failure(path, "TIOCEXCL") }
    }

    private static func verify(_ descriptor: Int32, _ path: String, _ before: stat) throws(PortFailure) {
        var (opened, after) = (stat(), stat())
        guard fstat(descriptor, &opened) == 0, stat(path, &after) == 0 else { throw failure(path, "fstat") }
        guard opened.st_rdev == before.st_rdev, opened.st_rdev == after.st_rdev else { throw .renumbered(path) }
    }

    private static func configure(_ descriptor: Int32, _ path: String, _ line: LineSettings) throws(PortFailure) {
        let parity: UInt8 =
            switch line.parity {
            case .none: UInt8(ascii: "N")
            case .even: UInt8(ascii: "E")
            case .odd: UInt8(ascii: "O")
            case .mark: UInt8(ascii: "M")
            case .space: UInt8(ascii: "S")
            }
        var settings = bothy_serial_line(
            baud: UInt32(clamping: line.baud), data_bits: UInt8(clamping: line.dataBits), parity: CChar(parity),
            stop_bits: UInt8(clamping: line.stopBits), flow: line.flow == .none ? 0 : line.flow == .rtscts ? 1 : 2)
        guard bothy_serial_configure(descriptor, &settings) == 0 else { throw failure(path, "TCSETS2") }
        var (set, clear): (UInt32, UInt32) = (0, 0)
        for (wish, bit) in [(line.dtr, UInt32(BOTHY_SERIAL_DTR)), (line.rts, UInt32(BOTHY_SERIAL_RTS))] {
            if wish == true { set |= bit }
            if wish == false { clear |= bit }
        }
        if set | clear != 0, bothy_serial_modem(descriptor, set, clear) != 0 { throw failure(path, "TIOCMSET") }
        guard let rs485 = line.rs485 else { return }
        let status = bothy_serial_rs485(
            descriptor, rs485.rtsWhileSending ? 1 : 0, UInt32(clamping: rs485.delayBeforeMs),
            UInt32(clamping: rs485.delayAfterMs))
        guard status == 0 else { throw failure(path, "TIOCSRS485") }
    }

    /// Changes the line's settings; what was received until now is forgotten.
    public func set(_ line: LineSettings) throws(PortFailure) {
        try SerialPort.configure(descriptor, path, line)
        _ = bothy_serial_flush(descriptor)
    }

    public enum Read { case bytes(Int), nothing, gone(PortFailure) }

    public func read(into buffer: UnsafeMutableRawBufferPointer) -> Read {
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 { return .bytes(count) }
        // A port whose device is gone reads as ended.
        if count == 0 { return .gone(.missing(path)) }
        switch lastErrorCode {
        case EAGAIN, EINTR: return .nothing
        case EIO, ENXIO, ENODEV: return .gone(.missing(path))
        default: return .gone(.failed(.last("read", path)))
        }
    }

    /// What the driver took at once; requests are short and its buffer is thousands of bytes.
    public func write(_ bytes: [UInt8]) throws(PortFailure) {
        let count = Glibc.write(descriptor, bytes, bytes.count)
        guard count != bytes.count else { return }
        if count >= 0 { throw .failed(SystemFailure(code: EAGAIN, call: "write", subject: path)) }
        throw SerialPort.failure(path, "write")
    }

    private static func failure(_ path: String, _ call: String) -> PortFailure {
        let failure = SystemFailure.last(call, path)
        switch failure.code {
        case ENOENT, ENODEV, ENXIO, EIO: return .missing(path)
        case EBUSY: return .inUse(path, by: PortUsers.of(path))
        case EACCES, EPERM: return .forbidden(path)
        default: return .failed(failure)
        }
    }
}
