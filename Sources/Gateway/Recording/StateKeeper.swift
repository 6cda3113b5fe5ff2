import Store
import System

/// The precious state, written on a thread of its own so that nothing waits for the disk.
public final class StateKeeper: @unchecked Sendable {  // because `state` is touched on `loop` only
    private let loop: Loop
    private var state: State?
    public let path: String
    private let trouble = Locked<String?>(nil)

    init(path: String, migrations: [MigrationSeries], loop: Loop) throws {
        self.path = path
        self.loop = loop
        try onLoop { self.state = try State.open(at: path, migrations) }
    }

    /// The last write that failed, until one succeeds.
    public var lastTrouble: String? { trouble.withLock { $0 } }

    /// How the file was found at the start.
    public var condition: State.Condition? { try? onLoop { self.state?.condition } }

    /// Does something with the state and waits for it. For the start, and for threads that may wait.
    public func now<Result: Sendable>(_ body: @escaping @Sendable (State) throws -> Result) throws -> Result {
        try onLoop {
            guard let state = self.state else { throw Failure(.restart, "\(self.path) is closed") }
            return try body(state)
        }
    }

    /// Writes soon; a failure is told and shown in `status`.
    public func later(_ what: String, _ body: @escaping @Sendable (State) throws -> Void) {
        loop.post { [self] in
            guard let state else { return }
            do {
                try body(state)
                trouble.withLock { $0 = nil }
            } catch {
                trouble.withLock { $0 = "could not \(what): \(error)" }
                Log.error("store", "could not \(what): \(error)")
            }
        }
    }

    /// The state, for code that is on the disk's thread already.
    func here() throws -> State {
        precondition(loop.isCurrent, "the state is touched on the disk's thread only")
        guard let state else { throw Failure(.restart, "\(path) is closed") }
        return state
    }

    private func onLoop<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result {
        try loop.wait(for: body)
    }
}
