import System

/// A part of the daemon that is started, may fail, and is stopped; confined to the loop of its supervisor. A failed one is
/// stopped and started again; what must outlive that is kept outside of it.
public protocol Component: AnyObject {
    var name: String { get }

    /// Begins to work. Throwing is failing at once; later failures go to `failed`, at most once a start.
    func start(failed: @escaping (Failure) -> Void) throws

    /// Ends the work and calls `done` once, soon. Called after a failure as well.
    func stop(done: @escaping () -> Void)
}

/// What a component asks for when it can go on no longer.
public struct Failure: Error, Sendable, CustomStringConvertible {
    public enum Wish: Hashable, Sendable {
        case restart
        /// The rest goes on without it; `status` and health say so.
        case giveUp
        /// What it needs is not part of this box, which is no fault.
        case absent
        case endProcess(status: Int32)
    }

    public var wish: Wish
    public var reason: String

    public init(_ wish: Wish = .restart, _ reason: String) {
        self.wish = wish
        self.reason = reason
    }

    /// Any other error asks for a restart.
    public init(_ error: any Error) { self = error as? Failure ?? Failure(.restart, "\(error)") }

    public var description: String { reason }
}

/// Where supervisors get their time from: a loop, or a test's own.
public protocol Scheduler: AnyObject {
    var bootTime: Int64 { get }
    func after(ms delay: Int64, _ action: @escaping () -> Void) -> TimerToken
    func cancel(_ token: TimerToken)
}

extension Loop: Scheduler {
    public var bootTime: Int64 { SystemClock.bootTime }
    public func after(ms delay: Int64, _ action: @escaping () -> Void) -> TimerToken {
        schedule(afterMs: delay, action)
    }
}
