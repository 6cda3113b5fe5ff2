/// The loop whose answer is waited for has ended.
public struct LoopEnded: Error, CustomStringConvertible {
    public let description = "the thread that should have done it has ended"
}

extension Loop {
    /// Runs `body` on this loop while the calling thread waits. For the start, and for threads that may wait; never from
    /// the loop itself.
    public func wait<Result: Sendable>(for body: @escaping @Sendable () throws -> Result) throws -> Result {
        precondition(!isCurrent, "a loop would wait for itself")
        let result = Locked<Swift.Result<Result, any Error>?>(nil)
        let done = Semaphore()
        let posted = post {
            let outcome = Swift.Result { try body() }
            result.withLock { $0 = outcome }
            done.signal()
        }
        guard posted else { throw LoopEnded() }
        done.wait()
        guard let outcome = result.withLock({ $0 }) else { throw LoopEnded() }
        return try outcome.get()
    }
}
