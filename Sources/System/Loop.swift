import CLinux
import Glibc

/// One thread that waits for descriptors, timers and work handed to it. What is confined to a loop is touched only there;
/// `isCurrent` says whether one is there, and `post` is the way in from elsewhere.
public final class Loop: @unchecked Sendable {  // because all but `inbox` and `wake` is touched on its own thread only
    public struct Events: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let readable = Events(rawValue: 1)
        public static let writable = Events(rawValue: 2)
        /// Error or hang-up; reported whether asked for or not.
        public static let broken = Events(rawValue: 4)
    }

    private struct Watch {
        var events: Events
        /// Tells a watch from an earlier one of the same descriptor number, whose event may still be in hand.
        var generation: UInt64
        var handler: (Events) -> Void
    }

    private struct Inbox {
        var work: [@Sendable () -> Void] = []
        var stopped = false
    }

    public let name: String
    private let poller: Int32
    private let wake: Int32
    private let inbox = Locked(Inbox())
    private var thread: pthread_t?
    private var watches: [Int32: Watch] = [:]
    private var timers = TimerQueue()
    private var generation: UInt64 = 0

    public init(name: String) throws(SystemFailure) {
        self.name = name
        poller = bothy_poller_create()
        guard poller >= 0 else { throw SystemFailure.last("epoll_create1") }
        wake = bothy_eventfd()
        guard wake >= 0, bothy_poller_watch(poller, wake, Events.readable.rawValue, 0) == 0 else {
            throw SystemFailure.last("eventfd")
        }
    }

    deinit {
        close(poller)
        close(wake)
    }

    /// CLOCK_BOOTTIME, read when the loop last woke: one reading for all that happens in one turn.
    public private(set) var now: Int64 = SystemClock.bootTime

    public var isCurrent: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }

    /// Runs `work` on the loop, in the order of posting. Returns false once the loop has stopped: the work is dropped.
    @discardableResult
    public func post(_ work: @escaping @Sendable () -> Void) -> Bool {
        let first: Bool? = inbox.withLock { inbox in
            if inbox.stopped { return nil }
            inbox.work.append(work)
            return inbox.work.count == 1
        }
        guard let first else { return false }
        if first { signal() }
        return true
    }

    /// Calls `handler` whenever `descriptor` is one of `events`. The caller keeps owning the descriptor and calls
    /// `unwatch` before closing it.
    public func watch(_ descriptor: Int32, _ events: Events, _ handler: @escaping (Events) -> Void)
        throws(SystemFailure)
    {
        let known = watches[descriptor] != nil
        generation += 1
        watches[descriptor] = Watch(events: events, generation: generation, handler: handler)
        if bothy_poller_watch(poller, descriptor, events.rawValue, known ? 1 : 0) != 0 {
            watches[descriptor] = nil
            throw SystemFailure.last("epoll_ctl", "descriptor \(descriptor)")
        }
    }

    /// Changes which events are wanted, keeping the handler.
    public func rewatch(_ descriptor: Int32, _ events: Events) {
        guard var watch = watches[descriptor], watch.events != events else { return }
        watch.events = events
        watches[descriptor] = watch
        _ = bothy_poller_watch(poller, descriptor, events.rawValue, 1)
    }

    public func unwatch(_ descriptor: Int32) {
        guard watches.removeValue(forKey: descriptor) != nil else { return }
        _ = bothy_poller_watch(poller, descriptor, 0, 1)
    }

    /// Calls `action` once, at `deadline` (boot time) or soon after.
    @discardableResult
    public func schedule(at deadline: Int64, _ action: @escaping () -> Void) -> TimerToken {
        timers.insert(at: deadline, action)
    }

    @discardableResult
    public func schedule(afterMs delay: Int64, _ action: @escaping () -> Void) -> TimerToken {
        schedule(at: SystemClock.bootTime + delay * 1_000_000, action)
    }

    /// Calls `action` every `interval`, from one interval on, until its token is cancelled. A late turn is not made up for.
    @discardableResult
    public func repeating(everyMs interval: Int64, _ action: @escaping () -> Void) -> TimerToken {
        timers.insert(at: SystemClock.bootTime + interval * 1_000_000, every: interval * 1_000_000, action)
    }

    public func cancel(_ token: TimerToken) { timers.cancel(token) }

    /// Runs until `stop`; the calling thread is the loop's from here on.
    public func run() {
        thread = pthread_self()
        _ = bothy_thread_name(name)
        while turn() {}
        // What was posted before the stop was promised to run.
        runInbox()
        watches.removeAll()
        timers.removeAll()
    }

    /// Ends `run` after the work posted so far.
    public func stop() {
        inbox.withLock { $0.stopped = true }
        signal()
    }

    /// Starts a thread that runs the loop; returns when it runs.
    public func start() {
        let begun = Semaphore()
        Thread.start(name: name) {
            self.post { begun.signal() }
            self.run()
        }
        begun.wait()
    }

    private func turn() -> Bool {
        var ready = (0..<64).map { _ in bothy_ready() }
        let stopping = inbox.withLock { $0.stopped }
        if stopping { return false }
        let count = bothy_poller_wait(poller, &ready, 64, timers.timeoutMs(now: SystemClock.bootTime))
        now = SystemClock.bootTime
        let turnGeneration = generation
        for index in 0..<max(0, Int(count)) {
            let descriptor = ready[index].descriptor
            if descriptor == wake {
                var value: UInt64 = 0
                _ = read(wake, &value, 8)
                continue
            }
            // A watch made during this turn is not the one this event was for.
            guard let watch = watches[descriptor], watch.generation <= turnGeneration else { continue }
            watch.handler(Events(rawValue: ready[index].events))
        }
        runInbox()
        while let action = timers.due(now: now) { action() }
        return true
    }

    private func runInbox() {
        let work = inbox.withLock { inbox in
            let work = inbox.work
            inbox.work = []
            return work
        }
        for item in work { item() }
    }

    private func signal() {
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
    }
}
