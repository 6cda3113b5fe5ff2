/// Keeping SQLite's log short.
extension Ring {
    /// What one write may add to the log at most: a commit, its records, and every open pack.
    private static let mostLogBytesOfWrite = 2 << 20

    /// Writes the log back when it is long enough to be worth it. What stands in the way are readers; they have until
    /// the log is at its limit.
    func writeBackIfDue() throws(StoreError) {
        guard log.bytes >= shares.checkpointBytes else { return }
        let done = try database.checkpoint(.passive)
        state.counters.checkpoints += 1
        if done.complete { state.counters.pagesWrittenBack += UInt64(done.framesInLog) }
    }

    /// The log must take one more write without passing its limit.
    func makeRoomInLog() throws(StoreError) {
        let room = min(Ring.mostLogBytesOfWrite, shares.logBytes - shares.checkpointBytes)
        guard log.bytes + room > shares.logBytes else { return }
        if try database.checkpoint(.passive).complete, !readers.areReading {
            // The next write begins it anew by itself, unless a reader comes first.
            if try startLogAnew() { return }
        }
        state.counters.readersCancelled += UInt64(readers.cancelAll())
        guard try startLogAnew() else {
            throw StoreError(
                cause: .busy, statement: "checkpoint", path: path, message: "readers hold the log at its limit")
        }
    }

    private func startLogAnew() throws(StoreError) -> Bool {
        guard try database.checkpoint(.restart).complete else { return false }
        log.beganAnew()
        return true
    }
}
