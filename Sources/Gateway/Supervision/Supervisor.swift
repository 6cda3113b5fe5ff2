import System

/// Starts its children in order, restarts the ones that fail, and stops all of them in parallel.
public final class Supervisor: Component {
    public enum Strategy: Sendable {
        /// A child that fails is restarted alone.
        case oneForOne
        /// With a child that fails, those started after it are restarted too: they build on it.
        case restForOne
    }

    /// What happens when the budget is used up.
    public enum Exhaustion: Sendable {
        /// The supervisor itself fails, and its own supervisor decides.
        case escalate
        /// The child rests for the longest back-off and is tried again, for ever: for things outside of our control.
        case rest
    }

    public static let mostStaticChildren = 8

    /// How a child is, for `status`.
    public struct Report: Sendable {
        public enum State: String, Sendable { case running, restarting, resting, givenUp = "given up", absent, stopped }
        public var path: String
        public var state: State
        public var restarts: Int
        public var lastFailure: String?
        public var lastFailureAt: Int64?
    }

    private final class Child {
        let component: any Component
        var state = Report.State.stopped
        var restarts = 0
        var lastFailure: String?
        var lastFailureAt: Int64?
        var timer: TimerToken?
        /// Tells a failure of this start from a late one of an earlier start.
        var generation = 0
        init(_ component: any Component) { self.component = component }
    }

    public let name: String
    private let strategy: Strategy
    private let exhaustion: Exhaustion
    private let freshBudget: RestartBudget
    private var budget: RestartBudget
    private let scheduler: any Scheduler
    private var children: [Child] = []
    private var fail: ((Failure) -> Void)?
    private var running = false

    public init(
        name: String, _ strategy: Strategy, restarts: Int, seconds: Int64, exhaustion: Exhaustion = .escalate,
        scheduler: any Scheduler
    ) {
        self.name = name
        self.strategy = strategy
        self.exhaustion = exhaustion
        self.freshBudget = RestartBudget(restarts: restarts, seconds: seconds)
        self.budget = freshBudget
        self.scheduler = scheduler
    }

    /// Adds a child; one that comes while the others run is started at once.
    public func add(_ component: any Component) {
        let child = Child(component)
        children.append(child)
        if running { start(child) }
    }

    /// Stops a child and forgets it.
    public func remove(named name: String, done: @escaping () -> Void = {}) {
        guard let index = children.firstIndex(where: { $0.component.name == name }) else { return done() }
        let child = children.remove(at: index)
        halt(child, done: done)
    }

    public var childNames: [String] { children.map(\.component.name) }

    public func start(failed: @escaping (Failure) -> Void) throws {
        fail = failed
        running = true
        budget = freshBudget
        // A child that fails while starting may end the whole attempt.
        for child in children where running { start(child) }
    }

    public func stop(done: @escaping () -> Void) {
        running = false
        fail = nil
        stopAll(children, done: done)
    }

    /// Every leaf below, in the order of starting.
    public func reports(under path: String = "") -> [Report] {
        children.flatMap { child in
            let path = path.isEmpty ? child.component.name : "\(path)/\(child.component.name)"
            let own = Report(
                path: path, state: child.state, restarts: child.restarts, lastFailure: child.lastFailure,
                lastFailureAt: child.lastFailureAt)
            guard let supervisor = child.component as? Supervisor else { return [own] }
            return [own] + supervisor.reports(under: path)
        }
    }

    /// Makes the component at a path (`sensors/serial:…`) fail as if by itself, for tests. False where there is none.
    public func injectFailure(at path: [String], _ failure: Failure) -> Bool {
        guard let first = path.first, let child = children.first(where: { $0.component.name == first }) else {
            return false
        }
        if path.count > 1 {
            return (child.component as? Supervisor)?.injectFailure(at: Array(path.dropFirst()), failure) ?? false
        }
        failed(child, child.generation, failure)
        return true
    }

    private func start(_ child: Child) {
        child.generation += 1
        let generation = child.generation
        child.state = .running
        do {
            try child.component.start { [weak self, weak child] failure in
                guard let self, let child else { return }
                self.failed(child, generation, failure)
            }
        } catch {
            failed(child, generation, Failure(error))
        }
    }

    private func failed(_ child: Child, _ generation: Int, _ failure: Failure) {
        guard running, generation == child.generation, child.state == .running else { return }
        child.generation += 1
        child.lastFailure = failure.reason
        child.lastFailureAt = scheduler.bootTime
        if failure.wish == .absent {
            Log.info(name, "\(child.component.name): \(failure.reason)")
        } else {
            Log.warning(name, "\(child.component.name) failed: \(failure.reason)")
        }
        switch failure.wish {
        case .endProcess:
            halt(child) {}
            escalate(failure)
        case .giveUp, .absent:
            child.state = failure.wish == .absent ? .absent : .givenUp
            child.component.stop {}
        case .restart: restart(child)
        }
    }

    private func restart(_ child: Child) {
        switch budget.failed(at: scheduler.bootTime) {
        case .restart(let delay): revive(from: child, as: .restarting, afterMs: delay)
        case .exhausted:
            switch exhaustion {
            case .rest: revive(from: child, as: .resting, afterMs: budget.rest())
            case .escalate:
                halt(child) {}
                escalate(Failure(.restart, "\(child.component.name) failed too often: \(child.lastFailure ?? "")"))
            }
        }
    }

    private func revive(from child: Child, as state: Report.State, afterMs delay: Int64) {
        guard let index = children.firstIndex(where: { $0 === child }) else { return }
        let affected =
            strategy == .oneForOne ? [child] : children[index...].filter { $0.state != .givenUp && $0.state != .absent }
        child.restarts += 1
        for other in affected { other.generation += 1 }
        stopAll(Array(affected)) { [weak self] in
            guard let self, self.running else { return }
            for other in affected { other.state = state }
            child.timer = self.scheduler.after(ms: delay) { [weak self] in
                guard let self, self.running else { return }
                child.timer = nil
                for other in affected where other.state == state { self.start(other) }
            }
        }
    }

    private func escalate(_ failure: Failure) {
        running = false
        let fail = fail
        self.fail = nil
        fail?(failure)
    }

    private func halt(_ child: Child, done: @escaping () -> Void) {
        if let timer = child.timer { scheduler.cancel(timer) }
        child.timer = nil
        child.generation += 1
        let works = child.state == .running
        child.state = .stopped
        if works { child.component.stop(done: done) } else { done() }
    }

    private func stopAll(_ some: [Child], done: @escaping () -> Void) {
        var left = some.count
        if left == 0 { return done() }
        // In parallel, the last started first, so that nothing loses what it builds on before it was told.
        for child in some.reversed() {
            halt(child) {
                left -= 1
                if left == 0 { done() }
            }
        }
    }
}
