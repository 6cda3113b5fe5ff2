import Glibc

/// Lines about what happens, for people and for the journal. Any thread may log; a line is written at once.
public enum Log {
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
        public var name: String { "\(self)" }
    }

    public enum Form: String, Sendable, CaseIterable { case text, journal, json }

    /// A line before it was given a form.
    public struct Line: Sendable {
        public var level: Level
        /// Which part speaks: `sensors`, `store`, `peering` ….
        public var part: String
        public var message: String
        public var fields: [(name: String, value: String)]
        public var unixTime: Int64
    }

    private struct State {
        var form: Form
        var least: Level = .info
        var write: @Sendable (Line, Form) -> Void
    }

    private static let state = Locked(
        State(form: .text, write: { line, form in LogWriter.write(LogWriter.render(line, form)) }))

    public static func configure(form: Form, least: Level) {
        state.withLock {
            $0.form = form
            $0.least = least
        }
    }

    /// Where lines go instead of standard error.
    public static func redirect(to write: @escaping @Sendable (Line, Form) -> Void) {
        state.withLock { $0.write = write }
    }

    public static func log(
        _ level: Level, _ part: String, _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> [(name: String, value: String)] = []
    ) {
        let (form, write): (Form, (@Sendable (Line, Form) -> Void)?) = state.withLock {
            ($0.form, level <= $0.least ? $0.write : nil)
        }
        write?(
            Line(level: level, part: part, message: message(), fields: fields(), unixTime: SystemClock.unixTime), form)
    }

    public static func error(_ part: String, _ message: @autoclosure () -> String) { log(.error, part, message()) }
    public static func warning(_ part: String, _ message: @autoclosure () -> String) { log(.warning, part, message()) }
    public static func notice(_ part: String, _ message: @autoclosure () -> String) { log(.notice, part, message()) }
    public static func info(_ part: String, _ message: @autoclosure () -> String) { log(.info, part, message()) }
    public static func debug(_ part: String, _ message: @autoclosure () -> String) { log(.debug, part, message()) }
}
