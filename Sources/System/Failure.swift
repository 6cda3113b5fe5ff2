import Glibc

/// A call into the system that failed. This file alone reads `errno`.
public struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var code: Int32
    /// `open`, `bind` …
    public var call: String
    /// The path, address or device it was about.
    public var subject: String

    public init(code: Int32, call: String, subject: String = "") {
        self.code = code
        self.call = call
        self.subject = subject
    }

    /// What the system says of the last call that failed on this thread.
    public static func last(_ call: String, _ subject: String = "") -> SystemFailure {
        SystemFailure(code: errno, call: call, subject: subject)
    }

    public var reason: String { String(cString: strerror(code)) }
    public var description: String { "\(subject.isEmpty ? call : subject): \(reason) (\(call))" }
}

/// The code of the last call that failed on this thread, for the few places that decide by it.
public var lastErrorCode: Int32 { errno }
