import CLinux
import Glibc

/// Where a command's words go: data on standard output, messages on standard error.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    static var columns: Int {
        let known = Int(bothy_terminal_columns(1))
        return known > 0 ? known : 100
    }

    static var usesColour: Bool {
        isTerminal(1) && getenv("NO_COLOR") == nil && environment("TERM") != "dumb"
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static func print(_ text: String) { write(1, text.hasSuffix("\n") ? text : text + "\n") }
    static func raw(_ text: String) { write(1, text) }
    static func raw(_ descriptor: Int32, _ text: String) { write(descriptor, text) }
    static func message(_ text: String) { write(2, text.hasSuffix("\n") ? text : text + "\n") }

    /// False once nobody reads any more (a closed pipe), which ends a stream quietly.
    @discardableResult
    static func write(_ descriptor: Int32, bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { write(descriptor, $0) }
    }

    @discardableResult
    private static func write(_ descriptor: Int32, _ text: String) -> Bool {
        var text = text
        return text.withUTF8 { write(descriptor, UnsafeRawBufferPointer($0)) }
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + at, bytes.count - at)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            at += count
        }
        return true
    }

    /// Asks on the terminal; nil where there is none to ask on.
    static func ask(_ question: String) -> String? {
        guard isTerminal(0) else { return nil }
        message(question)
        return readLine(strippingNewline: true)
    }
}

enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"

    func callAsFunction(_ text: String) -> String {
        Terminal.usesColour ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text
    }
}
