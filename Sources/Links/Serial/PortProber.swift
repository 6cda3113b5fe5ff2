import Decoders
import Glibc
import System

/// Runs a probe on a real port, on the calling thread: a command's work, not the daemon's.
public enum PortProber {
    /// Listens until something is recognised or time is up. Sends nothing and leaves DTR and RTS alone.
    public static func listen(
        _ path: String, library: DecoderLibrary, seconds: Int, progress: (String) -> Void = { _ in }
    ) throws(PortFailure) -> PortProbe.Finding? {
        let port = try SerialPort(path, LineSettings(baud: PortProbe.speeds[0]))
        var probe = PortProbe(library: library, now: SystemClock.bootTime, seconds: seconds)
        var directives = probe.handle(.started, now: SystemClock.bootTime)
        var wake = SystemClock.bootTime
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            for directive in directives {
                switch directive {
                case .listen(let baud, let sevenEven):
                    try port.set(line(baud, sevenEven: sevenEven))
                    progress("listening at \(baud) baud\(sevenEven ? ", seven bits, even parity" : "")")
                case .wake(let time): wake = time
                case .finished(let finding): return finding
                }
            }
            let count = try read(port, &buffer, until: wake)
            let now = SystemClock.bootTime
            directives =
                count > 0
                ? buffer.withUnsafeBytes {
                    probe.handle(.received(UnsafeRawBufferPointer(rebasing: $0[..<count])), now: now)
                }
                : probe.handle(.woken, now: now)
        }
    }

    /// Asks for Modbus units: only after the user has agreed to `ModbusProbe.explanation`.
    public static func askModbus(_ path: String, progress: (String) -> Void = { _ in }) throws(PortFailure)
        -> [ModbusProbe.Attempt]
    {
        let port = try SerialPort(path, LineSettings(baud: ModbusProbe.speeds[0]))
        var probe = ModbusProbe()
        var directives = probe.start(now: SystemClock.bootTime)
        var wake = SystemClock.bootTime
        var buffer = [UInt8](repeating: 0, count: 512)
        while true {
            for directive in directives {
                switch directive {
                case .listen(let baud, let isEven):
                    try port.set(LineSettings(baud: baud, parity: isEven ? .even : .none))
                    progress("asking at \(baud) baud, \(isEven ? "even" : "no") parity")
                case .send(let bytes): try port.write(bytes)
                case .wake(let time): wake = time
                case .finished(let found): return found
                }
            }
            let count = try read(port, &buffer, until: wake)
            let now = SystemClock.bootTime
            directives =
                count > 0
                ? buffer.withUnsafeBytes { probe.receive(UnsafeRawBufferPointer(rebasing: $0[..<count]), now: now) }
                : now >= wake ? probe.wake(now: now) : []
        }
    }

    private static func line(_ baud: Int, sevenEven: Bool) -> LineSettings {
        sevenEven ? LineSettings(baud: baud, dataBits: 7, parity: .even) : LineSettings(baud: baud)
    }

    /// Waits for bytes at most until a time; 0 when it has come.
    private static func read(_ port: SerialPort, _ buffer: inout [UInt8], until wake: Int64) throws(PortFailure) -> Int
    {
        let left = max(0, wake - SystemClock.bootTime) / 1_000_000 + 1
        var watched = pollfd(fd: port.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, Int32(clamping: left)) > 0 else { return 0 }
        switch buffer.withUnsafeMutableBytes({ port.read(into: $0) }) {
        case .bytes(let count): return count
        case .nothing: return 0
        case .gone(let failure): throw failure
        }
    }
}
