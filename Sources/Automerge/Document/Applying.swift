/// What became of changes that were brought in.
public struct Applied: Sendable {
    /// Those that took effect, in order; among them such as had waited for others.
    public var applied: [ChangeHash] = []
    /// How many of those handed in wait for others now.
    public var queued = 0
    /// Changes that had waited and proved to be wrong once what they waited for was here. They are dropped.
    public var refused: [(change: ChangeHash, error: AutomergeError)] = []
}

extension Document {
    /// Brings in changes, in any order; those already here are passed over, and those that depend on missing ones wait.
    /// If one of them is wrong, none takes effect.
    @discardableResult
    public mutating func apply(_ changes: [Change]) throws(AutomergeError) -> Applied {
        let mark = store.mark
        let oldQueue = queue
        var run = ApplyRun()
        do throws(AutomergeError) {
            for change in changes { try accept(change, &run) }
        } catch {
            store.rewind(to: mark)
            queue = oldQueue
            throw error
        }
        return run.result
    }

    @discardableResult
    public mutating func apply(_ change: Change) throws(AutomergeError) -> Applied { try apply([change]) }

    private struct ApplyRun: ~Copyable {
        var reader = ChangeReader()
        var writer = ChangeWriter()
        var result = Applied()
    }

    private mutating func accept(_ change: Change, _ run: inout ApplyRun) throws(AutomergeError) {
        guard !contains(change.hash), !queue.contains(change.hash) else { return }
        let missing = change.dependencies.filter { !contains($0) }
        guard missing.isEmpty else {
            try queue.add(change, missing: missing, limits)
            run.result.queued += 1
            return
        }
        try store.apply(change, &run.reader, &run.writer)
        run.result.applied.append(change.hash)
        if !queue.isEmpty { release(waitersOf: change, &run) }
    }

    /// Applies what waited for a change, and what waited for that.
    private mutating func release(waitersOf change: Change, _ run: inout ApplyRun) {
        var ready = queue.waiters(for: change.hash)
        while let next = ready.popLast() {
            guard next.dependencies.allSatisfy({ contains($0) }), queue.contains(next.hash) else { continue }
            queue.remove(next)
            do throws(AutomergeError) {
                try store.apply(next, &run.reader, &run.writer)
                run.result.applied.append(next.hash)
                ready += queue.waiters(for: next.hash)
            } catch {
                run.result.refused.append((next.hash, error))
            }
        }
    }
}
