import CSodium
import Glibc
import System

/// A passphrase, typed or from a file; never an argument, which everybody on the machine can read. Wiped when let go.
public final class Passphrase: @unchecked Sendable {  // because `bytes` is written in init only
    public static let leastBytes = 8
    public static let mostBytes = 1024

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case system(SystemFailure)
        case tooLong
        case cancelled
        case differ

        public var description: String {
            switch self {
            case .system(let failure): failure.description
            case .tooLong: "a passphrase has at most \(Passphrase.mostBytes) bytes"
            case .cancelled: "no passphrase was given"
            case .differ: "the two passphrases differ"
            }
        }
    }

    private var bytes: [UInt8]
    public var count: Int { bytes.count }

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    deinit { sodium_memzero(&bytes, bytes.count) }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { bytes.withUnsafeBytes(body) }

    /// The first line of a file.
    public static func read(from path: String) throws(Failure) -> Passphrase {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(.last("open", path)) }
        defer { close(descriptor) }
        var line: [UInt8] = []
        while let byte = try next(descriptor, path), byte != 10 {
            guard line.count < mostBytes else { throw .tooLong }
            line.append(byte)
        }
        if line.last == 13 { line.removeLast() }
        return Passphrase(line)
    }

    /// Asks at the terminal without showing what is typed; twice where a slip would lock something for ever.
    public static func ask(_ prompt: String, confirming: Bool) throws(Failure) -> Passphrase {
        let first = try typed(prompt)
        guard confirming else { return first }
        let second = try typed("Once more: ")
        guard first.bytes == second.bytes else { throw .differ }
        return first
    }

    private static func typed(_ prompt: String) throws(Failure) -> Passphrase {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else { throw .system(.last("open", "/dev/tty")) }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { throw .system(.last("tcgetattr", "/dev/tty")) }
        var quiet = before
        // Signals too: an interrupt must not leave a terminal that shows nothing.
        quiet.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(terminal, TCSAFLUSH, &quiet) == 0 else { throw .system(.last("tcsetattr", "/dev/tty")) }
        defer {
            tcsetattr(terminal, TCSAFLUSH, &before)
            write(terminal, "\n", 1)
        }
        write(terminal, prompt, prompt.utf8.count)
        var line: [UInt8] = []
        while let byte = try next(terminal, "/dev/tty") {
            switch byte {
            case 10, 13: return Passphrase(line)
            case 3, 4, 26, 28: throw .cancelled
            case 8, 127:
                // One character back: its continuation bytes too.
                while let last = line.popLast(), last & 0xC0 == 0x80 {}
            case 21: line = []
            default:
                guard line.count < mostBytes else { throw .tooLong }
                line.append(byte)
            }
        }
        throw .cancelled
    }

    private static func next(_ descriptor: Int32, _ path: String) throws(Failure) -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(descriptor, &byte, 1)
            if count == 1 { return byte }
            if count == 0 { return nil }
            if lastErrorCode != EINTR { throw .system(.last("read", path)) }
        }
    }
}
