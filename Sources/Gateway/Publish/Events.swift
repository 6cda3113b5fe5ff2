import System

/// Something that happened and that somebody may want to read about later.
public struct Event: Sendable {
    public var level: Log.Level
    /// `sensor`, `store`, `clock`, `supervision` ….
    public var part: String
    public var message: String
    /// The sensor, peer or room it was about.
    public var subject: String
    public var time: Int64 = 0
    public var unixTime: Int64 = 0
    public var number: UInt64 = 0

    public init(_ level: Log.Level, _ part: String, _ message: String, subject: String = "") {
        self.level = level
        self.part = part
        self.message = message
        self.subject = subject
    }
}

/// The newest events. What falls out is gone: the journal has it.
public struct EventLog: Sendable {
    public static let most = 1_000

    public private(set) var events: [Event] = []
    public private(set) var total: UInt64 = 0

    mutating func append(_ event: Event) -> Event {
        var event = event
        event.time = SystemClock.bootTime
        event.unixTime = SystemClock.unixTime
        event.number = total
        total += 1
        events.append(event)
        if events.count > EventLog.most + 100 { events.removeFirst(100) }
        return event
    }
}
